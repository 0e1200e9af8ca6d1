//! A payment as `dwar payment show` prints it.

use std::fmt;

use app::verbs::PaymentView;
use domain::decision::Event;
use domain::payment::Payment;
use domain::time::{Millis, Timestamp};
use serde::Serialize;
use store::callbacks::{Callback, Delivery};
use wire::callback::Sum;

use super::words;
use crate::output::table::{Table, plain};
use crate::output::{money, time};

/// All that is known of a payment.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    project: i64,
    payment: String,
    status: &'static str,
    amount: Sum,
    settled: Sum,
    captured: i64,
    refunded: i64,
    refunding: i64,
    accepted: String,
    limit: String,
    customer: String,
    operations: Vec<Operation>,
    history: Vec<Entry>,
    callbacks: Vec<Told>,
    next: Vec<Next>,
    #[serde(skip)]
    text: Text,
}

#[derive(Debug, Serialize)]
struct Operation {
    id: i64,
    #[serde(rename = "type")]
    kind: &'static str,
    status: &'static str,
    amount: Sum,
    request_id: String,
    provider_reference: String,
    updated: String,
    detail: String,
    #[serde(skip)]
    amount_text: String,
}

#[derive(Debug, Serialize)]
struct Entry {
    at: String,
    #[serde(flatten)]
    event: Event,
    alarm: bool,
    #[serde(skip)]
    at_text: String,
}

#[derive(Debug, Serialize)]
struct Told {
    seq: i64,
    topic: &'static str,
    operation: i64,
    url: String,
    state: &'static str,
    tries: Vec<Try>,
}

#[derive(Debug, Serialize)]
struct Try {
    attempt: u32,
    at: String,
    took_ms: i64,
    status: Option<u16>,
    error: Option<String>,
    #[serde(skip)]
    at_text: String,
}

#[derive(Debug, Serialize)]
struct Next {
    due: String,
    what: String,
    #[serde(skip)]
    due_text: String,
}

/// What people read in another form than programs.
#[derive(Debug)]
struct Text {
    amount: String,
    balance: String,
    accepted: String,
    limit: String,
}

impl Shown {
    pub(super) fn of(view: &PaymentView, now: Timestamp) -> Self {
        let payment = &view.payment;
        let (terms, balance) = (&payment.terms, payment.balance());
        let currency = terms.amount.currency().code();
        let text = |minor| money::signed(minor, currency);
        let told = |callback| Told::of(callback, &view.deliveries);
        Self {
            project: payment.key.project().0,
            payment: payment.key.payment().0.clone(),
            status: payment.status().name(),
            amount: money::sum(terms.amount),
            settled: money::sum(terms.converted),
            captured: balance.captured,
            refunded: balance.refunded,
            refunding: balance.refunding,
            accepted: iso(payment.created()),
            limit: iso(terms.limit_at),
            customer: terms.customer.id.clone(),
            operations: operations(payment),
            history: view.history.iter().map(|it| Entry::of(it.at, &it.event)).collect(),
            callbacks: view.callbacks.iter().map(told).collect(),
            next: view.jobs.iter().map(|job| Next::of(job.due, job.key.work, now)).collect(),
            text: Text {
                amount: money::amount(terms.amount),
                balance: format!(
                    "{} taken, {} given back, {} on its way back",
                    text(balance.captured),
                    text(balance.refunded),
                    text(balance.refunding)
                ),
                accepted: time::moment(payment.created()),
                limit: time::moment(terms.limit_at),
            },
        }
    }
}

fn iso(at: Timestamp) -> String {
    wire::date::format(at.0)
}

fn operations(payment: &Payment) -> Vec<Operation> {
    let sales = payment.sales().map(|sale| {
        let (status, detail) = words::sale(sale);
        Operation {
            id: sale.id.0,
            kind: "sale",
            status,
            amount: money::sum(payment.terms.amount),
            request_id: sale.request.0.clone(),
            provider_reference: sale.reference.0.clone(),
            updated: iso(sale.updated),
            detail,
            amount_text: money::amount(payment.terms.amount),
        }
    });
    let refunds = payment.refunds.iter().map(|refund| {
        let (status, detail) = words::refund(refund);
        Operation {
            id: refund.id.0,
            kind: "refund",
            status,
            amount: money::sum(refund.amount),
            request_id: refund.request.0.clone(),
            provider_reference: refund.reference.0.clone(),
            updated: iso(refund.updated),
            detail,
            amount_text: money::amount(refund.amount),
        }
    });
    sales.chain(refunds).collect()
}

impl Entry {
    fn of(at: Timestamp, event: &Event) -> Self {
        Self {
            at: iso(at),
            event: event.clone(),
            alarm: event.is_alarm(),
            at_text: time::precise(at),
        }
    }
}

impl Told {
    fn of(callback: &Callback, deliveries: &[Delivery]) -> Self {
        let tries = deliveries.iter().filter(|delivery| delivery.seq == callback.seq);
        Self {
            seq: callback.seq,
            topic: callback.topic.name(),
            operation: callback.operation.0,
            url: callback.url.clone(),
            state: callback.state.name(),
            tries: tries.map(Try::of).collect(),
        }
    }
}

impl Try {
    fn of(delivery: &Delivery) -> Self {
        Self {
            attempt: delivery.attempt,
            at: iso(delivery.at),
            took_ms: delivery.took_ms,
            status: delivery.status,
            error: delivery.error.clone(),
            at_text: time::precise(delivery.at),
        }
    }

    fn result(&self) -> String {
        let took = time::length(Millis(self.took_ms));
        match (self.status, &self.error) {
            (Some(status), _) => format!("answered {status} in {took}"),
            (None, Some(error)) => format!("{error} ({took})"),
            (None, None) => took,
        }
    }
}

impl Next {
    fn of(due: Timestamp, work: store::jobs::Work, now: Timestamp) -> Self {
        let due_text = if due <= now { "now".to_owned() } else { time::from_now(due, now) };
        Self { due: iso(due), what: words::work(work), due_text }
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut head = Table::default();
        head.row(["Status", self.status]);
        head.row(["Amount", &self.text.amount]);
        head.row(["Balance", &self.text.balance]);
        head.row(["Customer", &self.customer]);
        head.row(["Accepted", &self.text.accepted]);
        head.row(["Limit time", &self.text.limit]);
        writeln!(f, "Payment {} of project {}", plain(&self.payment), self.project)?;
        write!(f, "{head}\nOperations\n{}", self.operations_table())?;
        write!(f, "\nHistory\n{}", self.history_table())?;
        write!(f, "\nCallbacks\n{}", self.callbacks_table())?;
        write!(f, "\nNext\n{}", self.next_table())
    }
}

impl Shown {
    fn operations_table(&self) -> Table {
        let mut table = Table::default();
        for operation in &self.operations {
            let id = operation.id.to_string();
            let (kind, status) = (operation.kind, operation.status);
            table.row([&id, kind, status, &operation.amount_text, &operation.detail]);
        }
        table
    }

    fn history_table(&self) -> Table {
        let mut table = Table::default();
        for entry in &self.history {
            table.row([&entry.at_text, &words::event(&entry.event)]);
        }
        table
    }

    fn callbacks_table(&self) -> Table {
        let mut table = Table::default();
        for told in &self.callbacks {
            table.row([&told.seq.to_string(), told.topic, told.state, &told.url]);
            for tried in &told.tries {
                table.row(["", &format!("try {}", tried.attempt), &tried.at_text, &tried.result()]);
            }
        }
        if self.callbacks.is_empty() {
            table.row(["none"]);
        }
        table
    }

    fn next_table(&self) -> Table {
        let mut table = Table::default();
        for next in &self.next {
            table.row([&next.due_text, &next.what]);
        }
        if self.next.is_empty() {
            table.row(["nothing: it is over"]);
        }
        table
    }
}
