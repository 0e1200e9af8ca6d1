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
            request: payment.request().clone(),
        }),
        (None, _) => Err(Rejection::PaymentNotFound),
        (Some(payment), command) => change(Change::of(payment, now), command),
    }
}

fn change(change: Change, command: Command) -> Result<Decision, Rejection> {
    match command {
        Command::AcceptSale { .. } => Err(Rejection::OutOfPlace),
        Command::SaleInitiated { sale, answer } => sale_initiated(change, sale, answer),
        Command::ProviderHint(sale) => provider_hint(change, sale),
        Command::SaleAnswered { sale, answer, last, give_back } => {
            sale_answered(change, sale, answer, last, give_back)
        }
        Command::LimitReached => Ok(limit_reached(change)),
        Command::RetrySale(operation) => retry_sale(change, operation),
        Command::GiveUp => give_up(change),
        Command::AcceptRefund(request) => refunds::accept(change, request),
        Command::RefundSending(operation) => refunds::sending(change, operation),
        Command::RefundAnswered { operation, answer } => {
            refunds::answered(change, operation, answer)
        }
        Command::RetryGiveBack { sale, operation } => {
            refunds::retry_give_back(change, sale, operation)
        }
    }
}

fn accept_sale(key: PaymentKey, operation: NewOperation, terms: Terms, now: Timestamp) -> Decision {
    let limit_at = terms.limit_at;
    let sale = new_attempt(operation, 1, now);
    let payment =
        Payment { key, version: 0, terms, sale, earlier: Vec::new(), refunds: Vec::new() };
    let last_question = limit_at.plus(Millis(LAST_QUESTION_LEAD.0.saturating_neg())).max(now);

    let mut change = Change::of(payment, now);
    change.record(Event::SaleAccepted);
    change.initiate();
    change.schedule(JobKind::LimitSale, last_question);
    change.done()
}

/// A new attempt at a sale.
fn new_attempt(operation: NewOperation, attempt: u32, now: Timestamp) -> Sale {
    Sale {
        id: operation.id,
        attempt,
        request: operation.request,
        reference: operation.reference,
        created: now,
        updated: now,
        last_question_asked: false,
        state: SaleState::Initiating,
    }
}

fn sale_initiated(
    mut change: Change,
    sale: OperationId,
    answer: InitiateAnswer,
) -> Result<Decision, Rejection> {
    match (&change.attempt(sale)?.state, answer) {
        (SaleState::Initiating, InitiateAnswer::Redirect(redirect)) => {
            change.await_redirect(redirect);
        }
        (SaleState::Initiating, InitiateAnswer::Refused(code)) => {
            change.fail(code, None);
            change.cancel(JobKind::AskSale(sale));
        }
        (SaleState::Initiating, InitiateAnswer::Unknown(reason)) => {
            let again = schedule::next_initiation(change.payment.sale.created, change.now);
            change.record_unclear(reason);
            change.schedule(JobKind::InitiateSale(sale), again);
            change.ask_later(sale);
        }
        (
            SaleState::AwaitingRedirect(_)
            | SaleState::AwaitingRetry { .. }
            | SaleState::Captured(_)
            | SaleState::Declined { .. }
            | SaleState::DeclinedThenPaid { .. },
            _,
        ) => change.cancel(JobKind::InitiateSale(sale)),
    }
    Ok(change.done())
}

fn provider_hint(mut change: Change, sale: OperationId) -> Result<Decision, Rejection> {
    if change.attempt(sale)?.state.is_paid() {
        return Err(Rejection::OutOfPlace);
    }
    change.schedule(JobKind::AskSale(sale), change.now);
    Ok(change.done())
}

fn sale_answered(
    mut change: Change,
    sale: OperationId,
    answer: SaleAnswer,
    last: bool,
    give_back: NewOperation,
) -> Result<Decision, Rejection> {
    if last && change.payment.sale.state.is_open() {
        change.payment.sale.last_question_asked |= change.payment.sale.id == sale;
        let limit_at = change.payment.terms.limit_at;
        change.schedule(JobKind::LimitSale, limit_at.max(change.now));
    }
    let attempt = change.attempt(sale)?;
    match (&attempt.state, answer) {
        (
            SaleState::Initiating
            | SaleState::AwaitingRedirect(_)
            | SaleState::AwaitingRetry { .. },
            SaleAnswer::Paid(receipt),
        ) => change.capture(receipt),
        (
            SaleState::Initiating | SaleState::AwaitingRedirect(_),
            SaleAnswer::Failed { code, transaction_id },
        ) => change.fail(code, transaction_id),
        (SaleState::Declined { code, .. }, SaleAnswer::Paid(receipt)) => {
            let code = *code;
            change.paid_after_decline(sale, code, receipt, give_back);
        }
        (
            SaleState::Captured(_) | SaleState::DeclinedThenPaid { .. },
            SaleAnswer::Failed { code, .. },
        ) => {
            let order = &attempt.reference.0;
            let now_says = format!("order {order} failed: {} {}", code.number(), code.message());
            change.record(Event::ProviderContradiction { now_says });
            change.cancel(JobKind::AskSale(sale));
        }
        (_, SaleAnswer::Unknown(reason)) => {
            change.record_unclear(reason);
            change.ask_later(sale);
        }
        (
            SaleState::Captured(_) | SaleState::DeclinedThenPaid { .. },
            SaleAnswer::Paid(_) | SaleAnswer::Pending,
        ) => change.cancel(JobKind::AskSale(sale)),
        (
            SaleState::Initiating
            | SaleState::AwaitingRedirect(_)
            | SaleState::AwaitingRetry { .. }
            | SaleState::Declined { .. },
            SaleAnswer::Pending,
        )
        | (
            SaleState::AwaitingRetry { .. } | SaleState::Declined { .. },
            SaleAnswer::Failed { .. },
        ) => change.ask_later(sale),
    }
    Ok(change.done())
}

fn limit_reached(mut change: Change) -> Decision {
    let sale = &change.payment.sale;
    let limit_at = change.payment.terms.limit_at;
    if !sale.state.is_open() {
        change.cancel(JobKind::LimitSale);
    } else if change.now < limit_at {
        // A clock that ran ahead rang too early. The deadline must outlive that (I8).
        change.schedule(JobKind::LimitSale, limit_at);
    } else if let SaleState::AwaitingRetry { code, transaction_id } = sale.state.clone() {
        change.end_declined(code, transaction_id);
    } else {
        change.decline(Code::AutoDecline, None);
    }
    change.done()
}

fn retry_sale(mut change: Change, operation: NewOperation) -> Result<Decision, Rejection> {
    let SaleState::AwaitingRetry { code, transaction_id } = change.payment.sale.state.clone()
    else {
        return Err(Rejection::OutOfPlace);
    };
    if !change.has_time_to_retry() {
        return Err(Rejection::OutOfPlace);
    }
    let attempt = change.payment.sale.attempt.saturating_add(1);
    let event = Event::SaleRetried { operation: operation.id };
    let next = new_attempt(operation, attempt, change.now);
    let mut failed = std::mem::replace(&mut change.payment.sale, next);
    failed.state = SaleState::Declined { code, transaction_id };
    change.payment.earlier.push(failed);
    change.record(event);
    change.initiate();
    Ok(change.done())
}

fn give_up(mut change: Change) -> Result<Decision, Rejection> {
    let SaleState::AwaitingRetry { code, transaction_id } = change.payment.sale.state.clone()
    else {
        return Err(Rejection::OutOfPlace);
    };
    change.end_declined(code, transaction_id);
    Ok(change.done())
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

    /// The attempt at the sale that a command is about.
    fn attempt(&self, sale: OperationId) -> Result<&Sale, Rejection> {
        self.payment.attempt(sale).ok_or(Rejection::OutOfPlace)
    }

    /// Opens the order of the newest attempt.
    fn initiate(&mut self) {
        self.schedule(JobKind::InitiateSale(self.payment.sale.id), self.now);
    }

    /// Plans the next question about an attempt, as its state wants it.
    fn ask_later(&mut self, sale: OperationId) {
        let Some(attempt) = self.payment.attempt(sale) else { return };
        let seed = u64::try_from(sale.0).unwrap_or(0);
        let next = match attempt.state {
            SaleState::Initiating | SaleState::AwaitingRedirect(_) => {
                schedule::next_question(attempt.created, self.now, seed)
            }
            SaleState::AwaitingRetry { .. } | SaleState::Declined { .. } => {
                schedule::next_late_question(attempt.created, self.now)
            }
            SaleState::Captured(_) | SaleState::DeclinedThenPaid { .. } => None,
        };
        match next {
            Some(at) => self.schedule(JobKind::AskSale(sale), at),
            None => self.cancel(JobKind::AskSale(sale)),
        }
    }

    fn enter(&mut self, sale: OperationId, state: SaleState) {
        let mut attempts = self.payment.earlier.iter_mut().chain([&mut self.payment.sale]);
        if let Some(attempt) = attempts.find(|attempt| attempt.id == sale) {
            attempt.state = state;
            attempt.updated = self.now;
        }
    }

    fn await_redirect(&mut self, redirect: Redirect) {
        let sale = self.payment.sale.id;
        self.enter(sale, SaleState::AwaitingRedirect(redirect));
        self.record(Event::RedirectReady);
        self.cancel(JobKind::InitiateSale(sale));
        self.ask_later(sale);
        self.callbacks.push(CallbackKind::Redirect);
    }

    fn capture(&mut self, receipt: Receipt) {
        let sale = self.payment.sale.id;
        self.record(Event::SaleCaptured { mode: receipt.mode.clone() });
        self.enter(sale, SaleState::Captured(receipt));
        self.end_sale();
        self.cancel(JobKind::AskSale(sale));
        let Terms { amount, converted, .. } = self.payment.terms;
        self.convert(sale, (Account::Customer, amount), (Account::Merchant, converted));
        self.callbacks.push(CallbackKind::Sale);
    }

    /// The provider declined the attempt: the customer may try again, or the sale is declined.
    fn fail(&mut self, code: Code, transaction_id: Option<String>) {
        let sale = &self.payment.sale;
        let may_retry = sale.attempt < self.payment.terms.attempts
            && code.allows_retry()
            && self.has_time_to_retry();
        if !may_retry {
            self.decline(code, transaction_id);
            return;
        }
        let sale = sale.id;
        self.enter(sale, SaleState::AwaitingRetry { code, transaction_id });
        self.record(Event::AttemptDeclined { code });
        self.cancel(JobKind::InitiateSale(sale));
        self.ask_later(sale);
        self.callbacks.push(CallbackKind::Sale);
    }

    fn has_time_to_retry(&self) -> bool {
        self.now < self.payment.retry_until()
    }

    fn decline(&mut self, code: Code, transaction_id: Option<String>) {
        self.end_declined(code, transaction_id);
        self.ask_later(self.payment.sale.id);
    }

    /// Declines the sale. What is still to be asked about the attempt has been planned.
    fn end_declined(&mut self, code: Code, transaction_id: Option<String>) {
        self.enter(self.payment.sale.id, SaleState::Declined { code, transaction_id });
        self.record(Event::SaleDeclined { code });
        self.end_sale();
        self.callbacks.push(CallbackKind::Sale);
    }

    fn end_sale(&mut self) {
        self.cancel(JobKind::InitiateSale(self.payment.sale.id));
        self.cancel(JobKind::LimitSale);
    }

    /// Edge L: the provider has the money of a declined attempt. It goes to the suspense account
    /// first, so that the books are true at once, and from there where the project wants it. After
    /// an attempt that another one followed it always goes back: the other one decides the payment.
    fn paid_after_decline(
        &mut self,
        sale: OperationId,
        code: Code,
        receipt: Receipt,
        give_back: NewOperation,
    ) {
        let Terms { amount, converted, late_success, .. } = self.payment.terms;
        self.record(Event::PaidAfterDecline);
        self.cancel(JobKind::AskSale(sale));
        self.transfer(sale, Account::Customer, Account::Suspense, amount);
        match late_success {
            LateSuccessPolicy::Promote if sale == self.payment.sale.id => {
                self.enter(sale, SaleState::Captured(receipt));
                self.record(Event::SalePromoted);
                self.convert(sale, (Account::Suspense, amount), (Account::Merchant, converted));
                self.callbacks.push(CallbackKind::Sale);
            }
            LateSuccessPolicy::Promote | LateSuccessPolicy::GiveBack => {
                self.enter(sale, SaleState::DeclinedThenPaid { code, receipt });
                refunds::give_back(self, sale, give_back);
            }
        }
    }
}
