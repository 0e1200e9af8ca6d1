//! Runs the tables of `decide` about a sale with several attempts: what becomes of the newest,
//! and what becomes of those before it.

use dwar_domain::code::Code;
use dwar_domain::payment::LateSuccessPolicy::{GiveBack, Promote};

use crate::matrix::{Start, check, hundred};
use crate::table::{Table, aligned};

const FAILED: [&str; 3] = ["accept", "initiated: redirect", "answered: failed"];

/// A history that goes on from a failed attempt.
fn after_failure(rest: &[&'static str]) -> Vec<&'static str> {
    FAILED.iter().chain(rest).copied().collect()
}

fn thrice(name: &'static str, history: &[&'static str]) -> Start {
    Start::new(name, hundred(GiveBack, 3), history)
}

fn failed(name: &'static str, rest: &[&'static str]) -> Start {
    thrice(name, &after_failure(rest))
}

fn failed_promotes(name: &'static str, rest: &[&'static str]) -> Start {
    Start::new(name, hundred(Promote, 3), &after_failure(rest))
}

/// Payments whose newest attempt has been through everything.
fn newest() -> Vec<Start> {
    let second_fails = ["retry", "initiated: redirect", "answered: failed"];
    let third_awaits = [&second_fails[..], &["retry", "initiated: redirect"]].concat();
    vec![
        thrice("initiating", &["accept"]),
        thrice("awaiting", &["accept", "initiated: redirect"]),
        failed("failed", &[]),
        failed_promotes("failed, promotes", &[]),
        thrice("refused", &["accept", "initiated: provider down"]),
        failed("second initiating", &["retry"]),
        failed("second awaiting", &["retry", "initiated: redirect"]),
        failed("second failed", &second_fails),
        failed("third awaiting", &third_awaits),
        failed("second captured", &["retry", "initiated: redirect", "answered: paid"]),
        failed("gave up", &["give up"]),
    ]
}

#[test]
fn newest_attempts_follow_their_table() {
    let commands = [
        "accept",
        "initiated: redirect",
        "initiated: refused",
        "initiated: provider down",
        "initiated: no answer",
        "hint",
        "answered: paid",
        "answered: failed",
        "answered: failed, too late",
        "answered: failed for good",
        "answered: pending",
        "answered: no answer",
        "answered last: paid",
        "answered last: failed",
        "answered last: no answer",
        "limit, too early",
        "limit",
        "retry",
        "retry, just in time",
        "retry, too late",
        "give up",
        "refund all",
        "sending",
        "refund answered: refunded",
        "retry give-back",
    ];
    check(include_str!("../tables/retry.txt"), &newest(), &commands);
}

/// Payments whose first attempt was followed by another one.
fn followed() -> Vec<Start> {
    let second = |rest: &[&'static str]| [&["retry", "initiated: redirect"], rest].concat();
    let paid_late = |rest: &[&'static str]| second(&[&["first: answered: paid"], rest].concat());
    vec![
        failed("second initiating", &["retry"]),
        failed("second awaiting", &second(&[])),
        failed("second failed", &second(&["answered: failed"])),
        failed("second captured", &second(&["answered: paid"])),
        failed("second gave up", &second(&["answered: failed", "give up"])),
        failed_promotes("second gave up, promotes", &second(&["answered: failed", "give up"])),
        failed("late, second awaiting", &paid_late(&[])),
        failed("late, second failed", &paid_late(&["answered: failed"])),
        failed("late, second captured", &paid_late(&["answered: paid"])),
        failed("late sent, second captured", &paid_late(&["sending", "answered: paid"])),
        failed(
            "late refused, second captured",
            &paid_late(&["answered: paid", "sending", "refund answered: refused"]),
        ),
        failed(
            "both late, first sent",
            &paid_late(&["sending", "answered: failed", "give up", "answered: paid"]),
        ),
    ]
}

#[test]
fn earlier_attempts_follow_their_table() {
    let commands = [
        "first: initiated: redirect",
        "first: initiated: provider down",
        "first: initiated: no answer",
        "first: hint",
        "first: answered: paid",
        "first: answered: failed",
        "first: answered: pending",
        "first: answered: no answer",
        "first: answered: mismatch",
        "first: answered last: paid",
        "first: answered last: no answer",
        "first: retry give-back",
        "sending",
        "sending second",
        "refund answered: refunded",
        "refund answered: refused",
        "answered: paid",
        "answered: failed",
        "retry",
        "give up",
        "limit",
        "refund all",
    ];
    check(include_str!("../tables/earlier.txt"), &followed(), &commands);
}

/// A command about an attempt that does not exist changes nothing, whatever the payment has been
/// through.
#[test]
fn unknown_attempts_are_out_of_place() {
    let commands = [
        "unknown: initiated: redirect",
        "unknown: initiated: provider down",
        "unknown: hint",
        "unknown: answered: paid",
        "unknown: answered: failed",
        "unknown: answered last: no answer",
        "unknown: retry give-back",
    ];
    for start in newest().into_iter().chain(followed()) {
        for command in commands {
            let row = start.cell(command);
            assert_eq!(row[2], "!OutOfPlace", "{row:?}");
        }
    }
}

#[test]
fn codes_follow_their_table() {
    let text = include_str!("../tables/code.txt");
    let table = Table::read(text, &["code", "message", "another attempt"]);
    let right: Vec<Vec<String>> = Code::ALL
        .iter()
        .map(|code| {
            let another = if code.allows_retry() { "yes" } else { "no" };
            vec![code.number().to_string(), code.message().into(), another.into()]
        })
        .collect();
    assert_eq!(aligned(&table.rows), aligned(&right));
}
