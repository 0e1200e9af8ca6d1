//! One payment against the provider and the merchant: what was promised, what was done, what it
//! ended as.

use std::collections::BTreeSet;

use app::verbs::PaymentView;
use domain::code::Code;
use domain::decision::Event;
use domain::payment::{LateSuccessPolicy, Payment, SaleState};
use domain::refund::{Refund, RefundOrigin, RefundState};
use domain::time::{Millis, Timestamp};

use super::Ledger;
use crate::merchants::Purchase;
use crate::violation::{Checked, ensure};
use crate::world::World;

/// How late the automatic decline may be while the node is up.
const DECLINE_LATE_MAX: Millis = Millis(250);

pub(super) fn check(
    world: &World,
    purchase: &Purchase,
    view: &PaymentView,
    ledger: &Ledger,
) -> Checked {
    ended_once(view)?;
    repeated_requests(purchase, &view.payment)?;
    money(&view.payment, ledger)?;
    late_success(view)?;
    decline(world, view)
}

pub(super) const fn is_late_success(event: &Event) -> bool {
    matches!(event, Event::PaidAfterDecline)
}

/// I3: everything has ended, each operation once.
fn ended_once(view: &PaymentView) -> Checked {
    let key = &view.payment.key;
    ensure(view.payment.is_settled(), "I3", || format!("{key} has not ended: {view:?}"))?;
    ensure(view.jobs.is_empty(), "I3", || format!("{key} has jobs left: {:?}", view.jobs))?;
    let ends =
        |of: &dyn Fn(&Event) -> bool| view.history.iter().filter(|entry| of(&entry.event)).count();
    let sale_ends =
        ends(&|event| matches!(event, Event::SaleCaptured { .. } | Event::SaleDeclined { .. }));
    ensure(sale_ends == 1, "I3", || format!("the sale of {key} ended {sale_ends} times"))?;
    for refund in &view.payment.refunds {
        let refund_ends = ends(&|event| {
            matches!(
                event,
                Event::RefundSucceeded { operation } | Event::RefundDeclined { operation, .. }
                    if *operation == refund.id
            )
        });
        ensure(refund_ends == 1, "I3", || {
            format!("refund {} of {key} ended {refund_ends} times", refund.id.0)
        })?;
    }
    let alarm = |event: &Event| {
        matches!(event, Event::ProviderContradiction { .. } | Event::GiveBackAbandoned)
    };
    ensure(ends(&alarm) == 0, "I6", || format!("{key} needs a person: {:?}", view.history))
}

/// I3 and I7: what was acknowledged is there, once, however often it was asked for.
fn repeated_requests(purchase: &Purchase, payment: &Payment) -> Checked {
    let key = &payment.key;
    let requests = &purchase.requests;
    let own = requests.iter().all(|request| *request == payment.sale.request.0);
    ensure(own, "I7", || {
        format!("{key} was acknowledged as {requests:?}, stored is {:?}", payment.sale.request)
    })?;
    let sum = payment.terms.amount.minor();
    ensure(purchase.accepted.iter().all(|accepted| *accepted == sum), "I7", || {
        format!("{key} was accepted over {:?}, stored is {sum}", purchase.accepted)
    })?;
    let mut ids = BTreeSet::new();
    for refund in &payment.refunds {
        let new = refund.merchant_refund_id.as_ref().is_none_or(|id| ids.insert(id));
        ensure(new, "I7", || format!("{key} has two refunds {:?}", refund.merchant_refund_id))?;
    }
    let mut acknowledged = BTreeSet::new();
    for wish in &purchase.refunds {
        let id = &wish.merchant_refund_id;
        ensure(id.is_none() || wish.requests.len() <= 1, "I7", || {
            format!("refund {id:?} of {key} was acknowledged as {:?}", wish.requests)
        })?;
        for request in &wish.requests {
            let stored = payment.refunds.iter().find(|refund| refund.request.0 == *request);
            let as_asked = stored.is_some_and(|refund| {
                refund.merchant_refund_id == *id
                    && wish.minor.is_none_or(|minor| refund.amount.minor() == minor)
            });
            ensure(as_asked, "I3", || {
                format!("refund {request} of {key} was acknowledged, stored is {stored:?}")
            })?;
            ensure(acknowledged.insert(request), "I7", || {
                format!("{request} of {key} was the answer to two wishes")
            })?;
        }
    }
    Ok(())
}

/// I1, I2 and I6: the provider moved exactly the money that the payment says it moved.
fn money(payment: &Payment, ledger: &Ledger) -> Checked {
    let key = &payment.key;
    ensure(ledger.charges.len() <= 1, "I1", || format!("{key} was charged {ledger:?}"))?;
    let charged = ledger.charges.iter().sum::<i64>();
    let captured = payment.balance().captured;
    ensure(charged == captured, "I6", || {
        format!("{key}: the provider has {charged}, the payment says {captured}: {payment:?}")
    })?;
    let mut paid_out = 0_i64;
    for (reference, sums) in &ledger.pay_outs {
        ensure(sums.len() == 1, "I1", || format!("{reference} of {key} was paid out {sums:?}"))?;
        paid_out = paid_out.saturating_add(sums.iter().sum());
        let refund = payment.refunds.iter().find(|refund| refund.reference.0 == *reference);
        let agrees = refund.is_some_and(|refund| {
            sums.contains(&refund.amount.minor())
                && matches!(refund.state, RefundState::Refunded { .. })
        });
        ensure(agrees, "I6", || format!("{reference} was paid out {sums:?}, stored: {refund:?}"))?;
    }
    ensure(paid_out <= charged, "I2", || format!("{key}: {paid_out} of {charged} was paid out"))?;
    let refunded = payment.balance().refunded;
    ensure(refunded == paid_out, "I6", || {
        format!("{key}: {refunded} is stored as refunded, the provider paid out {paid_out}")
    })
}

/// I5: money that came after the decline went one way, the one that was configured.
fn late_success(view: &PaymentView) -> Checked {
    let payment = &view.payment;
    let came = view.history.iter().filter(|entry| is_late_success(&entry.event)).count();
    let promoted = view.history.iter().filter(|entry| entry.event == Event::SalePromoted).count();
    let given_back = |refund: &&Refund| {
        refund.origin == RefundOrigin::LateSuccess
            && matches!(refund.state, RefundState::Refunded { .. })
    };
    let given_back: Vec<i64> =
        payment.refunds.iter().filter(given_back).map(|refund| refund.amount.minor()).collect();
    let right = match (came, payment.terms.late_success, &payment.sale.state) {
        (0, _, state) => {
            promoted == 0
                && given_back.is_empty()
                && !matches!(state, SaleState::DeclinedThenPaid { .. })
        }
        (1, LateSuccessPolicy::Promote, SaleState::Captured(_)) => {
            promoted == 1 && given_back.is_empty()
        }
        (1, LateSuccessPolicy::GiveBack, SaleState::DeclinedThenPaid { .. }) => {
            promoted == 0 && given_back == [payment.terms.amount.minor()]
        }
        _ => false,
    };
    ensure(right, "I5", || {
        format!("{}: came late {came}, promoted {promoted}, back {given_back:?}", payment.key)
    })
}

/// A decline has a reason: the provider said no, or the limit had come, not long ago.
fn decline(world: &World, view: &PaymentView) -> Checked {
    let key = &view.payment.key;
    let declined = view.history.iter().find_map(|entry| {
        let Event::SaleDeclined { code } = entry.event else { return None };
        Some((entry.at, code))
    });
    let Some((at, code)) = declined else { return Ok(()) };
    if code != Code::AutoDecline {
        let reference = &view.payment.sale.reference.0;
        let failed = world.provider.order(reference).is_some_and(|order| order.failed_once);
        return ensure(failed || world.provider.has_refused(reference), "I3", || {
            format!("{key} was declined with {}, the provider never did", code.number())
        });
    }
    let limit = view.payment.terms.limit_at;
    ensure(at >= limit, "limit", || {
        format!("{key} was declined {} ms before its limit", limit.since(at).0)
    })?;
    let late = at.since(ready(&world.disturbances, limit, at));
    ensure(late <= DECLINE_LATE_MAX, "limit", || {
        format!("{key} was declined {} ms after its limit", late.0)
    })
}

/// Since when the node could have declined: the limit, or the latest disturbance if that was
/// later.
fn ready(disturbances: &[(Timestamp, Millis)], limit: Timestamp, at: Timestamp) -> Timestamp {
    let before = disturbances.iter().filter(|(since, _)| *since <= at);
    before.map(|(since, held_up)| since.plus(*held_up)).fold(limit, Ord::max)
}
