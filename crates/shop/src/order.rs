//! An order, and what its callbacks say about it.
//!
//! Callbacks may come twice and out of order, so nothing is overwritten: an order keeps each one,
//! and what it knows is the greatest of them by date. Their order of arrival means nothing.

use std::collections::BTreeMap;

use wire::callback::{Callback, Operation, RedirectData};
use wire::vocabulary::{OperationStatus, OperationType, PaymentStatus, RedirectMethod};

use crate::gate::Reply;
use crate::payment_page::{Link, Presentation};

/// The only currency Paytm takes.
pub(crate) const CURRENCY: &str = "INR";

#[derive(Debug, Clone)]
pub(crate) struct Order {
    /// Also the payment's id on the platform.
    pub(crate) id: String,
    /// What was bought, for people.
    pub(crate) item: String,
    /// Paise.
    pub(crate) amount: i64,
    pub(crate) payment: Begun,
    /// The customer has been sent on to pay.
    pub(crate) handed_over: bool,
    /// In order of arrival, each once.
    pub(crate) receipts: Vec<Receipt>,
    /// Refunds asked for in this shop, in order.
    pub(crate) refunds: Vec<Refund>,
    /// How often the order has changed.
    pub(crate) revision: u64,
}

/// How the payment was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Begun {
    /// With a sale sent to Gate, which answered this.
    ByGate(Reply),
    /// With a signed link to Payment Page.
    ByPage(Link),
}

/// A callback whose signature is right.
#[derive(Debug, Clone)]
pub(crate) struct Receipt {
    pub(crate) callback: Callback,
    /// The body as it came, set out for reading.
    pub(crate) json: String,
    /// How often it came.
    pub(crate) deliveries: u32,
    /// It speaks of another sum, so it is shown and not believed.
    pub(crate) is_disputed: bool,
}

/// A refund asked for in this shop.
#[derive(Debug, Clone)]
pub(crate) struct Refund {
    /// The merchant's id of it; also what makes sending the form twice harmless.
    pub(crate) id: String,
    /// Paise; `None` for all that is left.
    pub(crate) amount: Option<i64>,
    pub(crate) reply: Reply,
}

impl Order {
    /// An order for which Gate is about to be asked.
    pub(crate) fn new(id: String, item: String, amount: i64) -> Self {
        Self {
            id,
            item,
            amount,
            payment: Begun::ByGate(Reply::Awaited),
            handed_over: false,
            receipts: Vec::new(),
            refunds: Vec::new(),
            revision: 0,
        }
    }

    /// Takes in a verified callback. One that says what an earlier one said is only counted.
    pub(crate) fn receive(&mut self, callback: Callback, json: String) {
        if let Some(known) =
            self.receipts.iter_mut().find(|receipt| key(&receipt.callback) == key(&callback))
        {
            known.deliveries = known.deliveries.saturating_add(1);
            return;
        }
        let sum = callback.payment.sum.as_ref();
        let is_disputed =
            sum.is_some_and(|sum| sum.amount != self.amount || sum.currency != CURRENCY);
        self.receipts.push(Receipt { callback, json, deliveries: 1, is_disputed });
    }

    /// The callback that tells how the payment stands.
    pub(crate) fn latest(&self) -> Option<&Callback> {
        self.believed().max_by_key(|callback| position(callback))
    }

    /// How the payment stands, as far as callbacks have told.
    pub(crate) fn status(&self) -> Option<PaymentStatus> {
        self.latest().map(|callback| callback.payment.status)
    }

    /// Where to send the customer, unless the payment has come further already.
    pub(crate) fn redirect(&self) -> Option<RedirectData> {
        if let Some(link) = self.open_link() {
            let (body, method) = (Vec::new(), RedirectMethod::Get);
            return Some(RedirectData { body, method, url: link.url.clone() });
        }
        self.latest()?.redirect_data.clone()
    }

    /// The link to Payment Page, for as long as there may be something to do there: it opens the
    /// one payment at any time, also for another attempt.
    pub(crate) fn open_link(&self) -> Option<&Link> {
        match &self.payment {
            Begun::ByPage(link) if self.is_open() => Some(link),
            Begun::ByPage(_) | Begun::ByGate(_) => None,
        }
    }

    /// Whether the outcome of the payment is still to come, as far as callbacks have told. What is
    /// being given back has been paid, even if the status is “processing” meanwhile.
    pub(crate) fn is_open(&self) -> bool {
        self.status().is_none_or(|status| Stage::of(status) == Stage::Open)
            && self.refund_operations().is_empty()
    }

    /// Whether the browser is to leave the order's page by itself once it knows where to go.
    pub(crate) fn leaves(&self) -> bool {
        match &self.payment {
            Begun::ByPage(link) => link.presentation == Presentation::Redirect,
            Begun::ByGate(_) => true,
        }
    }

    /// The attempts to pay that callbacks tell of, each as it stands, oldest first. Of these, the
    /// last may have failed while the payment is open: what counts is the payment's status.
    pub(crate) fn sale_operations(&self) -> Vec<&Operation> {
        self.operations(|kind| kind == OperationType::Sale)
    }

    /// The refunds that callbacks tell of, each as it stands, oldest first.
    pub(crate) fn refund_operations(&self) -> Vec<&Operation> {
        self.operations(|kind| matches!(kind, OperationType::Refund | OperationType::Reversal))
    }

    fn operations(&self, wanted: impl Fn(OperationType) -> bool) -> Vec<&Operation> {
        let mut latest = BTreeMap::new();
        for callback in self.believed() {
            let Some(operation) = callback.operation.as_ref().filter(|it| wanted(it.kind)) else {
                continue;
            };
            let news = (position(callback), operation);
            let known = latest.entry(operation.id).or_insert(news);
            if position(callback) > known.0 {
                *known = (position(callback), operation);
            }
        }
        let mut operations: Vec<&Operation> = latest.into_values().map(|(_, it)| it).collect();
        operations.sort_by_key(|operation| (operation.created_date, operation.id));
        operations
    }

    /// Paise given back, as far as callbacks have told.
    pub(crate) fn refunded(&self) -> i64 {
        self.refund_operations()
            .into_iter()
            .filter(|operation| operation.status == OperationStatus::Success)
            .fold(0, |sum, operation| sum.saturating_add(operation.sum_initial.amount))
    }

    /// Paise that may still be given back.
    pub(crate) fn refundable(&self) -> i64 {
        match self.status() {
            Some(status) if Stage::of(status) >= Stage::Paid => {
                self.amount.saturating_sub(self.refunded()).max(0)
            }
            Some(_) | None => 0,
        }
    }

    /// The id of the next refund.
    pub(crate) fn next_refund_id(&self) -> String {
        format!("{}-refund-{}", self.id, self.refunds.len().saturating_add(1))
    }

    /// Whether nothing is expected any more.
    pub(crate) fn is_settled(&self) -> bool {
        let refunds_ended =
            self.refund_operations().iter().all(|operation| has_ended(operation.status));
        let sale_ended = match self.status() {
            Some(status) => Stage::of(status) != Stage::Open,
            None => matches!(self.payment, Begun::ByGate(Reply::Refused { .. })),
        };
        let accepted =
            self.refunds.iter().filter(|refund| matches!(refund.reply, Reply::Accepted { .. }));
        sale_ended && refunds_ended && accepted.count() <= self.refund_operations().len()
    }

    fn believed(&self) -> impl Iterator<Item = &Callback> {
        let believed = self.receipts.iter().filter(|receipt| !receipt.is_disputed);
        believed.map(|receipt| &receipt.callback)
    }
}

/// What makes two callbacks the same message: the operation with its type and status, and the
/// payment's status, which may change while the operation stays as it is.
fn key(callback: &Callback) -> (Option<(i64, OperationType, OperationStatus)>, PaymentStatus) {
    let operation = callback.operation.as_ref();
    (operation.map(|it| (it.id, it.kind, it.status)), callback.payment.status)
}

/// How late in a payment's life a callback speaks. Dates have whole seconds, so within one the
/// stage decides, then the younger operation, then how far that is; an error about a request has no
/// date, and outweighs nothing.
fn position(callback: &Callback) -> impl Ord + use<'_> {
    let payment = &callback.payment;
    let operation = callback.operation.as_ref();
    (
        payment.date,
        Stage::of(payment.status),
        operation.map(|it| (it.created_date, it.id, progress(it.status))),
        payment.status.as_str(),
    )
}

/// How far a payment has come. This follows from the payment's status alone: an operation may fail
/// while its payment is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// The outcome is still to come.
    Open,
    /// It ended without money.
    Failed,
    /// The customer's money has come.
    Paid,
    /// Some of it has gone back.
    PartlyRefunded,
    /// All of it has gone back.
    Refunded,
}

impl Stage {
    /// Every status has its place here, so that none is taken for something it is not.
    pub(crate) const fn of(status: PaymentStatus) -> Self {
        use PaymentStatus as S;
        match status {
            S::Processing
            | S::ExternalProcessing
            | S::AwaitingRedirectResult
            | S::AwaitingCustomer
            | S::AwaitingCustomerAction
            | S::Awaiting3dsResult
            | S::AwaitingMerchantAuth
            | S::AwaitingClarification
            | S::AwaitingClarifyData
            | S::AwaitingApproval
            | S::AwaitingCapture
            | S::AwaitingPayment
            | S::AwaitingRetry
            | S::AwaitingConfirmation
            | S::AwaitingFinalization
            | S::AwaitingClearing
            | S::AwaitingPartiallyClearing
            | S::ClearingProcessing
            | S::ScheduledRecurringProcessing
            | S::PartiallyPaid
            | S::PartiallyPaidOut
            | S::InvoiceSent => Self::Open,
            S::Decline
            | S::DeclineRenewal
            | S::Error
            | S::InternalError
            | S::ExternalError
            | S::Expired
            | S::Cancelled
            | S::InvoiceCancelled => Self::Failed,
            S::Success => Self::Paid,
            S::PartiallyRefunded | S::PartiallyReversed => Self::PartlyRefunded,
            S::Refunded | S::Reversed => Self::Refunded,
        }
    }
}

/// Whether an operation will not change any more.
fn has_ended(status: OperationStatus) -> bool {
    use OperationStatus as S;
    matches!(
        status,
        S::Success | S::Decline | S::Error | S::InternalError | S::ExternalError | S::Expired
    )
}

/// How far an operation has come: under way, failed with another one possible, ended.
fn progress(status: OperationStatus) -> u8 {
    if has_ended(status) { 2 } else { u8::from(status == OperationStatus::AwaitingCustomer) }
}

#[cfg(test)]
mod tests;
