//! A matrix of payments and commands, checked against its table. Each table holds every cell
//! exactly once, so what a reviewer reads is all that can happen.

use std::collections::BTreeMap;

use dwar_domain::code::Code;
use dwar_domain::command::{Command, RefundRequest};
use dwar_domain::id::OperationId;
use dwar_domain::limits::RETRY_LEAD;
use dwar_domain::money::Amount;
use dwar_domain::payment::{LateSuccessPolicy, Terms};
use dwar_domain::provider::{InitiateAnswer, RefundAnswer, SaleAnswer, Unclear};
use dwar_domain::time::{Millis, Timestamp};

use crate::fixtures::{
    LIMIT, SALE, START, accept_sale, amount, attempt_id, inr, operation, receipt, redirect,
    refund_id, refund_request, terms,
};
use crate::rendering::outcome;
use crate::table::{Table, aligned};
use crate::world::World;

pub(crate) const COLUMNS: [&str; 7] =
    ["start", "command", "end", "events", "jobs", "callbacks", "transfers"];

/// Terms of the tables' sales: ₹100.00, settled in rupees.
pub(crate) fn hundred(late_success: LateSuccessPolicy, attempts: u32) -> Terms {
    Terms { attempts, ..terms(inr(10_000), inr(10_000), late_success) }
}

/// A payment that a command finds, and the refund that the command is about.
pub(crate) struct Start {
    name: &'static str,
    terms: Terms,
    world: World,
    refund: OperationId,
}

impl Start {
    pub(crate) fn new(name: &'static str, terms: Terms, history: &[&str]) -> Self {
        let mut start = Self { name, terms, world: World::default(), refund: refund_id(1) };
        for command in history {
            start.live(command);
        }
        start
    }

    /// The same, but the command is about the `n`-th refund.
    pub(crate) fn about(self, n: usize) -> Self {
        Self { refund: refund_id(n), ..self }
    }

    pub(crate) fn live(&mut self, command: &str) {
        let since_start = if self.world.payment.is_some() { 30 } else { 0 };
        let now = START.plus(Millis::seconds(since_start));
        self.world.apply(self.command(command), now).unwrap();
    }

    /// The command of this name. What is in it that must be new is new. It is about the newest
    /// attempt at the sale, unless it says `first: ` or `unknown: `.
    pub(crate) fn command(&self, name: &str) -> Command {
        let payment = self.world.payment.as_ref();
        let (sale, name) = match name.split_once(": ") {
            Some(("first", name)) => (SALE, name),
            Some(("unknown", name)) => (attempt_id(9), name),
            _ => (payment.map_or(SALE, |payment| payment.sale.id), name),
        };
        let attempts = payment.map_or(0, |payment| payment.sales().count());
        let new = refund_id(payment.map_or(0, |payment| payment.refunds.len()) + 1);
        match name {
            "accept" => accept_sale(self.terms.clone()),
            "accept, other body" => accept_sale(Terms { request_digest: 2, ..self.terms.clone() }),
            "hint" => Command::ProviderHint(sale),
            "limit" | "limit, too early" => Command::LimitReached,
            "retry" | "retry, just in time" | "retry, too late" => {
                Command::RetrySale(operation(attempt_id(attempts + 1)))
            }
            "give up" => Command::GiveUp,
            "retry give-back" => Command::RetryGiveBack { sale, operation: operation(new) },
            "sending" => Command::RefundSending(self.refund),
            "sending second" => Command::RefundSending(refund_id(2)),
            _ => {
                if let Some(answer) = name.strip_prefix("initiated: ") {
                    Command::SaleInitiated { sale, answer: initiate_answer(answer) }
                } else if let Some(answer) = name.strip_prefix("answered: ") {
                    sale_answered(sale, answer, false, new)
                } else if let Some(answer) = name.strip_prefix("answered last: ") {
                    sale_answered(sale, answer, true, new)
                } else if let Some(answer) = name.strip_prefix("refund answered: ") {
                    let answer = refund_answer(answer);
                    Command::RefundAnswered { operation: self.refund, answer }
                } else if let Some(asked) = name.strip_prefix("refund ") {
                    Command::AcceptRefund(request(asked, new))
                } else {
                    panic!("no command is called {name:?}")
                }
            }
        }
    }

    /// The row as it should be: what the command does to the start.
    pub(crate) fn cell(&self, command: &str) -> Vec<String> {
        let now = time_of(command);
        let mut after = self.world.clone();
        let result = after.apply(self.command(command), now);
        let mut row = vec![self.name.to_owned(), command.to_owned()];
        row.extend(outcome(&self.world, &result, &after, now));
        row
    }
}

fn initiate_answer(answer: &str) -> InitiateAnswer {
    match answer {
        "redirect" => InitiateAnswer::Redirect(redirect()),
        "refused" => InitiateAnswer::Refused(Code::ProviderRejected),
        "provider down" => InitiateAnswer::Refused(Code::ProviderDown),
        "no answer" => InitiateAnswer::Unknown(Unclear::NoAnswer),
        _ => panic!("no answer about an opening is called {answer:?}"),
    }
}

fn sale_answered(sale: OperationId, answer: &str, last: bool, give_back: OperationId) -> Command {
    let failed = |code| SaleAnswer::Failed { code, transaction_id: None };
    let answer = match answer {
        "paid" => SaleAnswer::Paid(receipt()),
        "failed" | "failed, too late" => failed(Code::ProviderDecline),
        "failed for good" => failed(Code::ProviderRisk),
        "pending" => SaleAnswer::Pending,
        "no answer" => SaleAnswer::Unknown(Unclear::NoAnswer),
        "mismatch" => SaleAnswer::Unknown(Unclear::Mismatch),
        _ => panic!("no answer about a sale is called {answer:?}"),
    };
    Command::SaleAnswered { sale, answer, last, give_back: operation(give_back) }
}

fn refund_answer(answer: &str) -> RefundAnswer {
    match answer {
        "pending" => RefundAnswer::Pending { refund_id: None },
        "pending as R" => RefundAnswer::Pending { refund_id: Some("R".into()) },
        "refunded" => RefundAnswer::Refunded { refund_id: None },
        "refused" => RefundAnswer::Refused(Code::AcquirerBalance),
        "not found" => RefundAnswer::NotFound,
        "busy" => RefundAnswer::Busy,
        "no answer" => RefundAnswer::Unknown(Unclear::NoAnswer),
        "mismatch" => RefundAnswer::Unknown(Unclear::Mismatch),
        _ => panic!("no answer about a refund is called {answer:?}"),
    }
}

/// `all`, or a sum; with `as first` under the merchant's id that the first refund has.
fn request(asked: &str, id: OperationId) -> RefundRequest {
    let (sum, taken) = match asked.strip_suffix(" as first") {
        Some(sum) => (sum, true),
        None => (asked, false),
    };
    let sum = match sum {
        "all" => None,
        "5.00 USD" => Some(amount(500, "USD")),
        _ => Some(Amount::from_decimal(sum, inr(0).currency()).unwrap()),
    };
    let number = if taken || id == refund_id(1) { "first".into() } else { id.0.to_string() };
    RefundRequest { merchant_refund_id: Some(number), ..refund_request(id, sum) }
}

/// When a table's command comes. Its start was made half a minute after the sale was accepted.
fn time_of(command: &str) -> Timestamp {
    let limit = START.plus(LIMIT);
    let too_late_to_retry = Timestamp(limit.0 - RETRY_LEAD.0);
    match command {
        "accept" | "accept, other body" => START,
        "limit" => limit,
        "retry, just in time" => Timestamp(too_late_to_retry.0 - 1_000),
        "retry, too late" | "answered: failed, too late" => too_late_to_retry,
        _ => START.plus(Millis::seconds(90)),
    }
}

/// Checks that every row of the table is what happens, and that no cell is missing or twice.
pub(crate) fn check(text: &str, starts: &[Start], commands: &[&str]) {
    let table = Table::read(text, &COLUMNS);
    let mut written: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for row in &table.rows {
        *written.entry((&row[0], &row[1])).or_default() += 1;
    }
    let mut right = vec![];
    for start in starts {
        for command in commands {
            right.push(start.cell(command));
            let times = written.remove(&(start.name, command)).unwrap_or(0);
            assert!(times < 2, "{} | {command} is there {times} times", start.name);
        }
    }
    assert!(written.is_empty(), "cells that don't exist: {written:?}");
    let wrong: Vec<_> = right.into_iter().filter(|row| !table.rows.contains(row)).collect();
    assert!(wrong.is_empty(), "the table says otherwise, or nothing, of\n{}", aligned(&wrong));
}
