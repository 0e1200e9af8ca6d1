//! Writes what a command did the way the tables have it: one short phrase for each thing.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use dwar_domain::decision::{CallbackKind, Decision, Event, JobKind, Rejection};
use dwar_domain::id::OperationId;
use dwar_domain::journal::Transfer;
use dwar_domain::payment::{Payment, Sale, SaleState};
use dwar_domain::refund::{Refund, RefundState};
use dwar_domain::time::{Millis, Timestamp};

use crate::fixtures::{attempt_id, refund_id};
use crate::world::World;

/// Cells of the columns `end | events | jobs | callbacks | transfers`.
pub(crate) fn outcome(
    before: &World,
    result: &Result<Decision, Rejection>,
    after: &World,
    now: Timestamp,
) -> Vec<String> {
    match result {
        Err(rejection) => {
            let mut cells = vec![rejection_phrase(rejection)];
            cells.resize(5, String::new());
            cells
        }
        Ok(decision) => vec![
            end(before.payment.as_ref(), &decision.payment),
            list(decision.events.iter().map(event)),
            jobs(before, after, now),
            list(decision.callbacks.iter().map(callback)),
            list(decision.transfers.iter().map(transfer)),
        ],
    }
}

/// `sale`, `sale 2` for the second attempt at it, or `r1` for the first refund.
fn name(operation: OperationId) -> String {
    match (1..=10).find(|n| attempt_id(*n) == operation) {
        Some(1) => return "sale".into(),
        Some(number) => return format!("sale {number}"),
        None => {}
    }
    let number = (1..=2_000).find(|n| refund_id(*n) == operation);
    format!("r{}", number.expect("an operation of the fixtures"))
}

/// `AskSale`, or `AskSale 2` for the second attempt.
fn of_attempt(word: &str, sale: OperationId) -> String {
    name(sale).replacen("sale", word, 1)
}

/// A length of time such as `13m27s`; `now` for none.
pub(crate) fn duration(time: Millis) -> String {
    let units = [("h", Millis::hours(1)), ("m", Millis::minutes(1)), ("s", Millis::seconds(1))];
    let (mut rest, mut text) = (time.0, String::new());
    for (letter, Millis(unit)) in units {
        if rest >= unit {
            write!(text, "{}{letter}", rest / unit).unwrap();
            rest %= unit;
        }
    }
    assert_eq!(rest, 0, "{time:?} is a whole number of seconds, and not negative");
    if text.is_empty() { "now".into() } else { text }
}

fn list(phrases: impl Iterator<Item = String>) -> String {
    phrases.collect::<Vec<_>>().join(", ")
}

fn rejection_phrase(rejection: &Rejection) -> String {
    match rejection {
        Rejection::PaymentExists { same: true, .. } => "!PaymentExists, same".into(),
        Rejection::PaymentExists { same: false, .. } => "!PaymentExists, other".into(),
        Rejection::PaymentNotFound => "!PaymentNotFound".into(),
        Rejection::NotRefundable { status } => format!("!NotRefundable, {}", status.name()),
        Rejection::RefundExists { .. } => "!RefundExists".into(),
        Rejection::RefundCurrency => "!RefundCurrency".into(),
        Rejection::TooManyRefunds => "!TooManyRefunds".into(),
        Rejection::OutOfPlace => "!OutOfPlace".into(),
    }
}

/// What of the sale and the refunds is new or different; `=` where nothing is.
fn end(before: Option<&Payment>, after: &Payment) -> String {
    let before = before.map(phrases).unwrap_or_default();
    let changed = phrases(after).into_iter().filter(|phrase| !before.contains(phrase));
    let changed = list(changed);
    if changed.is_empty() { "=".into() } else { changed }
}

fn phrases(payment: &Payment) -> Vec<String> {
    let attempts = payment.earlier.iter().chain([&payment.sale]).map(attempt);
    attempts.chain(payment.refunds.iter().map(refund)).collect()
}

/// The state alone for the first attempt, `sale 2` before it for the second.
fn attempt(sale: &Sale) -> String {
    let state = match &sale.state {
        SaleState::Initiating => "initiating".into(),
        SaleState::AwaitingRedirect(_) => "awaiting".into(),
        SaleState::AwaitingRetry { code, .. } => format!("may retry {}", code.number()),
        SaleState::Captured(_) => "captured".into(),
        SaleState::Declined { code, .. } => format!("declined {}", code.number()),
        SaleState::DeclinedThenPaid { code, .. } => format!("paid late {}", code.number()),
    };
    if sale.attempt == 1 { state } else { format!("{} {state}", name(sale.id)) }
}

fn refund(refund: &Refund) -> String {
    let state = match &refund.state {
        RefundState::Queued => "queued".into(),
        RefundState::Sent { .. } => "sent".into(),
        RefundState::Pending { provider_id: None, .. } => "pending".into(),
        RefundState::Pending { provider_id: Some(id), .. } => format!("pending as {id}"),
        RefundState::Refunded { provider_id: None } => "refunded".into(),
        RefundState::Refunded { provider_id: Some(id) } => format!("refunded as {id}"),
        RefundState::Declined { code } => format!("declined {}", code.number()),
    };
    format!("{} {} {state}", name(refund.id), refund.amount.to_decimal())
}

/// An event that a person has to look at ends in `(!)`.
fn event(event: &Event) -> String {
    let phrase = match event {
        Event::SaleAccepted => "SaleAccepted".into(),
        Event::RedirectReady => "RedirectReady".into(),
        Event::ProviderUnclear { reason } => format!("ProviderUnclear {reason:?}"),
        Event::SaleCaptured { .. } => "SaleCaptured".into(),
        Event::AttemptDeclined { code } => format!("AttemptDeclined {}", code.number()),
        Event::SaleRetried { operation } => format!("SaleRetried {}", name(*operation)),
        Event::SaleDeclined { code } => format!("SaleDeclined {}", code.number()),
        Event::PaidAfterDecline => "PaidAfterDecline".into(),
        Event::SalePromoted => "SalePromoted".into(),
        Event::ProviderContradiction { .. } => "ProviderContradiction".into(),
        Event::RefundAccepted { operation } => format!("RefundAccepted {}", name(*operation)),
        Event::RefundSent { operation } => format!("RefundSent {}", name(*operation)),
        Event::RefundPending { operation } => format!("RefundPending {}", name(*operation)),
        Event::RefundSucceeded { operation } => format!("RefundSucceeded {}", name(*operation)),
        Event::RefundDeclined { operation, code } => {
            format!("RefundDeclined {} {}", name(*operation), code.number())
        }
        Event::GiveBackAbandoned => "GiveBackAbandoned".into(),
    };
    if event.is_alarm() { format!("{phrase} (!)") } else { phrase }
}

/// What changed among the pending jobs: `+` is scheduled or moved, counted from now; `-` is
/// cancelled. Whatever is not named stays as it was.
fn jobs(before: &World, after: &World, now: Timestamp) -> String {
    let kinds: BTreeSet<JobKind> = before.jobs.keys().chain(after.jobs.keys()).copied().collect();
    let changes = kinds.into_iter().filter_map(|kind| {
        match (before.jobs.get(&kind), after.jobs.get(&kind)) {
            (was, Some(at)) if was != Some(at) => {
                Some(format!("+{} {}", job(kind), duration(at.since(now))))
            }
            (Some(_), None) => Some(format!("-{}", job(kind))),
            _ => None,
        }
    });
    list(changes)
}

fn job(kind: JobKind) -> String {
    match kind {
        JobKind::InitiateSale(sale) => of_attempt("InitiateSale", sale),
        JobKind::AskSale(sale) => of_attempt("AskSale", sale),
        JobKind::LimitSale => "LimitSale".into(),
        JobKind::Refund(operation) => format!("Refund {}", name(operation)),
        JobKind::GiveBack(sale) => of_attempt("GiveBack", sale),
    }
}

fn callback(kind: &CallbackKind) -> String {
    match kind {
        CallbackKind::Redirect => "Redirect".into(),
        CallbackKind::Sale => "Sale".into(),
        CallbackKind::Refund(operation) => format!("Refund {}", name(*operation)),
    }
}

fn transfer(transfer: &Transfer) -> String {
    let (from, to) = (transfer.from.name(), transfer.to.name());
    format!("{}: {from} > {to} {}", name(transfer.operation), transfer.amount)
}
