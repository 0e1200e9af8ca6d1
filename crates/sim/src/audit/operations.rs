//! One payment against the provider and the merchant: what was promised, what was done, what it
//! ended as.

use std::collections::BTreeSet;

use app::verbs::PaymentView;
use domain::decision::Event;
use domain::payment::{LateSuccessPolicy, Payment, Sale, SaleState};
use domain::refund::{Refund, RefundOrigin, RefundState};

use super::Ledger;
use crate::merchants::Purchase;
use crate::violation::{Checked, ensure};

/// Checks a payment against what was `taken` by each attempt at its sale, oldest first.
pub(super) fn check(purchase: &Purchase, view: &PaymentView, taken: &[Ledger]) -> Checked {
    let payment = &view.payment;
    ended_once(view)?;
    repeated_requests(purchase, payment)?;
    for (sale, ledger) in payment.sales().zip(taken) {
        money(payment, sale, ledger)?;
    }
    late_success(view)
}

/// I3: everything has ended, each refund once.
fn ended_once(view: &PaymentView) -> Checked {
    let key = &view.payment.key;
    ensure(view.payment.is_settled(), "I3", || format!("{key} has not ended: {view:?}"))?;
    ensure(view.jobs.is_empty(), "I3", || format!("{key} has jobs left: {:?}", view.jobs))?;
    let ends =
        |of: &dyn Fn(&Event) -> bool| view.history.iter().filter(|entry| of(&entry.event)).count();
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
    let own = requests.iter().all(|request| *request == payment.request().0);
    ensure(own, "I7", || {
        format!("{key} was acknowledged as {requests:?}, stored is {:?}", payment.request())
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

/// I1, I2 and I6: the provider moved exactly the money that the attempt says it moved, and keeps
/// none of an attempt that did not make the payment a success.
fn money(payment: &Payment, sale: &Sale, ledger: &Ledger) -> Checked {
    let order = &sale.reference.0;
    ensure(ledger.charges.len() <= 1, "I1", || format!("{order} was charged {ledger:?}"))?;
    let charged = ledger.charges.iter().sum::<i64>();
    let balance = payment.balance_of(sale);
    ensure(charged == balance.captured, "I6", || {
        format!("{order}: the provider has {charged}, the payment says {balance:?}: {payment:?}")
    })?;
    let mut paid_out = 0_i64;
    for (reference, sums) in &ledger.pay_outs {
        ensure(sums.len() == 1, "I1", || format!("{reference} of {order} was paid out {sums:?}"))?;
        paid_out = paid_out.saturating_add(sums.iter().sum());
        let refund = payment.refunds_of(sale.id).find(|refund| refund.reference.0 == *reference);
        let agrees = refund.is_some_and(|refund| {
            sums.contains(&refund.amount.minor())
                && matches!(refund.state, RefundState::Refunded { .. })
        });
        ensure(agrees, "I6", || format!("{reference} was paid out {sums:?}, stored: {refund:?}"))?;
    }
    ensure(paid_out <= charged, "I2", || format!("{order}: {paid_out} of {charged} was paid out"))?;
    ensure(balance.refunded == paid_out, "I6", || {
        format!("{order}: {balance:?} is stored, the provider paid out {paid_out}")
    })?;
    let is_success = sale.id == payment.sale.id && matches!(sale.state, SaleState::Captured(_));
    ensure(is_success || paid_out == charged, "I6", || {
        format!("{order}: a customer paid {charged} for nothing and got {paid_out} back")
    })
}

/// I5: money that came by an attempt after its decline went one way: back, unless it was the
/// newest attempt and the project promotes.
fn late_success(view: &PaymentView) -> Checked {
    let payment = &view.payment;
    let happened =
        |event: &Event| view.history.iter().filter(|entry| entry.event == *event).count();
    let promoted = happened(&Event::SalePromoted);
    let came = happened(&Event::PaidAfterDecline);
    let gone_back = payment.sales().filter(|sale| came_late(sale)).count();
    let right = came == gone_back + promoted
        && payment.sales().all(|sale| back(payment, sale) == owed(payment, sale))
        && match payment.terms.late_success {
            LateSuccessPolicy::GiveBack => promoted == 0,
            LateSuccessPolicy::Promote => !came_late(&payment.sale) && promoted <= 1,
        };
    ensure(right, "I5", || {
        format!(
            "{}: came late {came}, promoted {promoted}, given back {gone_back}: {payment:?}",
            payment.key
        )
    })
}

const fn came_late(sale: &Sale) -> bool {
    matches!(sale.state, SaleState::DeclinedThenPaid { .. })
}

/// What has to go back of an attempt by itself.
fn owed(payment: &Payment, sale: &Sale) -> Vec<i64> {
    came_late(sale).then(|| payment.terms.amount.minor()).into_iter().collect()
}

/// What went back of it by itself.
fn back(payment: &Payment, sale: &Sale) -> Vec<i64> {
    let by_itself = |refund: &&Refund| {
        refund.origin == RefundOrigin::LateSuccess
            && matches!(refund.state, RefundState::Refunded { .. })
    };
    payment.refunds_of(sale.id).filter(by_itself).map(|refund| refund.amount.minor()).collect()
}
