//! What must be true after every command, whatever came before. The names I1 to I11 are those of
//! the reliability rules.

use std::collections::BTreeSet;

use dwar_domain::code::Code;
use dwar_domain::command::Command;
use dwar_domain::decision::{CallbackKind, Decision, Event, JobKind, Rejection};
use dwar_domain::id::OperationId;
use dwar_domain::money::Amount;
use dwar_domain::payment::{Payment, SaleState};
use dwar_domain::refund::{Refund, RefundOrigin, RefundState};
use dwar_domain::time::Timestamp;

use crate::books::{expected, posted};
use crate::fixtures::{refund_id, refund_request};
use crate::world::World;

/// Checks the world that the command led to.
pub(crate) fn hold(before: &World, decision: &Decision, after: &World, now: Timestamp) {
    sums_hold(after.payment());
    remainder_can_be_refunded(after, now);
    assert_eq!(posted(&after.journal), expected(after.payment()), "I6: the journal");
    history_tells_all(before, decision, after);
    ends_absorb(before, after);
    identities_stay(before, after);
    callbacks_tell_the_news(before, decision, after);
    no_early_decline(decision, now);
    work_goes_on(after);
}

/// Checks a refused command: the reason is true.
pub(crate) fn refusal_is_true(world: &World, command: &Command, rejection: &Rejection) {
    match (rejection, command) {
        (Rejection::PaymentNotFound, _) => assert_eq!(world.payment, None),
        (Rejection::PaymentExists { request, .. }, Command::AcceptSale { .. }) => {
            assert_eq!(*request, world.payment().sale.request, "I7");
        }
        (Rejection::RefundExists { request }, Command::AcceptRefund(asked)) => {
            let earlier = world.payment().refunds.iter().find(|r| r.request == *request);
            assert_eq!(earlier.unwrap().merchant_refund_id, asked.merchant_refund_id, "I7");
        }
        (Rejection::NotRefundable { status }, Command::AcceptRefund(_)) => {
            assert_eq!(*status, world.payment().status());
            assert!(!matches!(world.payment().sale.state, SaleState::Captured(_)));
        }
        (Rejection::RefundCurrency, Command::AcceptRefund(asked)) => {
            let currency = asked.amount.map(Amount::currency);
            assert_ne!(currency, Some(world.payment().terms.amount.currency()));
        }
        (Rejection::OutOfPlace, _) => {}
        _ => panic!("{rejection:?} is no answer to {command:?}"),
    }
}

/// I2: what went back and what is on its way is never more than was taken.
fn sums_hold(payment: &Payment) {
    let sum = |wanted: fn(&RefundState) -> bool| -> i64 {
        let refunds = payment.refunds.iter().filter(|refund| wanted(&refund.state));
        refunds.map(|refund| refund.amount.minor()).sum()
    };
    let captured = match payment.sale.state {
        SaleState::Captured(_) | SaleState::DeclinedThenPaid { .. } => payment.terms.amount.minor(),
        SaleState::Initiating | SaleState::AwaitingRedirect(_) | SaleState::Declined { .. } => 0,
    };
    let refunded = sum(|state| matches!(state, RefundState::Refunded { .. }));
    let refunding = sum(|state| !state.is_final());
    let balance = payment.balance();
    assert_eq!((balance.captured, balance.refunded), (captured, refunded));
    assert_eq!(
        (balance.refunding, balance.remaining()),
        (refunding, captured - refunded - refunding)
    );
    assert!(refunded + refunding <= captured, "I2: {balance:?}");
    let at_provider = payment.refunds.iter().filter(|refund| refund.state.is_at_provider()).count();
    assert!(at_provider <= 1, "{at_provider} refunds of one order at the provider");
}

/// What is left can be refunded to the last paisa, and takes the last of the converted sum with
/// it; one paisa more can't.
fn remainder_can_be_refunded(world: &World, now: Timestamp) {
    let payment = world.payment();
    let remaining = payment.balance().remaining();
    if !matches!(payment.sale.state, SaleState::Captured(_)) || remaining == 0 {
        return;
    }
    let id = refund_id(payment.refunds.len() + 1);
    let refund = |minor: Option<i64>| {
        let amount =
            minor.map(|minor| Amount::new(minor, payment.terms.amount.currency()).unwrap());
        let mut trial = world.clone();
        trial.apply(Command::AcceptRefund(refund_request(id, amount)), now).unwrap();
        trial.payment().clone()
    };
    for exact in [None, Some(remaining)] {
        let paid_back = refund(exact);
        assert_eq!(paid_back.refunds.last().unwrap().amount.minor(), remaining);
        assert_eq!(paid_back.refunds.last().unwrap().state, RefundState::Queued);
        assert_eq!(paid_back.balance().remaining(), 0);
        let shares = paid_back.refunds.iter().filter(|refund| !is_declined(refund));
        let shares: i64 = shares.map(|refund| refund.converted.minor()).sum();
        assert_eq!(shares, payment.terms.converted.minor(), "the converted shares");
    }
    let refused = refund(Some(remaining + 1));
    let declined = RefundState::Declined { code: Code::RefundTooLarge };
    assert_eq!(refused.refunds.last().unwrap().state, declined);
    assert_eq!(refused.balance(), payment.balance());
}

fn is_declined(refund: &Refund) -> bool {
    matches!(refund.state, RefundState::Declined { .. })
}

/// I11: the version counts the events, and nothing that anybody can see changes without one.
fn history_tells_all(before: &World, decision: &Decision, after: &World) {
    assert_eq!(usize::try_from(after.payment().version), Ok(after.events.len()));
    let visible =
        |world: &World| world.payment.clone().map(|payment| (payment.sale.state, payment.refunds));
    if decision.events.is_empty() {
        assert_eq!(visible(before), visible(after), "a change without an event");
        assert!(decision.callbacks.is_empty() && decision.transfers.is_empty());
    }
}

/// I3, I5: what has ended stays, but for the one late success.
fn ends_absorb(before: &World, after: &World) {
    let Some(payment) = &before.payment else { return };
    let now = &after.payment().sale.state;
    match &payment.sale.state {
        SaleState::Initiating => {}
        SaleState::AwaitingRedirect(_) => assert_ne!(*now, SaleState::Initiating),
        SaleState::Captured(_) | SaleState::DeclinedThenPaid { .. } => {
            assert_eq!(*now, payment.sale.state);
        }
        SaleState::Declined { .. } if *now == payment.sale.state => {}
        SaleState::Declined { code: was, .. } => {
            let late = after.events.iter().filter(|event| **event == Event::PaidAfterDecline);
            assert_eq!(late.count(), 1, "I5");
            match now {
                SaleState::Captured(_) => assert!(after.events.contains(&Event::SalePromoted)),
                SaleState::DeclinedThenPaid { code, .. } => assert_eq!(code, was),
                SaleState::Initiating
                | SaleState::AwaitingRedirect(_)
                | SaleState::Declined { .. } => panic!("a decline became {now:?}"),
            }
        }
    }
    for refund in payment.refunds.iter().filter(|refund| refund.state.is_final()) {
        assert_eq!(after.payment().refund(refund.id), Some(refund));
    }
}

/// I1, I7: operations keep who they are and what they are about; no id is used twice.
fn identities_stay(before: &World, after: &World) {
    let payment = after.payment();
    if let Some(earlier) = &before.payment {
        assert_eq!((&earlier.key, &earlier.terms), (&payment.key, &payment.terms));
        assert_eq!(earlier.sale.reference, payment.sale.reference);
        let lasting = |refund: &Refund| Refund {
            state: RefundState::Queued,
            updated: refund.created,
            ..refund.clone()
        };
        let lasting = |payment: &Payment| payment.refunds.iter().map(lasting).collect::<Vec<_>>();
        assert!(lasting(payment).starts_with(&lasting(earlier)));
    }
    let references: BTreeSet<_> = payment.refunds.iter().map(|refund| &refund.reference).collect();
    assert_eq!(references.len(), payment.refunds.len());
    let named = payment.refunds.iter().filter_map(|refund| refund.merchant_refund_id.as_ref());
    assert_eq!(named.clone().collect::<BTreeSet<_>>().len(), named.count(), "I7");
}

/// I4: the merchant is told each thing that happened once, and nothing else.
fn callbacks_tell_the_news(before: &World, decision: &Decision, after: &World) {
    let earlier = before.payment.as_ref();
    let was = earlier.map(|payment| &payment.sale.state);
    let mut news = vec![];
    match &after.payment().sale.state {
        state if was == Some(state) => {}
        SaleState::AwaitingRedirect(_) => news.push(CallbackKind::Redirect),
        SaleState::Captured(_) | SaleState::Declined { .. } => news.push(CallbackKind::Sale),
        SaleState::Initiating | SaleState::DeclinedThenPaid { .. } => {}
    }
    let ended = |id: OperationId, payment: &Payment| {
        payment.refund(id).is_some_and(|refund| refund.state.is_final())
    };
    for refund in &after.payment().refunds {
        let had_ended = earlier.is_some_and(|payment| ended(refund.id, payment));
        if refund.state.is_final() && !had_ended {
            news.push(CallbackKind::Refund(refund.id));
        }
    }
    assert_eq!(decision.callbacks, news, "I4");
}

/// I8: no clock may cost a customer time.
fn no_early_decline(decision: &Decision, now: Timestamp) {
    let auto_decline = Event::SaleDeclined { code: Code::AutoDecline };
    if decision.events.contains(&auto_decline) {
        assert!(now >= decision.payment.terms.limit_at, "declined before the limit");
    }
}

/// I3: whatever isn't over has a job that moves it on, even if the worker that ran the last one
/// took its job away with it. What is over has none.
fn work_goes_on(world: &World) {
    let payment = world.payment();
    let planned = |kind: JobKind| world.jobs.contains_key(&kind);
    let open = match payment.sale.state {
        SaleState::Initiating => {
            assert!(planned(JobKind::InitiateSale), "nobody opens the order");
            true
        }
        SaleState::AwaitingRedirect(_) => {
            assert!(planned(JobKind::AskSale), "nobody asks after the sale");
            true
        }
        SaleState::Captured(_)
        | SaleState::Declined { .. }
        | SaleState::DeclinedThenPaid { .. } => false,
    };
    assert_eq!(planned(JobKind::LimitSale), open, "the deadline lives as long as the sale");
    assert!(open || !planned(JobKind::InitiateSale));

    let mut ahead = payment.refunds.iter().any(|refund| refund.state.is_at_provider());
    for refund in &payment.refunds {
        let planned = planned(JobKind::Refund(refund.id));
        assert!(!(planned && refund.state.is_final()), "work on a refund that has ended");
        if refund.state.is_at_provider() {
            assert!(planned, "nobody asks after the refund");
        } else if refund.state == RefundState::Queued {
            assert!(planned || ahead, "a refund waits for nothing");
            ahead = true;
        }
    }

    let late = matches!(payment.sale.state, SaleState::DeclinedThenPaid { .. });
    let held = late && payment.balance().remaining() > 0;
    let given_up = world.events.iter().any(|event| {
        matches!(event, Event::GiveBackAbandoned | Event::ProviderContradiction { .. })
    });
    assert!(!held || planned(JobKind::GiveBack) || given_up, "late money that nobody gives back");
    assert!(held || !planned(JobKind::GiveBack), "money that would go back twice");
    let merchants = payment.refunds.iter().any(|refund| refund.origin == RefundOrigin::Merchant);
    assert!(!(late && merchants), "a merchant's refund of money it never had");
}
