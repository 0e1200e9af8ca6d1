//! Refunds: reserved when accepted, sent one at a time, ended only by a definite answer.

use super::Change;
use crate::code::Code;
use crate::command::RefundRequest;
use crate::decision::{CallbackKind, Decision, Event, JobKind, Rejection};
use crate::id::{NewOperation, OperationId};
use crate::journal::Account;
use crate::limits::{GIVE_BACK_ATTEMPTS, REFUNDS_PER_PAYMENT};
use crate::money::Amount;
use crate::payment::{CallbackPreference, Payment, SaleState};
use crate::provider::RefundAnswer;
use crate::refund::{Refund, RefundOrigin, RefundState};
use crate::schedule;
use crate::time::Timestamp;

pub(super) fn accept(mut change: Change, request: RefundRequest) -> Result<Decision, Rejection> {
    let payment = &change.payment;
    allow(payment, &request)?;
    let terms = &payment.terms;
    let remaining = payment.balance_of(&payment.sale).remaining();
    let amount = match request.amount {
        Some(amount) => amount,
        None if remaining > 0 => in_currency_of(terms.amount, remaining),
        None => terms.amount,
    };
    let fits = (1..=remaining).contains(&amount.minor());
    let refund = Refund {
        id: request.operation.id,
        sale: payment.sale.id,
        request: request.operation.request,
        reference: request.operation.reference,
        merchant_refund_id: request.merchant_refund_id,
        origin: RefundOrigin::Merchant,
        amount,
        converted: if fits {
            converted_share(payment, amount, remaining)
        } else {
            part_of(terms.converted, amount.minor(), terms.amount.minor())
        },
        description: request.description,
        callback: request.callback,
        created: change.now,
        updated: change.now,
        state: if fits {
            RefundState::Queued
        } else {
            RefundState::Declined { code: Code::RefundTooLarge }
        },
    };
    if fits {
        reserve(&mut change, refund, Account::Merchant);
    } else {
        let operation = refund.id;
        change.payment.refunds.push(refund);
        change.record(Event::RefundDeclined { operation, code: Code::RefundTooLarge });
        change.callbacks.push(CallbackKind::Refund(operation));
    }
    Ok(change.done())
}

fn allow(payment: &Payment, request: &RefundRequest) -> Result<(), Rejection> {
    let same_id = |refund: &&Refund| {
        refund.merchant_refund_id.is_some()
            && refund.merchant_refund_id == request.merchant_refund_id
    };
    if let Some(earlier) = payment.refunds.iter().find(same_id) {
        return Err(Rejection::RefundExists { request: earlier.request.clone() });
    }
    if !matches!(payment.sale.state, SaleState::Captured(_)) {
        return Err(Rejection::NotRefundable { status: payment.status() });
    }
    if payment.refunds.len() >= REFUNDS_PER_PAYMENT {
        return Err(Rejection::TooManyRefunds);
    }
    let currency = payment.terms.amount.currency();
    match request.amount {
        Some(amount) if amount.currency() != currency => Err(Rejection::RefundCurrency),
        Some(_) | None => Ok(()),
    }
}

/// Starts giving the whole late sum of an attempt back to the customer.
pub(super) fn give_back(change: &mut Change, sale: OperationId, operation: NewOperation) {
    let payment = &change.payment;
    let refund = Refund {
        id: operation.id,
        sale,
        request: operation.request,
        reference: operation.reference,
        merchant_refund_id: None,
        origin: RefundOrigin::LateSuccess,
        amount: payment.terms.amount,
        converted: payment.terms.converted,
        description: payment.terms.description.clone(),
        callback: CallbackPreference {
            url: payment.terms.callback.url.clone(),
            ..CallbackPreference::default()
        },
        created: change.now,
        updated: change.now,
        state: RefundState::Queued,
    };
    reserve(change, refund, Account::Suspense);
}

pub(super) fn retry_give_back(
    mut change: Change,
    sale: OperationId,
    operation: NewOperation,
) -> Result<Decision, Rejection> {
    let attempt = change.attempt(sale)?;
    let late = matches!(attempt.state, SaleState::DeclinedThenPaid { .. });
    let remaining = change.payment.balance_of(attempt).remaining();
    if !late || remaining < change.payment.terms.amount.minor() {
        return Err(Rejection::OutOfPlace);
    }
    change.cancel(JobKind::GiveBack(sale));
    give_back(&mut change, sale, operation);
    Ok(change.done())
}

pub(super) fn sending(mut change: Change, operation: OperationId) -> Result<Decision, Rejection> {
    let now = change.now;
    let sale = find(&mut change.payment, operation)?.sale;
    if change.payment.refunds_of(sale).any(|refund| refund.state.is_at_provider()) {
        return Err(Rejection::OutOfPlace);
    }
    let refund = find(&mut change.payment, operation)?;
    if refund.state != RefundState::Queued {
        return Err(Rejection::OutOfPlace);
    }
    refund.state = RefundState::Sent { since: now };
    refund.updated = now;
    change.record(Event::RefundSent { operation });
    change.schedule(JobKind::Refund(operation), next_question(operation, now, now));
    Ok(change.done())
}

pub(super) fn answered(
    mut change: Change,
    operation: OperationId,
    answer: RefundAnswer,
) -> Result<Decision, Rejection> {
    let now = change.now;
    let refund = find(&mut change.payment, operation)?;
    let (since, known_id) = match &refund.state {
        RefundState::Sent { since } => (*since, None),
        RefundState::Pending { since, provider_id } => (*since, provider_id.clone()),
        RefundState::Refunded { .. } | RefundState::Declined { .. } => {
            return contradicted(change, operation, &answer);
        }
        RefundState::Queued => return Err(Rejection::OutOfPlace),
    };
    match answer {
        RefundAnswer::Pending { refund_id } => {
            let known = matches!(refund.state, RefundState::Pending { .. });
            if !known || (known_id.is_none() && refund_id.is_some()) {
                refund.state = RefundState::Pending { since, provider_id: refund_id.or(known_id) };
                refund.updated = now;
                change.record(Event::RefundPending { operation });
            }
            change.schedule(JobKind::Refund(operation), next_question(operation, since, now));
        }
        RefundAnswer::Refunded { refund_id } => {
            end(
                &mut change,
                operation,
                RefundState::Refunded { provider_id: refund_id.or(known_id) },
            )?;
        }
        RefundAnswer::Refused(code) => {
            end(&mut change, operation, RefundState::Declined { code })?;
        }
        RefundAnswer::Busy => {
            change.schedule(JobKind::Refund(operation), now.plus(schedule::REFUND_BUSY));
        }
        RefundAnswer::NotFound => {
            change.schedule(JobKind::Refund(operation), next_question(operation, since, now));
        }
        RefundAnswer::Unknown(reason) => {
            change.record_unclear(reason);
            change.schedule(JobKind::Refund(operation), next_question(operation, since, now));
        }
    }
    Ok(change.done())
}

/// An answer about a refund that has ended. The end stands; if the provider now tells the
/// opposite, an operator must look, and until then no more money goes back by itself.
fn contradicted(
    mut change: Change,
    operation: OperationId,
    answer: &RefundAnswer,
) -> Result<Decision, Rejection> {
    let refund = find(&mut change.payment, operation)?;
    let reference = &refund.reference.0;
    let now_says = match (&refund.state, answer) {
        (RefundState::Refunded { .. }, RefundAnswer::Refused(code)) => {
            format!("refund {reference} refused: {} {}", code.number(), code.message())
        }
        (RefundState::Declined { .. }, RefundAnswer::Refunded { .. }) => {
            format!("refund {reference} paid out")
        }
        _ => return Err(Rejection::OutOfPlace),
    };
    let sale = refund.sale;
    change.record(Event::ProviderContradiction { now_says });
    change.cancel(JobKind::GiveBack(sale));
    Ok(change.done())
}

fn reserve(change: &mut Change, refund: Refund, from: Account) {
    let (id, sale) = (refund.id, refund.sale);
    let reserved = reserved_sum(&refund);
    change.payment.refunds.push(refund);
    change.record(Event::RefundAccepted { operation: id });
    change.transfer(id, from, Account::RefundsInFlight, reserved);
    start_next(change, sale);
}

/// Paytm takes one refund of an order at a time: the oldest that waits goes next.
fn start_next(change: &mut Change, sale: OperationId) {
    let of_order = || change.payment.refunds_of(sale);
    if of_order().any(|refund| refund.state.is_at_provider()) {
        return;
    }
    let next = of_order().find(|refund| refund.state == RefundState::Queued);
    if let Some(id) = next.map(|refund| refund.id) {
        change.schedule(JobKind::Refund(id), change.now);
    }
}

fn end(change: &mut Change, operation: OperationId, state: RefundState) -> Result<(), Rejection> {
    let now = change.now;
    let refund = find(&mut change.payment, operation)?;
    refund.state = state;
    refund.updated = now;
    let (sale, origin, amount) = (refund.sale, refund.origin, refund.amount);
    let reserved = reserved_sum(refund);
    let home = match origin {
        RefundOrigin::Merchant => Account::Merchant,
        RefundOrigin::LateSuccess => Account::Suspense,
    };
    match refund.state {
        RefundState::Declined { code } => {
            change.transfer(operation, Account::RefundsInFlight, home, reserved);
            change.record(Event::RefundDeclined { operation, code });
            if origin == RefundOrigin::LateSuccess {
                plan_give_back(change, sale);
            }
        }
        RefundState::Refunded { .. } => {
            let (from, to) = (Account::RefundsInFlight, Account::Customer);
            change.convert(operation, (from, reserved), (to, amount));
            change.record(Event::RefundSucceeded { operation });
        }
        RefundState::Queued | RefundState::Sent { .. } | RefundState::Pending { .. } => {
            return Err(Rejection::OutOfPlace);
        }
    }
    change.cancel(JobKind::Refund(operation));
    change.callbacks.push(CallbackKind::Refund(operation));
    start_next(change, sale);
    Ok(())
}

fn plan_give_back(change: &mut Change, sale: OperationId) {
    let attempts = change.payment.give_back_attempts(sale);
    if attempts < GIVE_BACK_ATTEMPTS {
        change.schedule(JobKind::GiveBack(sale), schedule::next_give_back(attempts, change.now));
    } else {
        change.record(Event::GiveBackAbandoned);
    }
}

/// What is set aside for a refund: of the merchant's money in its currency, of the suspense
/// account in the customer's.
fn reserved_sum(refund: &Refund) -> Amount {
    match refund.origin {
        RefundOrigin::Merchant => refund.converted,
        RefundOrigin::LateSuccess => refund.amount,
    }
}

/// The refund's share of what is left of the converted sum. The refund that takes the rest takes
/// all of it, so that any split into parts adds up exactly.
fn converted_share(payment: &Payment, amount: Amount, remaining: i64) -> Amount {
    let left = payment.terms.converted.minor().saturating_sub(payment.converted_given_back());
    part_of(in_currency_of(payment.terms.converted, left), amount.minor(), remaining)
}

/// `whole` × `part` ÷ `of`, rounded down.
fn part_of(whole: Amount, part: i64, of: i64) -> Amount {
    let product = i128::from(whole.minor()).saturating_mul(i128::from(part));
    let share = product.checked_div(i128::from(of)).unwrap_or(0);
    in_currency_of(whole, i64::try_from(share).unwrap_or(i64::MAX))
}

fn in_currency_of(like: Amount, minor: i64) -> Amount {
    Amount::new(minor, like.currency()).unwrap_or(Amount::zero(like.currency()))
}

fn next_question(operation: OperationId, since: Timestamp, now: Timestamp) -> Timestamp {
    schedule::next_refund_question(since, now, u64::try_from(operation.0).unwrap_or(0))
}

fn find(payment: &mut Payment, operation: OperationId) -> Result<&mut Refund, Rejection> {
    payment.refunds.iter_mut().find(|refund| refund.id == operation).ok_or(Rejection::OutOfPlace)
}
