//! Runs the tables of `decide`. Each table holds every cell of its matrix exactly once, so what
//! a reviewer reads is all that can happen.

use std::collections::BTreeMap;

use dwar_domain::code::Code;
use dwar_domain::command::{Command, RefundRequest};
use dwar_domain::id::OperationId;
use dwar_domain::limits::{GIVE_BACK_ATTEMPTS, REFUNDS_PER_PAYMENT};
use dwar_domain::money::Amount;
use dwar_domain::payment::LateSuccessPolicy::{self, GiveBack, Promote};
use dwar_domain::provider::{InitiateAnswer, RefundAnswer, SaleAnswer, Unclear};
use dwar_domain::time::{Millis, Timestamp};

use crate::fixtures::{
    LIMIT, SALE, START, accept_sale, amount, inr, operation, receipt, redirect, refund_id,
    refund_request, terms,
};
use crate::rendering::outcome;
use crate::table::{Table, aligned};
use crate::world::World;

const COLUMNS: [&str; 7] = ["start", "command", "end", "events", "jobs", "callbacks", "transfers"];

/// All sales are of ₹100.00, settled in rupees.
const SUM: i64 = 10_000;

/// A payment that a command finds, and the refund that the command is about.
struct Start {
    name: &'static str,
    world: World,
    refund: OperationId,
}

impl Start {
    fn new(name: &'static str, policy: LateSuccessPolicy, history: &[&str]) -> Self {
        let mut start = Self { name, world: World::default(), refund: refund_id(1) };
        for command in history {
            start.live(policy, command);
        }
        start
    }

    /// The same, but the command is about the `n`-th refund.
    fn about(self, n: usize) -> Self {
        Self { refund: refund_id(n), ..self }
    }

    fn live(&mut self, policy: LateSuccessPolicy, command: &str) {
        let since_start = if self.world.payment.is_some() { 30 } else { 0 };
        let now = START.plus(Millis::seconds(since_start));
        let command = self.command(policy, command);
        self.world.apply(command, now).unwrap();
    }

    /// The command of this name. What is in it that must be new is new.
    fn command(&self, policy: LateSuccessPolicy, name: &str) -> Command {
        let refunds = self.world.payment.as_ref().map_or(0, |payment| payment.refunds.len());
        let new = refund_id(refunds + 1);
        match name {
            "accept" => accept_sale(terms(inr(SUM), inr(SUM), policy)),
            "accept, other body" => {
                let terms = terms(inr(SUM), inr(SUM), policy);
                accept_sale(dwar_domain::payment::Terms { request_digest: 2, ..terms })
            }
            "initiated: redirect" => Command::SaleInitiated(InitiateAnswer::Redirect(redirect())),
            "initiated: refused" => {
                Command::SaleInitiated(InitiateAnswer::Refused(Code::ProviderRejected))
            }
            "initiated: no answer" => {
                Command::SaleInitiated(InitiateAnswer::Unknown(Unclear::NoAnswer))
            }
            "hint" => Command::ProviderHint,
            "limit" | "limit, too early" => Command::LimitReached,
            "retry give-back" => Command::RetryGiveBack { operation: operation(new) },
            "sending" => Command::RefundSending(self.refund),
            "sending second" => Command::RefundSending(refund_id(2)),
            _ => {
                if let Some(answer) = name.strip_prefix("answered: ") {
                    sale_answered(answer, false, new)
                } else if let Some(answer) = name.strip_prefix("answered last: ") {
                    sale_answered(answer, true, new)
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
}

fn sale_answered(answer: &str, last: bool, give_back: OperationId) -> Command {
    let answer = match answer {
        "paid" => SaleAnswer::Paid(receipt()),
        "failed" => SaleAnswer::Failed { code: Code::ProviderDecline, transaction_id: None },
        "pending" => SaleAnswer::Pending,
        "no answer" => SaleAnswer::Unknown(Unclear::NoAnswer),
        "mismatch" => SaleAnswer::Unknown(Unclear::Mismatch),
        _ => panic!("no answer about a sale is called {answer:?}"),
    };
    Command::SaleAnswered { answer, last, give_back: operation(give_back) }
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
    match command {
        "accept" | "accept, other body" => START,
        "limit" => START.plus(LIMIT),
        _ => START.plus(Millis::seconds(90)),
    }
}

/// Checks that every row of the table is what happens, and that no cell is missing or twice.
fn check(text: &str, starts: &[Start], commands: &[&str]) {
    let table = Table::read(text, &COLUMNS);
    let mut written: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for row in &table.rows {
        *written.entry((&row[0], &row[1])).or_default() += 1;
    }
    let mut right = vec![];
    for start in starts {
        for command in commands {
            right.push(cell(start, command));
            let times = written.remove(&(start.name, command)).unwrap_or(0);
            assert!(times < 2, "{} | {command} is there {times} times", start.name);
        }
    }
    assert!(written.is_empty(), "cells that don't exist: {written:?}");
    let wrong: Vec<_> = right.into_iter().filter(|row| !table.rows.contains(row)).collect();
    assert!(wrong.is_empty(), "the table says otherwise, or nothing, of\n{}", aligned(&wrong));
}

/// The row as it should be: what the command does to the start.
fn cell(start: &Start, command: &str) -> Vec<String> {
    let now = time_of(command);
    let mut after = start.world.clone();
    let result = after.apply(start.command(GiveBack, command), now);
    let mut row = vec![start.name.to_owned(), command.to_owned()];
    row.extend(outcome(&start.world, &result, &after, now));
    row
}

const OPEN: [&str; 2] = ["accept", "initiated: redirect"];

/// A history that goes on from an open sale.
fn after_opening(rest: &[&'static str]) -> Vec<&'static str> {
    OPEN.iter().chain(rest).copied().collect()
}

fn captured(name: &'static str, rest: &[&'static str]) -> Start {
    let history = [&["answered: paid"], rest].concat();
    Start::new(name, GiveBack, &after_opening(&history))
}

fn late(name: &'static str, rest: &[&'static str]) -> Start {
    let history = [&["answered: failed", "answered: paid"], rest].concat();
    Start::new(name, GiveBack, &after_opening(&history))
}

fn sales() -> Vec<Start> {
    vec![
        Start::new("absent", GiveBack, &[]),
        Start::new("initiating", GiveBack, &["accept"]),
        Start::new("awaiting", GiveBack, &OPEN),
        captured("captured", &[]),
        Start::new("declined", GiveBack, &after_opening(&["answered: failed"])),
        Start::new("declined, promotes", Promote, &after_opening(&["answered: failed"])),
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
        last_try.live(GiveBack, "refund answered: refused");
        last_try.live(GiveBack, "retry give-back");
        last_try.refund = refund_id(usize::try_from(attempt).unwrap());
        last_try.live(GiveBack, "sending");
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
        full.live(GiveBack, "refund 100.01");
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
    let start = Start::new("initiating", GiveBack, &["accept"]);
    let mut kinds: Vec<&str> = Table::read(text, &COLUMNS)
        .rows
        .iter()
        .map(|row| match start.command(GiveBack, &row[1]) {
            Command::AcceptSale { .. } => "accept sale",
            Command::SaleInitiated(_) => "sale initiated",
            Command::ProviderHint => "hint",
            Command::SaleAnswered { .. } => "sale answered",
            Command::LimitReached => "limit",
            Command::AcceptRefund(_) => "accept refund",
            Command::RefundSending(_) => "refund sending",
            Command::RefundAnswered { .. } => "refund answered",
            Command::RetryGiveBack { .. } => "retry give-back",
        })
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds.len(), 9, "{kinds:?}");
}

/// The fixtures' sale has no jitter, or the tables' times would be odd.
#[test]
fn fixtures_draw_no_jitter() {
    assert_eq!(SALE.0 % 200, 0);
    assert_eq!(refund_id(7).0 % 200, 0);
}
