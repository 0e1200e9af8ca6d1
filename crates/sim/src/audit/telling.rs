//! I4: the merchant was told of every change it has to be told of, once each, in order.

use std::collections::{BTreeMap, BTreeSet};

use app::verbs::PaymentView;
use domain::decision::Event;
use domain::redelivery::{ATTEMPTS_FOR, ATTEMPTS_MAX};
use domain::refund::RefundOrigin;
use store::callbacks::{Callback, CallbackState, Topic};

use crate::merchants::{Purchase, Told};
use crate::violation::{Checked, ensure};
use crate::world::World;

pub(super) fn check(world: &World, purchase: &Purchase, view: &PaymentView) -> Checked {
    complete(purchase, view)?;
    let nobody = Told::default();
    let told = world.told.get(&purchase.key).unwrap_or(&nobody);
    for (seq, callback) in (1_i64..).zip(&view.callbacks) {
        ensure(callback.seq == seq, "I4", || {
            format!("{} has a gap before callback {}", purchase.key, callback.seq)
        })?;
        came_to_an_end(callback, told, view)?;
    }
    Ok(())
}

/// Every change that has to be told has its callback, and nothing else has one.
fn complete(purchase: &Purchase, view: &PaymentView) -> Checked {
    let asked_for = usize::from(!purchase.no_callbacks);
    let origin = |operation| view.payment.refund(operation).map(|refund| refund.origin);
    let mut expected = BTreeMap::from([("redirect", 0), ("sale", 0), ("refund", 0)]);
    let mut expect = |topic: Topic, more: usize| {
        let count = expected.entry(topic.name()).or_default();
        *count += more;
    };
    for entry in &view.history {
        match &entry.event {
            Event::RedirectReady => expect(Topic::Redirect, 1),
            Event::SaleCaptured { .. }
            | Event::AttemptDeclined { .. }
            | Event::SaleDeclined { .. }
            | Event::SalePromoted => expect(Topic::Sale, asked_for),
            Event::RefundSucceeded { operation } | Event::RefundDeclined { operation, .. } => {
                let by_itself = origin(*operation) == Some(RefundOrigin::LateSuccess);
                expect(Topic::Refund, if by_itself { 1 } else { asked_for });
            }
            Event::SaleAccepted
            | Event::SaleRetried { .. }
            | Event::ProviderUnclear { .. }
            | Event::PaidAfterDecline
            | Event::ProviderContradiction { .. }
            | Event::RefundAccepted { .. }
            | Event::RefundSent { .. }
            | Event::RefundPending { .. }
            | Event::GiveBackAbandoned => {}
        }
    }
    let mut made = BTreeMap::from([("redirect", 0), ("sale", 0), ("refund", 0)]);
    for callback in &view.callbacks {
        *made.entry(callback.topic.name()).or_default() += 1;
    }
    ensure(made == expected, "I4", || {
        format!("{} has the callbacks {made:?}, expected {expected:?}", purchase.key)
    })
}

/// A callback was delivered, or gave way to a newer one, or had all its tries.
fn came_to_an_end(callback: &Callback, told: &Told, view: &PaymentView) -> Checked {
    let name = format!("callback {} of {}", callback.seq, callback.payment);
    let seen = told.0.get(&callback.seq);
    let same = seen.is_none_or(|seen| seen.is(callback.body.as_bytes()));
    ensure(same, "I4", || format!("{name} left with another body than the one that is stored"))?;
    // By their numbers: the log is in order of a clock that may have been set back.
    let tries: BTreeSet<u32> = view
        .deliveries
        .iter()
        .filter(|delivery| delivery.seq == callback.seq)
        .map(|delivery| delivery.attempt)
        .collect();
    ensure(tries.iter().copied().eq(1..=callback.attempts), "I4", || {
        format!("{name} has the tries {tries:?}, it says {}", callback.attempts)
    })?;
    match callback.state {
        CallbackState::Delivered => {
            let welcomed = seen.map_or(0, |seen| seen.welcomed);
            ensure(welcomed > 0, "I4", || format!("{name} never got a 200"))
        }
        CallbackState::Superseded => ensure(callback.topic == Topic::Redirect, "I4", || {
            format!("{name} is no redirect and was given up")
        }),
        CallbackState::Expired => {
            let last = view.deliveries.iter().filter(|delivery| delivery.seq == callback.seq);
            let last = last.map(|delivery| delivery.at).max();
            let took = last.zip(callback.first_at).map(|(last, first)| last.since(first).0);
            let all = callback.attempts == ATTEMPTS_MAX
                || took.is_some_and(|took| took > ATTEMPTS_FOR.0 - 5 * 3_600_000);
            ensure(all, "I4", || format!("{name} was given up after {} tries", callback.attempts))
        }
        CallbackState::Pending => ensure(false, "I4", || format!("{name} still waits")),
    }
}
