//! Runs the tables of `decide` about a sale with a single attempt, and about refunds.

use dwar_domain::command::Command;
use dwar_domain::limits::{GIVE_BACK_ATTEMPTS, REFUNDS_PER_PAYMENT};
use dwar_domain::payment::LateSuccessPolicy::{GiveBack, Promote};

use crate::fixtures::{SALE, attempt_id, refund_id};
use crate::matrix::{COLUMNS, Start, check, hundred};
use crate::table::Table;

const OPEN: [&str; 2] = ["accept", "initiated: redirect"];

/// A history that goes on from an open sale.
fn after_opening(rest: &[&'static str]) -> Vec<&'static str> {
    OPEN.iter().chain(rest).copied().collect()
}

fn once(name: &'static str, history: &[&'static str]) -> Start {
    Start::new(name, hundred(GiveBack, 1), history)
}

fn captured(name: &'static str, rest: &[&'static str]) -> Start {
    once(name, &after_opening(&[&["answered: paid"], rest].concat()))
}

fn late(name: &'static str, rest: &[&'static str]) -> Start {
    once(name, &after_opening(&[&["answered: failed", "answered: paid"], rest].concat()))
}

fn sales() -> Vec<Start> {
    let declined = after_opening(&["answered: failed"]);
    vec![
        once("absent", &[]),
        once("initiating", &["accept"]),
        once("awaiting", &OPEN),
        captured("captured", &[]),
        once("declined", &declined),
        Start::new("declined, promotes", hundred(Promote, 1), &declined),
        late("paid late", &[]),
    ]
}

#[test]
fn sales_follow_their_table() {
    let commands = [
        "accept",
        "accept, other body",
        "initiated: redirect",
        "initiated: refused",
        "initiated: no answer",
        "hint",
        "answered: paid",
        "answered: failed",
        "answered: pending",
        "answered: no answer",
        "answered: mismatch",
        "answered last: paid",
        "answered last: failed",
        "answered last: no answer",
        "limit, too early",
        "limit",
        "retry",
        "give up",
        "refund all",
        "sending",
        "refund answered: refunded",
        "retry give-back",
    ];
    check(include_str!("../tables/sale.txt"), &sales(), &commands);
}

#[test]
fn refunds_follow_their_table() {
    let sent = ["refund 40.00", "sending"];
    let pending = ["refund 40.00", "sending", "refund answered: pending"];
    let refunded = ["refund 40.00", "sending", "refund answered: refunded"];
    let declined = ["refund 40.00", "sending", "refund answered: refused"];
    let named = ["refund 40.00", "sending", "refund answered: pending as R"];
    let second_waits = ["refund 40.00", "sending", "refund 10.00"];
    let mut last_try = late("late, last try sent", &["sending"]);
    for attempt in 2..=GIVE_BACK_ATTEMPTS {
        last_try.live("refund answered: refused");
        last_try.live("retry give-back");
        last_try = last_try.about(usize::try_from(attempt).unwrap());
        last_try.live("sending");
    }
    let starts = [
        captured("queued", &["refund 40.00"]),
        captured("queued behind", &second_waits).about(2),
        captured("sent", &sent),
        captured("sent, second waits", &second_waits),
        captured("pending", &pending),
        captured("pending as R", &named),
        captured("refunded", &refunded),
        captured("declined", &declined),
        captured("too large", &["refund 100.01"]),
        late("late queued", &[]),
        late("late sent", &["sending"]),
        late("late pending", &["sending", "refund answered: pending"]),
        late("late refunded", &["sending", "refund answered: refunded"]),
        late("late declined", &["sending", "refund answered: refused"]),
        last_try,
    ];
    let commands = [
        "sending",
        "refund answered: pending",
        "refund answered: pending as R",
        "refund answered: refunded",
        "refund answered: refused",
        "refund answered: not found",
        "refund answered: busy",
        "refund answered: no answer",
        "refund answered: mismatch",
        "retry give-back",
    ];
    check(include_str!("../tables/refund.txt"), &starts, &commands);
}

#[test]
fn refund_requests_follow_their_table() {
    let sent = ["refund 40.00", "sending"];
    let refunded = ["refund 40.00", "sending", "refund answered: refunded"];
    let declined = ["refund 40.00", "sending", "refund answered: refused"];
    let all_refunded = ["refund all", "sending", "refund answered: refunded"];
    let mut full = captured("1000 refunds", &[]);
    for _ in 0..REFUNDS_PER_PAYMENT {
        full.live("refund 100.01");
    }
    let mut starts = sales();
    starts.extend([
        captured("40.00 queued", &["refund 40.00"]),
        captured("40.00 sent", &sent),
        captured("40.00 refunded", &refunded),
        captured("40.00 declined", &declined),
        captured("all queued", &["refund all"]),
        captured("all refunded", &all_refunded),
        full,
    ]);
    let commands = [
        "refund all",
        "refund all as first",
        "refund 60.00",
        "refund 60.01",
        "refund 100.00",
        "refund 100.01",
        "refund 0.00",
        "refund 5.00 USD",
    ];
    check(include_str!("../tables/refund_request.txt"), &starts, &commands);
}

/// A new command must get its column in the first table: this no longer compiles without it.
#[test]
fn every_command_is_in_the_table_of_sales() {
    let text = include_str!("../tables/sale.txt");
    let start = once("initiating", &["accept"]);
    let mut kinds: Vec<&str> = Table::read(text, &COLUMNS)
        .rows
        .iter()
        .map(|row| match start.command(&row[1]) {
            Command::AcceptSale { .. } => "accept sale",
            Command::SaleInitiated { .. } => "sale initiated",
            Command::ProviderHint(_) => "hint",
            Command::SaleAnswered { .. } => "sale answered",
            Command::LimitReached => "limit",
            Command::RetrySale(_) => "retry",
            Command::GiveUp => "give up",
            Command::AcceptRefund(_) => "accept refund",
            Command::RefundSending(_) => "refund sending",
            Command::RefundAnswered { .. } => "refund answered",
            Command::RetryGiveBack { .. } => "retry give-back",
        })
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds.len(), 11, "{kinds:?}");
}

/// The fixtures' operations have no jitter, or the tables' times would be odd.
#[test]
fn fixtures_draw_no_jitter() {
    assert_eq!(SALE.0 % 200, 0);
    assert_eq!(attempt_id(3).0 % 200, 0);
    assert_eq!(refund_id(7).0 % 200, 0);
}
