//! Every bound of the rules in one place, with its unit and its reason.

use crate::time::Millis;

/// Lanes that all payments are spread over. Fixed for the life of an installation.
pub const LANES: u16 = 1024;

/// Smallest sale by default: ₹1.00 (the method's document).
pub const SALE_MINOR_MIN: i64 = 100;

/// Largest sale by default: ₹9,999,999.99 (the method's document).
pub const SALE_MINOR_MAX: i64 = 999_999_999;

/// Time a customer has by default before the automatic decline.
pub const LIMIT_TIME: Millis = Millis::minutes(15);

/// How long before the limit time the provider is asked the last question.
pub const LAST_QUESTION_LEAD: Millis = Millis::seconds(3);

/// The last question's time when it could not be asked in time (a restart past the limit), short
/// enough that the decline is at most 250 ms late.
pub const OVERDUE_QUESTION: Millis = Millis(150);

/// Attempts at one sale on Payment Page by default: a mistake, another way to pay, one to spare.
pub const PAGE_ATTEMPTS: u32 = 3;

/// Attempts at one sale that a project can allow at most.
pub const SALE_ATTEMPTS_MAX: u32 = 10;

/// How long before the limit time no new attempt begins: nobody pays at the provider in less.
pub const RETRY_LEAD: Millis = Millis::seconds(30);

/// How long a payment is asked after at the provider: Paytm itself asks the bank for 72 hours.
pub const QUESTIONS_FOR: Millis = Millis::hours(73);

/// Refunds of one payment, all states counted.
pub const REFUNDS_PER_PAYMENT: usize = 1_000;

/// Tries to give back money that came after the decline, before an operator must look.
pub const GIVE_BACK_ATTEMPTS: u32 = 20;

/// Longest order or refund reference that Paytm takes, in bytes.
pub const PROVIDER_REFERENCE_BYTES: usize = 50;
