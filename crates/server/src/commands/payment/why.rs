//! `dwar payment why`: one sentence about where a payment stands, why, and what happens next.

use std::fmt;

use app::endpoints::endpoint_of;
use app::verbs::PaymentView;
use domain::code::Code;
use domain::decision::{Event, JobKind};
use domain::id::OperationId;
use domain::payment::SaleState;
use domain::provider::Receipt;
use domain::refund::{Refund, RefundOrigin, RefundState};
use domain::time::{Millis, Timestamp};
use serde::Serialize;
use store::callbacks::{Callback, CallbackState};
use store::endpoints::EndpointRow;
use store::jobs::Work;

use super::words;
use crate::output::table::plain;
use crate::output::{money, time};

/// Why a payment is as it is.
#[derive(Debug, Serialize)]
pub(in crate::commands) struct Reason {
    project: i64,
    payment: String,
    status: &'static str,
    /// The whole of it.
    sentence: String,
    /// Whether a person has to do something.
    alarm: bool,
    next: Vec<Next>,
}

#[derive(Debug, Serialize)]
struct Next {
    due: String,
    what: String,
}

impl Reason {
    pub(in crate::commands) fn of(
        view: &PaymentView,
        cut_off: &[EndpointRow],
        now: Timestamp,
    ) -> Self {
        let payment = &view.payment;
        let told = Told { view, cut_off, now };
        let parts = [alarm(view), Some(told.sale()), told.refunds(), told.merchant()];
        let id = plain(&payment.key.payment().0);
        let clauses: Vec<String> = parts.into_iter().flatten().chain([told.next()]).collect();
        Self {
            project: payment.key.project().0,
            payment: payment.key.payment().0.clone(),
            status: payment.status().name(),
            sentence: format!("Payment {id} {}.", clauses.join("; ")),
            alarm: alarm(view).is_some(),
            next: view.jobs.iter().map(|job| Next::of(job.due, job.key.work)).collect(),
        }
    }

    /// The sentence.
    pub(in crate::commands) fn sentence(&self) -> &str {
        &self.sentence
    }
}

impl Next {
    fn of(due: Timestamp, work: Work) -> Self {
        Self { due: wire::date::format(due.0), what: words::work(work) }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

/// What a person has to look at comes first.
fn alarm(view: &PaymentView) -> Option<String> {
    let alarm = view.history.iter().rev().find(|entry| entry.event.is_alarm())?;
    let at = time::moment(alarm.at);
    let what = words::event(&alarm.event).replace("ALARM: ", "");
    Some(format!("NEEDS A PERSON ({what}, {at})"))
}

/// A payment, and what is around it.
struct Told<'a> {
    view: &'a PaymentView,
    cut_off: &'a [EndpointRow],
    now: Timestamp,
}

impl Told<'_> {
    fn sale(&self) -> String {
        let payment = &self.view.payment;
        let ago = time::from_now(payment.sale.updated, self.now);
        match &payment.sale.state {
            SaleState::Initiating => {
                format!("was accepted {ago} and Paytm has not opened its order yet{}", self.doubt())
            }
            SaleState::AwaitingRedirect(_) => format!(
                "waits for its customer to pay: Paytm opened the order {ago} and has not \
                 confirmed a payment{}",
                self.doubt()
            ),
            SaleState::AwaitingRetry { code, .. } => format!(
                "waits for its customer to try again: attempt {} of {} was declined {ago} because \
                 of Paytm's answer: {}",
                payment.sale.attempt,
                payment.terms.attempts,
                words::code(*code)
            ),
            SaleState::Captured(receipt) => {
                format!("is paid: Paytm confirmed it {ago}, as {}", transaction(receipt))
            }
            SaleState::Declined { code: Code::AutoDecline, .. } => format!(
                "was declined {ago} (603) because its limit time passed, {} after it was accepted, \
                 and Paytm had not confirmed a payment",
                time::length(payment.terms.limit_at.since(payment.created()))
            ),
            SaleState::Declined { code, .. } => {
                format!("was declined {ago} because of Paytm's answer: {}", words::code(*code))
            }
            SaleState::DeclinedThenPaid { code, receipt } => format!(
                "was declined ({}) and paid afterwards, as {}, and that money belongs to the \
                 customer",
                code.number(),
                transaction(receipt)
            ),
        }
    }

    /// The last answer of the provider, if it could not be used.
    fn doubt(&self) -> String {
        match self.view.history.last().map(|entry| &entry.event) {
            Some(Event::ProviderUnclear { reason }) => {
                format!(" (its last answer: {})", words::unclear(*reason))
            }
            _ => String::new(),
        }
    }

    fn refunds(&self) -> Option<String> {
        let payment = &self.view.payment;
        if let Some(open) = payment.refunds.iter().find(|refund| !refund.state.is_final()) {
            return Some(self.open_refund(open));
        }
        let balance = payment.balance();
        let currency = payment.terms.amount.currency().code();
        if balance.refunded > 0 {
            let sum = money::signed(balance.refunded, currency);
            let all = if balance.remaining() == 0 { "all of it, " } else { "" };
            return Some(format!("{all}{sum} has been given back"));
        }
        let last = payment.refunds.last()?;
        match last.state {
            RefundState::Declined { code } => {
                Some(format!("its last refund was declined: {}", words::code(code)))
            }
            RefundState::Queued
            | RefundState::Sent { .. }
            | RefundState::Pending { .. }
            | RefundState::Refunded { .. } => None,
        }
    }

    fn open_refund(&self, refund: &Refund) -> String {
        let what = match refund.origin {
            RefundOrigin::Merchant => "a refund",
            RefundOrigin::LateSuccess => "giving it back, a refund",
        };
        let (amount, id) = (money::amount(refund.amount), refund.id.0);
        let ago = |since: Timestamp| time::from_now(since, self.now);
        let stands = match &refund.state {
            RefundState::Queued => {
                "waits for its turn: Paytm takes one refund of an order at a time".to_owned()
            }
            RefundState::Sent { since } => {
                format!("was sent to Paytm {}, which has not taken it on yet", ago(*since))
            }
            RefundState::Pending { since, .. } => {
                format!("was sent to Paytm {} and is being carried out there", ago(*since))
            }
            RefundState::Refunded { .. } | RefundState::Declined { .. } => "is over".to_owned(),
        };
        format!("{what} of {amount} (operation {id}) {stands}")
    }

    /// What the merchant does not know yet, or never learnt.
    fn merchant(&self) -> Option<String> {
        let of_state = |state| self.view.callbacks.iter().find(|it| it.state == state);
        if let Some(waiting) = of_state(CallbackState::Pending) {
            return Some(self.waiting(waiting));
        }
        of_state(CallbackState::Expired).map(|expired| {
            format!(
                "the merchant never acknowledged callback {} ({}) in {} tries; send it again \
                 with dwar callback resend",
                expired.seq,
                expired.topic.name(),
                expired.attempts
            )
        })
    }

    fn waiting(&self, callback: &Callback) -> String {
        let what = format!("callback {} ({})", callback.seq, callback.topic.name());
        if let Some(row) = self.cut_off_endpoint(callback) {
            let state = if row.paused_at.is_some() { "paused" } else { "cut off" };
            return format!(
                "{what} waits because {} is {state}: it has failed for {} ({})",
                row.url,
                time::length(self.now.since(row.failing_since)),
                row.last_error
            );
        }
        let tries = self.view.deliveries.iter().filter(|it| it.seq == callback.seq);
        match tries.max_by_key(|it| it.attempt) {
            None => format!("{what} has not been tried yet"),
            Some(last) => {
                let failed = match (last.status, &last.error) {
                    (Some(status), _) => format!("was answered {status}"),
                    (None, Some(error)) => error.clone(),
                    (None, None) => "had no answer".to_owned(),
                };
                format!("the merchant has not acknowledged {what}: try {} {failed}", last.attempt)
            }
        }
    }

    /// The endpoint of a callback, if it is cut off.
    fn cut_off_endpoint(&self, callback: &Callback) -> Option<&EndpointRow> {
        let endpoint = endpoint_of(&callback.url);
        self.cut_off.iter().find(|row| row.url == endpoint)
    }

    fn next(&self) -> String {
        let mut clauses = Vec::new();
        for job in &self.view.jobs {
            match job.key.work {
                Work::Rule(JobKind::LimitSale) if self.view.payment.sale.state.is_open() => {
                    let limit = self.view.payment.terms.limit_at;
                    clauses.push(format!(
                        "without a result it is declined {} ({})",
                        time::from_now(limit, self.now),
                        time::moment(limit)
                    ));
                }
                // The limit of a sale that has ended finds nothing to do.
                Work::Rule(JobKind::LimitSale) => {}
                Work::DeliverCallback if self.waits_for_endpoint() => {
                    clauses.push("it goes on when that endpoint answers again".to_owned());
                }
                work @ (Work::Rule(
                    JobKind::InitiateSale(_)
                    | JobKind::AskSale(_)
                    | JobKind::Refund(_)
                    | JobKind::GiveBack(_),
                )
                | Work::DeliverCallback) => clauses.push(self.clause(work, job.due)),
            }
        }
        if clauses.is_empty() {
            return "nothing more is going to happen".to_owned();
        }
        format!("next, {}", clauses.join(" and "))
    }

    fn waits_for_endpoint(&self) -> bool {
        let head = self.view.callbacks.iter().find(|it| it.state == CallbackState::Pending);
        head.is_some_and(|head| self.cut_off_endpoint(head).is_some())
    }

    fn clause(&self, work: Work, due: Timestamp) -> String {
        let what = match work {
            Work::Rule(JobKind::AskSale(sale)) if self.is_declined(sale) => {
                "ask Paytm once more, in case money came late".to_owned()
            }
            Work::Rule(JobKind::Refund(_)) => "ask Paytm about the refund".to_owned(),
            work @ (Work::Rule(
                JobKind::InitiateSale(_)
                | JobKind::AskSale(_)
                | JobKind::LimitSale
                | JobKind::GiveBack(_),
            )
            | Work::DeliverCallback) => words::work(work),
        };
        if due.since(self.now) < Millis::seconds(1) {
            format!("we {what} now")
        } else {
            format!("{} we {what}", time::from_now(due, self.now))
        }
    }

    fn is_declined(&self, sale: OperationId) -> bool {
        self.view.payment.attempt(sale).is_some_and(|sale| match sale.state {
            SaleState::AwaitingRetry { .. } | SaleState::Declined { .. } => true,
            SaleState::Initiating
            | SaleState::AwaitingRedirect(_)
            | SaleState::Captured(_)
            | SaleState::DeclinedThenPaid { .. } => false,
        })
    }
}

fn transaction(receipt: &Receipt) -> String {
    let mode = receipt.mode.as_ref().map(|mode| format!(" by {mode}")).unwrap_or_default();
    format!("transaction {}{mode}", plain(&receipt.transaction_id))
}
