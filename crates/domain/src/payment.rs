//! A payment: what the merchant asked for, the attempts at its sale and its refunds.

use serde::{Deserialize, Serialize};

use crate::code::Code;
use crate::id::{OperationId, PaymentKey, ProviderReference, RequestId};
use crate::limits::RETRY_LEAD;
use crate::money::Amount;
use crate::provider::{Receipt, Redirect};
use crate::refund::{Refund, RefundOrigin, RefundState};
use crate::time::{Millis, Timestamp};

/// A payment as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Its project, id and lane.
    pub key: PaymentKey,
    /// How many events it has had; rises by each.
    pub version: u32,
    /// What was agreed when the sale was accepted.
    pub terms: Terms,
    /// The sale: of several attempts the newest, which counts.
    pub sale: Sale,
    /// The attempts before it, oldest first. Each was declined before the next began.
    pub earlier: Vec<Sale>,
    /// All refunds, oldest first.
    pub refunds: Vec<Refund>,
}

/// What was agreed when the sale was accepted; never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// As asked.
    pub amount: Amount,
    /// The same in the project's settlement currency, at the rate of the day of the sale.
    pub converted: Amount,
    /// The merchant's words about the payment.
    pub description: Option<String>,
    /// Who pays.
    pub customer: Customer,
    /// Where and whether to tell the merchant.
    pub callback: CallbackPreference,
    /// Where the customer goes after the provider.
    pub return_urls: ReturnUrls,
    /// What happens to money that comes after the decline.
    pub late_success: LateSuccessPolicy,
    /// When the payment is declined unless it has ended.
    pub limit_at: Timestamp,
    /// How often the customer may try to pay; at least once.
    #[serde(default = "one")]
    pub attempts: u32,
    /// A digest of what was asked, to tell a repeated request from a different one.
    pub request_digest: u64,
}

/// The attempts of payments that were stored before there could be more.
const fn one() -> u32 {
    1
}

/// The paying person, as the merchant names them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Customer {
    /// The merchant's id.
    pub id: String,
    /// IPv4 or IPv6.
    pub ip_address: Option<String>,
    /// Digits.
    pub phone: Option<String>,
    /// As given.
    pub email: Option<String>,
    /// As given.
    pub first_name: Option<String>,
    /// As given.
    pub last_name: Option<String>,
}

/// Where and whether the merchant is told.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CallbackPreference {
    /// Instead of the project's address.
    pub url: Option<String>,
    /// Wait before the first try, in seconds, at most 600.
    pub delay_seconds: u32,
    /// No informational callbacks; those that tell the merchant to act are sent all the same.
    pub disabled: bool,
}

/// Where the customer is sent after the provider.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ReturnUrls {
    /// After a success.
    pub success: Option<String>,
    /// After a decline.
    pub decline: Option<String>,
    /// When the customer gave up, or nothing is known yet.
    pub unknown: Option<String>,
}

/// What happens to money that the provider took although the payment had been declined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LateSuccessPolicy {
    /// It is given back to the customer.
    GiveBack,
    /// The payment becomes a success.
    Promote,
}

/// An attempt at the sale of a payment: one operation, and one order at the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sale {
    /// Its number on the wire.
    pub id: OperationId,
    /// Which attempt it is, from 1.
    pub attempt: u32,
    /// The request that asked for it.
    pub request: RequestId,
    /// Our name for it at the provider (`orderId`), the same at every try.
    pub reference: ProviderReference,
    /// When it was accepted.
    pub created: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
    /// Whether the last question before the limit has been answered, or has failed.
    pub last_question_asked: bool,
    /// What is true of it now.
    pub state: SaleState,
}

/// Where a sale stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SaleState {
    /// Accepted; the provider has not confirmed the order yet.
    Initiating,
    /// The customer may pay there.
    AwaitingRedirect(Redirect),
    /// Paid.
    Captured(Receipt),
    /// Declined by the provider, and the customer may try again.
    AwaitingRetry {
        /// Why.
        code: Code,
        /// The provider's id of the transaction, where it made one.
        transaction_id: Option<String>,
    },
    /// Declined.
    Declined {
        /// Why.
        code: Code,
        /// The provider's id of the transaction, where it made one.
        transaction_id: Option<String>,
    },
    /// Declined, and paid afterwards: the money is on the suspense account until it has gone
    /// back.
    DeclinedThenPaid {
        /// Why it had been declined.
        code: Code,
        /// The late success.
        receipt: Receipt,
    },
}

impl SaleState {
    /// Whether the payment may still be paid: nothing has ended it.
    pub const fn is_open(&self) -> bool {
        match self {
            Self::Initiating | Self::AwaitingRedirect(_) | Self::AwaitingRetry { .. } => true,
            Self::Captured(_) | Self::Declined { .. } | Self::DeclinedThenPaid { .. } => false,
        }
    }

    /// Whether the provider has the customer's money, or had it.
    pub const fn is_paid(&self) -> bool {
        match self {
            Self::Captured(_) | Self::DeclinedThenPaid { .. } => true,
            Self::Initiating
            | Self::AwaitingRedirect(_)
            | Self::AwaitingRetry { .. }
            | Self::Declined { .. } => false,
        }
    }
}

/// The status of a payment on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PaymentStatus {
    /// The platform works on it.
    Processing,
    /// The customer has to pay, or is paying.
    AwaitingRedirectResult,
    /// An attempt failed, and the customer may try again.
    AwaitingCustomer,
    /// Paid.
    Success,
    /// Not paid.
    Decline,
    /// Paid, and a part given back.
    PartiallyRefunded,
    /// Paid, and all given back.
    Refunded,
}

impl PaymentStatus {
    /// Every status.
    pub const ALL: [Self; 7] = [
        Self::Processing,
        Self::AwaitingRedirectResult,
        Self::AwaitingCustomer,
        Self::Success,
        Self::Decline,
        Self::PartiallyRefunded,
        Self::Refunded,
    ];

    /// The word for it, on the wire and in the store (spec/ecommpay §4.1).
    pub const fn name(self) -> &'static str {
        match self {
            Self::Processing => "processing",
            Self::AwaitingRedirectResult => "awaiting redirect result",
            Self::AwaitingCustomer => "awaiting customer",
            Self::Success => "success",
            Self::Decline => "decline",
            Self::PartiallyRefunded => "partially refunded",
            Self::Refunded => "refunded",
        }
    }
}

/// How much of a payment is where, in minor units of its currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Balance {
    /// Taken from the customer.
    pub captured: i64,
    /// Given back.
    pub refunded: i64,
    /// Reserved for refunds that have not ended.
    pub refunding: i64,
}

impl Balance {
    /// What may still be given back.
    pub const fn remaining(self) -> i64 {
        self.captured.saturating_sub(self.refunded).saturating_sub(self.refunding)
    }

    /// Invariant I2: never more on its way back than was taken.
    pub const fn holds(self) -> bool {
        self.refunded >= 0 && self.refunding >= 0 && self.remaining() >= 0
    }
}

impl Payment {
    /// Every attempt at the sale, oldest first.
    pub fn sales(&self) -> impl Iterator<Item = &Sale> {
        self.earlier.iter().chain([&self.sale])
    }

    /// The attempt with this number.
    pub fn attempt(&self, id: OperationId) -> Option<&Sale> {
        self.sales().find(|sale| sale.id == id)
    }

    /// The request that made the payment.
    pub fn request(&self) -> &RequestId {
        &self.earlier.first().unwrap_or(&self.sale).request
    }

    /// When the payment was accepted.
    pub fn created(&self) -> Timestamp {
        self.earlier.first().unwrap_or(&self.sale).created
    }

    /// Until when a new attempt may begin after one that failed.
    pub const fn retry_until(&self) -> Timestamp {
        self.terms.limit_at.plus(Millis(RETRY_LEAD.0.saturating_neg()))
    }

    /// Captured, refunded and reserved sums of all attempts, folded from the operations.
    pub fn balance(&self) -> Balance {
        self.sales().fold(Balance::default(), |sum, sale| {
            let more = self.balance_of(sale);
            Balance {
                captured: sum.captured.saturating_add(more.captured),
                refunded: sum.refunded.saturating_add(more.refunded),
                refunding: sum.refunding.saturating_add(more.refunding),
            }
        })
    }

    /// The same of one attempt.
    pub fn balance_of(&self, sale: &Sale) -> Balance {
        let captured = if sale.state.is_paid() { self.terms.amount.minor() } else { 0 };
        let mut balance = Balance { captured, ..Balance::default() };
        for refund in self.refunds_of(sale.id) {
            let minor = refund.amount.minor();
            match refund.state {
                RefundState::Queued | RefundState::Sent { .. } | RefundState::Pending { .. } => {
                    balance.refunding = balance.refunding.saturating_add(minor);
                }
                RefundState::Refunded { .. } => {
                    balance.refunded = balance.refunded.saturating_add(minor);
                }
                RefundState::Declined { .. } => {}
            }
        }
        balance
    }

    /// The status that merchants see. It follows from the operations alone.
    pub fn status(&self) -> PaymentStatus {
        match self.sale.state {
            SaleState::Initiating => PaymentStatus::Processing,
            SaleState::AwaitingRedirect(_) => PaymentStatus::AwaitingRedirectResult,
            SaleState::AwaitingRetry { .. } => PaymentStatus::AwaitingCustomer,
            SaleState::Declined { .. } | SaleState::DeclinedThenPaid { .. } => {
                PaymentStatus::Decline
            }
            SaleState::Captured(_) => {
                let balance = self.balance_of(&self.sale);
                if balance.refunded == 0 {
                    PaymentStatus::Success
                } else if balance.refunded < balance.captured {
                    PaymentStatus::PartiallyRefunded
                } else {
                    PaymentStatus::Refunded
                }
            }
        }
    }

    /// When anything of it last changed.
    pub fn updated(&self) -> Timestamp {
        let sales = self.sales().map(|sale| sale.updated);
        let refunds = self.refunds.iter().map(|refund| refund.updated);
        sales.chain(refunds).fold(self.sale.updated, Ord::max)
    }

    /// The refund with this number.
    pub fn refund(&self, id: OperationId) -> Option<&Refund> {
        self.refunds.iter().find(|refund| refund.id == id)
    }

    /// The refunds of one attempt's money, oldest first.
    pub fn refunds_of(&self, sale: OperationId) -> impl Iterator<Item = &Refund> {
        self.refunds.iter().filter(move |refund| refund.sale == sale)
    }

    /// What was converted of refunds that are not declined, in settlement minor units.
    pub fn converted_given_back(&self) -> i64 {
        self.refunds_of(self.sale.id)
            .filter(|refund| !matches!(refund.state, RefundState::Declined { .. }))
            .fold(0, |sum, refund| sum.saturating_add(refund.converted.minor()))
    }

    /// How often giving back an attempt's late money was tried.
    pub fn give_back_attempts(&self, sale: OperationId) -> u32 {
        let late = |refund: &&Refund| refund.origin == RefundOrigin::LateSuccess;
        u32::try_from(self.refunds_of(sale).filter(late).count()).unwrap_or(u32::MAX)
    }

    /// Whether nothing of it is left to happen (apart from late news from the provider).
    pub fn is_settled(&self) -> bool {
        let is_over = |sale: &Sale| match sale.state {
            SaleState::Initiating
            | SaleState::AwaitingRedirect(_)
            | SaleState::AwaitingRetry { .. } => false,
            SaleState::Captured(_) | SaleState::Declined { .. } => true,
            SaleState::DeclinedThenPaid { .. } => {
                let balance = self.balance_of(sale);
                balance.refunded == balance.captured
            }
        };
        self.sales().all(is_over) && self.refunds.iter().all(|refund| refund.state.is_final())
    }
}
