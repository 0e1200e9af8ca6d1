//! The one function that changes a payment.
//!
//! It is pure: the payment as stored, a command and the time go in; the changed payment with its
//! events, jobs, callbacks and transfers comes out, or a rejection and nothing changes. Who may
//! change money reads this module and `refunds` and knows everything that can happen.

mod refunds;

use crate::code::Code;
use crate::command::Command;
use crate::decision::{CallbackKind, Decision, Event, JobChange, JobKind, Rejection};
use crate::id::{NewOperation, OperationId, PaymentKey};
use crate::journal::{Account, Transfer};
use crate::limits::LAST_QUESTION_LEAD;
use crate::money::Amount;
use crate::payment::{LateSuccessPolicy, Payment, Sale, SaleState, Terms};
use crate::provider::{InitiateAnswer, Receipt, Redirect, SaleAnswer, Unclear};
use crate::schedule;
use crate::time::{Millis, Timestamp};

/// Decides what `command` does to the payment `current` (nothing, if there is none yet) at `now`.
///
/// # Errors
/// A [`Rejection`] when the command may not be carried out; nothing changes then.
pub fn decide(
    current: Option<Payment>,
    command: Command,
    now: Timestamp,
) -> Result<Decision, Rejection> {
    match (current, command) {
        (None, Command::AcceptSale { key, operation, terms }) => {
            Ok(accept_sale(key, operation, *terms, now))
        }
        (Some(payment), Command::AcceptSale { terms, .. }) => Err(Rejection::PaymentExists {
            same: payment.terms.request_digest == terms.request_digest,
            request: payment.sale.request,
        }),
        (None, _) => Err(Rejection::PaymentNotFound),
        (Some(payment), command) => change(Change::of(payment, now), command),
    }
}

fn change(change: Change, command: Command) -> Result<Decision, Rejection> {
    match command {
        Command::AcceptSale { .. } => Err(Rejection::OutOfPlace),
        Command::SaleInitiated(answer) => Ok(sale_initiated(change, answer)),
        Command::ProviderHint => provider_hint(change),
        Command::SaleAnswered { answer, last, give_back } => {
            Ok(sale_answered(change, answer, last, give_back))
        }
        Command::LimitReached => Ok(limit_reached(change)),
        Command::AcceptRefund(request) => refunds::accept(change, request),
        Command::RefundSending(operation) => refunds::sending(change, operation),
        Command::RefundAnswered { operation, answer } => {
            refunds::answered(change, operation, answer)
        }
        Command::RetryGiveBack { operation } => refunds::retry_give_back(change, operation),
    }
}

fn accept_sale(key: PaymentKey, operation: NewOperation, terms: Terms, now: Timestamp) -> Decision {
    let limit_at = terms.limit_at;
    let sale = Sale {
        id: operation.id,
        request: operation.request,
        reference: operation.reference,
        created: now,
        updated: now,
        last_question_asked: false,
        state: SaleState::Initiating,
    };
    let payment = Payment { key, version: 0, terms, sale, refunds: Vec::new() };
    let last_question = limit_at.plus(Millis(LAST_QUESTION_LEAD.0.saturating_neg())).max(now);

    let mut change = Change::of(payment, now);
    change.record(Event::SaleAccepted);
    change.schedule(JobKind::InitiateSale, now);
    change.schedule(JobKind::LimitSale, last_question);
    change.done()
}

fn sale_initiated(mut change: Change, answer: InitiateAnswer) -> Decision {
    match (&change.payment.sale.state, answer) {
        (SaleState::Initiating, InitiateAnswer::Redirect(redirect)) => {
            change.await_redirect(redirect);
        }
        (SaleState::Initiating, InitiateAnswer::Refused(code)) => {
            change.decline(code, None);
            change.cancel(JobKind::AskSale);
        }
        (SaleState::Initiating, InitiateAnswer::Unknown(reason)) => {
            let again = schedule::next_initiation(change.payment.sale.created, change.now);
            change.record_unclear(reason);
            change.schedule(JobKind::InitiateSale, again);
            change.ask_later();
        }
        (
            SaleState::AwaitingRedirect(_)
            | SaleState::Captured(_)
            | SaleState::Declined { .. }
            | SaleState::DeclinedThenPaid { .. },
            _,
        ) => change.cancel(JobKind::InitiateSale),
    }
    change.done()
}

fn provider_hint(mut change: Change) -> Result<Decision, Rejection> {
    match change.payment.sale.state {
        SaleState::Initiating | SaleState::AwaitingRedirect(_) | SaleState::Declined { .. } => {
            change.schedule(JobKind::AskSale, change.now);
            Ok(change.done())
        }
        SaleState::Captured(_) | SaleState::DeclinedThenPaid { .. } => Err(Rejection::OutOfPlace),
    }
}

fn sale_answered(
    mut change: Change,
    answer: SaleAnswer,
    last: bool,
    give_back: NewOperation,
) -> Decision {
    let open =
        matches!(change.payment.sale.state, SaleState::Initiating | SaleState::AwaitingRedirect(_));
    if last && open {
        change.payment.sale.last_question_asked = true;
        let limit_at = change.payment.terms.limit_at;
        change.schedule(JobKind::LimitSale, limit_at.max(change.now));
    }
    match (&change.payment.sale.state, answer) {
        (SaleState::Initiating | SaleState::AwaitingRedirect(_), SaleAnswer::Paid(receipt)) => {
            change.capture(receipt);
        }
        (
            SaleState::Initiating | SaleState::AwaitingRedirect(_),
            SaleAnswer::Failed { code, transaction_id },
        ) => change.decline(code, transaction_id),
        (SaleState::Declined { code, .. }, SaleAnswer::Paid(receipt)) => {
            let code = *code;
            change.paid_after_decline(code, receipt, give_back);
        }
        (
            SaleState::Captured(_) | SaleState::DeclinedThenPaid { .. },
            SaleAnswer::Failed { code, .. },
        ) => {
            let now_says = format!("sale failed: {} {}", code.number(), code.message());
            change.record(Event::ProviderContradiction { now_says });
            change.cancel(JobKind::AskSale);
        }
        (_, SaleAnswer::Unknown(reason)) => {
            change.record_unclear(reason);
            change.ask_later();
        }
        (
            SaleState::Captured(_) | SaleState::DeclinedThenPaid { .. },
            SaleAnswer::Paid(_) | SaleAnswer::Pending,
        ) => change.cancel(JobKind::AskSale),
        (
            SaleState::Initiating | SaleState::AwaitingRedirect(_) | SaleState::Declined { .. },
            SaleAnswer::Pending,
        )
        | (SaleState::Declined { .. }, SaleAnswer::Failed { .. }) => change.ask_later(),
    }
    change.done()
}

fn limit_reached(mut change: Change) -> Decision {
    match change.payment.sale.state {
        SaleState::Initiating | SaleState::AwaitingRedirect(_)
            if change.now >= change.payment.terms.limit_at =>
        {
            change.decline(Code::AutoDecline, None);
        }
        // A clock that ran ahead rang too early. The deadline must outlive that (I8).
        SaleState::Initiating | SaleState::AwaitingRedirect(_) => {
            let limit_at = change.payment.terms.limit_at;
            change.schedule(JobKind::LimitSale, limit_at);
        }
        SaleState::Captured(_)
        | SaleState::Declined { .. }
        | SaleState::DeclinedThenPaid { .. } => change.cancel(JobKind::LimitSale),
    }
    change.done()
}

/// A decision in the making.
struct Change {
    now: Timestamp,
    payment: Payment,
    events: Vec<Event>,
    jobs: Vec<JobChange>,
    callbacks: Vec<CallbackKind>,
    transfers: Vec<Transfer>,
}

impl Change {
    fn of(payment: Payment, now: Timestamp) -> Self {
        Self { now, payment, events: vec![], jobs: vec![], callbacks: vec![], transfers: vec![] }
    }

    fn done(self) -> Decision {
        debug_assert!(self.payment.balance().holds(), "more goes back than was taken");
        Decision {
            payment: self.payment,
            events: self.events,
            jobs: self.jobs,
            callbacks: self.callbacks,
            transfers: self.transfers,
        }
    }

    fn record(&mut self, event: Event) {
        self.payment.version = self.payment.version.saturating_add(1);
        self.events.push(event);
    }

    /// Records an answer that could not be believed, unless it only failed to arrive: silence is
    /// logged, not remembered, or an outage would fill the histories.
    fn record_unclear(&mut self, reason: Unclear) {
        match reason {
            Unclear::NotSent | Unclear::NoAnswer | Unclear::ProviderFault => {}
            Unclear::Unreadable
            | Unclear::NotAuthentic
            | Unclear::Mismatch
            | Unclear::UnknownCode => self.record(Event::ProviderUnclear { reason }),
        }
    }

    fn schedule(&mut self, kind: JobKind, at: Timestamp) {
        self.jobs.push(JobChange::Schedule { kind, at });
    }

    fn cancel(&mut self, kind: JobKind) {
        self.jobs.push(JobChange::Cancel(kind));
    }

    fn transfer(&mut self, operation: OperationId, from: Account, to: Account, amount: Amount) {
        self.transfers.push(Transfer { operation, from, to, amount });
    }

    /// Moves `amount` of the payment's currency out of `from` and the `converted` sum of the
    /// settlement currency into `to`.
    fn convert(
        &mut self,
        operation: OperationId,
        (from, amount): (Account, Amount),
        (to, converted): (Account, Amount),
    ) {
        if amount == converted {
            self.transfer(operation, from, to, amount);
        } else {
            self.transfer(operation, from, Account::Conversion, amount);
            self.transfer(operation, Account::Conversion, to, converted);
        }
    }

    /// Plans the next question about the sale, as its state wants it.
    fn ask_later(&mut self) {
        let created = self.payment.sale.created;
        let seed = u64::try_from(self.payment.sale.id.0).unwrap_or(0);
        let next = match self.payment.sale.state {
            SaleState::Initiating | SaleState::AwaitingRedirect(_) => {
                schedule::next_question(created, self.now, seed)
            }
            SaleState::Declined { .. } => schedule::next_late_question(created, self.now),
            SaleState::Captured(_) | SaleState::DeclinedThenPaid { .. } => None,
        };
        match next {
            Some(at) => self.schedule(JobKind::AskSale, at),
            None => self.cancel(JobKind::AskSale),
        }
    }

    fn enter(&mut self, state: SaleState) {
        self.payment.sale.state = state;
        self.payment.sale.updated = self.now;
    }

    fn await_redirect(&mut self, redirect: Redirect) {
        self.enter(SaleState::AwaitingRedirect(redirect));
        self.record(Event::RedirectReady);
        self.cancel(JobKind::InitiateSale);
        self.ask_later();
        self.callbacks.push(CallbackKind::Redirect);
    }

    fn capture(&mut self, receipt: Receipt) {
        self.record(Event::SaleCaptured { mode: receipt.mode.clone() });
        self.enter(SaleState::Captured(receipt));
        self.end_sale();
        self.cancel(JobKind::AskSale);
        let sale = self.payment.sale.id;
        let Terms { amount, converted, .. } = self.payment.terms;
        self.convert(sale, (Account::Customer, amount), (Account::Merchant, converted));
        self.callbacks.push(CallbackKind::Sale);
    }

    fn decline(&mut self, code: Code, transaction_id: Option<String>) {
        self.enter(SaleState::Declined { code, transaction_id });
        self.record(Event::SaleDeclined { code });
        self.end_sale();
        self.ask_later();
        self.callbacks.push(CallbackKind::Sale);
    }

    fn end_sale(&mut self) {
        self.cancel(JobKind::InitiateSale);
        self.cancel(JobKind::LimitSale);
    }

    /// Edge L: the provider has the money of a declined payment. It goes to the suspense account
    /// first, so that the books are true at once, and from there where the project wants it.
    fn paid_after_decline(&mut self, code: Code, receipt: Receipt, give_back: NewOperation) {
        let sale = self.payment.sale.id;
        let Terms { amount, converted, late_success, .. } = self.payment.terms;
        self.record(Event::PaidAfterDecline);
        self.cancel(JobKind::AskSale);
        self.transfer(sale, Account::Customer, Account::Suspense, amount);
        match late_success {
            LateSuccessPolicy::Promote => {
                self.enter(SaleState::Captured(receipt));
                self.record(Event::SalePromoted);
                self.convert(sale, (Account::Suspense, amount), (Account::Merchant, converted));
                self.callbacks.push(CallbackKind::Sale);
            }
            LateSuccessPolicy::GiveBack => {
                self.enter(SaleState::DeclinedThenPaid { code, receipt });
                refunds::give_back(self, give_back);
            }
        }
    }
}
