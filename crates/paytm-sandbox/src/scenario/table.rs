//! The table of scenarios: the one place to add one.

use super::{
    Answer, Answers, Bank, Behaviour, Breakage, Customer, Effect, Lie, Notice, RefundFate,
    RefundNotices, Scenario, Seal,
};
use crate::clock::{HOUR, MINUTE, SECOND};
use crate::code;

const AT_ONCE: Customer = Customer::PaysAfter(0);

const FORGED: Notice = Notice { delay: 0, lie: Some(Lie::Success), seal: Seal::Wrong };

const LOST_ONCE: Answers = &[Answer::Broken(Breakage::HangUp, Effect::Done), Answer::Honest];

/// Two broken answers, then honest ones.
macro_rules! twice {
    ($breakage:ident, $effect:ident) => {
        &[
            Answer::Broken(Breakage::$breakage, Effect::$effect),
            Answer::Broken(Breakage::$breakage, Effect::$effect),
            Answer::Honest,
        ]
    };
}

/// `number name { what differs from Behaviour::NORMAL } summary;`
macro_rules! scenarios {
    ($(
        $number:literal $name:literal { $($part:ident: $value:expr),* $(,)? } $summary:literal;
    )+) => {
        /// Every scenario, by number; the first is the normal one.
        pub static SCENARIOS: [Scenario; [$($number),+].len()] = [$(
            Scenario {
                number: $number,
                name: $name,
                summary: $summary,
                behaviour: Behaviour { $($part: $value,)* ..Behaviour::NORMAL },
            }
        ),+];
    };
}

scenarios! {
    0 "normal" {}
        "A Paytm on a good day: a person pays or leaves, every message comes once and is true.";
    1 "auto-success" { customer: AT_ONCE }
        "The payment succeeds by itself the moment the order is initiated; no person needed.";
    2 "auto-decline" { customer: AT_ONCE, bank: Bank::Declines(code::DECLINED) }
        "The payment is declined by itself (227) the moment the order is initiated.";
    3 "auto-success-on-status" { customer: Customer::PaysOnStatus }
        "The payment succeeds by itself when the merchant first asks for the status.";
    4 "auto-success-10s" { customer: Customer::PaysAfter(10 * SECOND) }
        "The payment succeeds by itself ten seconds after the order was initiated.";
    5 "auto-cancel" { customer: Customer::Leaves }
        "The customer gives up (141) the moment the order is initiated.";
    6 "auto-pending" { customer: AT_ONCE, bank: Bank::Silent }
        "The payment is attempted by itself at once and stays PENDING for ever.";
    7 "auto-late-success" { customer: AT_ONCE, bank: Bank::Ponders(MINUTE, code::SUCCESS) }
        "The payment is attempted by itself at once and succeeds a minute later.";
    8 "declined" { bank: Bank::Declines(code::DECLINED) }
        "The bank declines whatever the customer tries (227).";
    9 "low-balance" { bank: Bank::Declines(code::LOW_BALANCE) }
        "The wallet never has enough (235).";
    10 "cancelled" { bank: Bank::Declines(code::NOT_COMPLETED) }
        "The attempt ends as if the customer had left (141).";
    11 "wrong-vpa" { bank: Bank::Declines(code::WRONG_VPA) }
        "The UPI address is refused (295).";
    12 "bank-down" { bank: Bank::Declines(code::BANK_TROUBLE) }
        "The bank cannot be reached (296).";
    13 "unknown-code" { bank: Bank::Declines(code::UNHEARD_OF) }
        "The payment fails with a code that no table lists (9876).";
    14 "pending-forever" { bank: Bank::Silent }
        "The payment stays PENDING for ever.";
    15 "pending-72h" { bank: Bank::Ponders(72 * HOUR, code::DECLINED) }
        "The payment stays PENDING for 72 hours, then fails.";
    16 "late-success" { bank: Bank::Ponders(MINUTE, code::SUCCESS) }
        "The payment is PENDING for a minute, then succeeds.";
    17 "late-success-1h" { bank: Bank::Ponders(HOUR, code::SUCCESS) }
        "The payment is PENDING for an hour, then succeeds.";
    18 "late-success-24h" { bank: Bank::Ponders(24 * HOUR, code::SUCCESS) }
        "The payment is PENDING for a day, then succeeds.";
    19 "late-failure" { bank: Bank::Ponders(MINUTE, code::DECLINED) }
        "The payment is PENDING for a minute, then fails (227).";
    20 "success-after-failure" { bank: Bank::ChangesItsMind(MINUTE) }
        "The payment fails (227) and, a minute later, turns out to have succeeded.";
    21 "initiate-slow" { initiate_answers: &[Answer::Slow] }
        "initiateTransaction answers slowly.";
    22 "initiate-5xx" { initiate_answers: twice!(ServerError, Skipped) }
        "The first two calls of initiateTransaction get HTTP 503 and do nothing.";
    23 "initiate-garbage" { initiate_answers: twice!(Html, Skipped) }
        "The first two calls of initiateTransaction get a page of HTML and do nothing.";
    24 "initiate-empty" { initiate_answers: twice!(Empty, Skipped) }
        "The first two calls of initiateTransaction get an empty body and do nothing.";
    25 "initiate-huge" { initiate_answers: twice!(Huge, Skipped) }
        "The first two calls of initiateTransaction get ten megabytes and do nothing.";
    26 "initiate-reset" { initiate_answers: twice!(Reset, Skipped) }
        "The first two calls of initiateTransaction get a connection reset and do nothing.";
    27 "initiate-dropped" {
        customer: AT_ONCE,
        initiate_answers: &[Answer::Broken(Breakage::HangUp, Effect::Done), Answer::Honest],
    }
        "The order is created and paid by itself, but the first answer of initiateTransaction is \
         lost.";
    28 "initiate-wrong-checksum" { initiate_answers: &[Answer::Sealed(Seal::Wrong)] }
        "initiateTransaction answers with a wrong checksum.";
    29 "webhook-before-answer" { customer: AT_ONCE, initiate_answers: &[Answer::Slow] }
        "The payment succeeds and is notified before initiateTransaction answers.";
    30 "status-slow" { status_answers: &[Answer::Slow] }
        "The order status answers slowly.";
    31 "status-5xx" { status_answers: twice!(ServerError, Done) }
        "The first two calls of the order status get HTTP 503.";
    32 "status-garbage" { status_answers: twice!(Html, Done) }
        "The first two calls of the order status get a page of HTML.";
    33 "status-empty" { status_answers: twice!(Empty, Done) }
        "The first two calls of the order status get an empty body.";
    34 "status-huge" { status_answers: twice!(Huge, Done) }
        "The first two calls of the order status get ten megabytes.";
    35 "status-reset" { status_answers: twice!(Reset, Done) }
        "The first two calls of the order status get a connection reset.";
    36 "status-dropped" { status_answers: twice!(HangUp, Done) }
        "The first two calls of the order status get no reply.";
    37 "status-wrong-amount" { status_answers: &[Answer::Lying(Lie::Amount)] }
        "The order status says one rupee too much.";
    38 "status-wrong-mid" { status_answers: &[Answer::Lying(Lie::Mid)] }
        "The order status speaks of another merchant.";
    39 "status-wrong-order" { status_answers: &[Answer::Lying(Lie::OrderId)] }
        "The order status speaks of another order.";
    40 "status-wrong-checksum" { status_answers: &[Answer::Sealed(Seal::Wrong)] }
        "The order status has a wrong checksum.";
    41 "status-no-checksum" { status_answers: &[Answer::Sealed(Seal::Missing)] }
        "The order status has no checksum.";
    42 "status-contradicts" { status_answers: &[Answer::Honest, Answer::Lying(Lie::Failure)] }
        "The order status tells the truth once, then says TXN_FAILURE.";
    43 "status-forgets" {
        status_answers: &[Answer::Lying(Lie::Unknown), Answer::Lying(Lie::Unknown), Answer::Honest],
    }
        "The first two calls of the order status say that the order is unknown (334).";
    44 "webhook-missing" { notices: &[] }
        "No notification of the payment is sent.";
    45 "webhook-twice" { notices: &[Notice::TRUE, Notice::TRUE] }
        "The notification of the payment is sent twice.";
    46 "webhook-late" { notices: &[Notice { delay: MINUTE, ..Notice::TRUE }] }
        "The notification of the payment comes a minute late.";
    47 "webhook-reordered" {
        notices: &[Notice::TRUE, Notice { delay: SECOND,
        lie: Some(Lie::Pending), ..Notice::TRUE }],
    }
        "After the notification of the end comes an older one that says PENDING.";
    48 "webhook-contradicts" {
        notices: &[Notice::TRUE, Notice { delay: SECOND,
        lie: Some(Lie::Failure), ..Notice::TRUE }],
    }
        "After the true notification comes one that says TXN_FAILURE.";
    49 "webhook-wrong-amount" { notices: &[Notice { lie: Some(Lie::Amount), ..Notice::TRUE }] }
        "The notification says one rupee too much.";
    50 "webhook-wrong-checksum" { notices: &[Notice { seal: Seal::Wrong, ..Notice::TRUE }] }
        "The notification has a wrong checksum.";
    51 "webhook-forged" { bank: Bank::Declines(code::DECLINED), notices: &[FORGED] }
        "The payment is declined; a notification with a wrong checksum says TXN_SUCCESS.";
    52 "callback-forged" { bank: Bank::Declines(code::DECLINED), callback: FORGED }
        "The payment is declined; the browser brings a callback with a wrong checksum that says \
         TXN_SUCCESS.";
    53 "callback-lies" {
        bank: Bank::Declines(code::DECLINED),
        callback: Notice { lie: Some(Lie::Success), ..Notice::TRUE },
    }
        "The payment is declined; the browser brings a well signed callback that says TXN_SUCCESS.";
    54 "refund-refused" { refund: RefundFate::Refused(code::REFUND_INVALID) }
        "A refund is refused at once (600).";
    55 "refund-unfunded" { refund: RefundFate::Unfunded }
        "A refund is taken (601), then rejected: the merchant has no funds (620).";
    56 "refund-fails-at-bank" { refund: RefundFate::FailsAtBank }
        "A refund is taken and accepted (601), then fails at the bank (600).";
    57 "refund-slow" { refund: RefundFate::CreditedAfter(HOUR) }
        "A refund is credited an hour after it was asked for.";
    58 "refund-pending-forever" { refund: RefundFate::Pending }
        "A refund stays at 601 for ever.";
    59 "refund-dropped" {
        refund_answers: &[Answer::Broken(Breakage::HangUp, Effect::Done), Answer::Honest],
    }
        "A refund is made, but the first answer is lost.";
    60 "refund-reset" { refund_answers: twice!(Reset, Skipped) }
        "The first two refund calls get a connection reset and do nothing.";
    61 "refund-5xx" { refund_answers: twice!(ServerError, Skipped) }
        "The first two refund calls get HTTP 503 and do nothing.";
    62 "refund-garbage" {
        refund_answers: &[Answer::Broken(Breakage::Html, Effect::Done), Answer::Honest],
    }
        "A refund is made, but the first answer is a page of HTML.";
    63 "refund-wrong-checksum" { refund_answers: &[Answer::Sealed(Seal::Wrong)] }
        "The answer to a refund has a wrong checksum.";
    64 "refund-answers-slowly" { refund_answers: &[Answer::Slow] }
        "The refund call answers slowly.";
    65 "refund-status-5xx" { refund_status_answers: twice!(ServerError, Done) }
        "The first two calls of the refund status get HTTP 503.";
    66 "refund-status-wrong-amount" { refund_status_answers: &[Answer::Lying(Lie::Amount)] }
        "The refund status says one rupee too much.";
    67 "refund-webhooks-reordered" { refund_notices: RefundNotices::Reordered }
        "The notification of the credit comes before the one of the acceptance.";
    68 "refund-webhooks-twice" { refund_notices: RefundNotices::Twice }
        "Both notifications of a refund come twice.";
    69 "refund-webhooks-missing" { refund_notices: RefundNotices::Missing }
        "No notification of a refund is sent.";
    70 "flaky" {
        initiate_answers: LOST_ONCE,
        status_answers: LOST_ONCE,
        refund_answers: LOST_ONCE,
        refund_status_answers: LOST_ONCE,
    }
        "The first answer of every endpoint is lost, after the call was carried out.";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::SCENARIOS;

    #[test]
    fn names_and_numbers_are_used_once_and_in_order() {
        let names: BTreeSet<_> = SCENARIOS.iter().map(|scenario| scenario.name).collect();
        assert_eq!(names.len(), SCENARIOS.len());
        for (position, scenario) in SCENARIOS.iter().enumerate() {
            assert_eq!(usize::from(scenario.number), position, "{}", scenario.name);
        }
        assert_eq!(SCENARIOS[0].name, "normal");
    }
}
