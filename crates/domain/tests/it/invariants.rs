//! What must be true after every command, whatever came before. The names I1 to I11 are those of
//! the reliability rules.

use std::collections::BTreeSet;

use dwar_domain::code::Code;
use dwar_domain::command::Command;
use dwar_domain::decision::{CallbackKind, Decision, Event, JobKind, Rejection};
use dwar_domain::id::OperationId;
use dwar_domain::limits::RETRY_LEAD;
use dwar_domain::money::Amount;
use dwar_domain::payment::{LateSuccessPolicy, Payment, PaymentStatus, Sale, SaleState};
use dwar_domain::provider::{InitiateAnswer, SaleAnswer};
use dwar_domain::refund::{Refund, RefundOrigin, RefundState};
use dwar_domain::time::Timestamp;

use crate::books::{expected, posted};
use crate::fixtures::{refund_id, refund_request};
use crate::work::work_goes_on;
use crate::world::World;

/// Checks the world that the command led to.
pub(crate) fn hold(
    before: &World,
    command: &Command,
    decision: &Decision,
    after: &World,
    now: Timestamp,
) {
    one_attempt_lives(after.payment());
    sums_hold(after.payment());
    remainder_can_be_refunded(after, now);
    whole_follows_from_its_parts(after.payment());
    assert_eq!(posted(&after.journal), expected(after.payment()), "I6: the journal");
    history_tells_all(before, decision, after);
    ends_absorb(before, after);
    identities_stay(before, after);
    others_stay(before, command, after);
    failures_may_be_retried(before, command, after, now);
    callbacks_tell_the_news(before, decision, after);
    no_early_decline(command, decision, now);
    work_goes_on(after);
}

/// Checks a refused command: the reason is true.
pub(crate) fn refusal_is_true(
    world: &World,
    command: &Command,
    rejection: &Rejection,
    now: Timestamp,
) {
    match (rejection, command) {
        (Rejection::PaymentNotFound, _) => assert_eq!(world.payment, None),
        (Rejection::PaymentExists { request, .. }, Command::AcceptSale { .. }) => {
            let first = world.payment().sales().next().unwrap();
            assert_eq!(*request, first.request, "I7");
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
        (Rejection::OutOfPlace, command) => out_of_place(world.payment(), command, now),
        _ => panic!("{rejection:?} is no answer to {command:?}"),
    }
}

/// Only what nobody can be waiting for is out of place.
fn out_of_place(payment: &Payment, command: &Command, now: Timestamp) {
    let offered = matches!(payment.sale.state, SaleState::AwaitingRetry { .. });
    match command {
        Command::SaleInitiated { sale, .. } | Command::SaleAnswered { sale, .. } => {
            assert_eq!(payment.attempt(*sale), None);
        }
        Command::ProviderHint(sale) => {
            assert!(payment.attempt(*sale).is_none_or(|attempt| attempt.state.is_paid()));
        }
        Command::RetrySale(_) => assert!(!offered || !time_to_retry(payment, now)),
        Command::GiveUp => assert!(!offered),
        Command::AcceptSale { .. } | Command::LimitReached | Command::AcceptRefund(_) => {
            panic!("{command:?} is never out of place")
        }
        Command::RefundSending(_)
        | Command::RefundAnswered { .. }
        | Command::RetryGiveBack { .. } => {}
    }
}

fn time_to_retry(payment: &Payment, now: Timestamp) -> bool {
    payment.terms.limit_at.since(now) > RETRY_LEAD
}

/// Never two attempts that a customer can pay by: the next one begins when the one before was
/// declined, and there are as many as was agreed.
fn one_attempt_lives(payment: &Payment) {
    for earlier in &payment.earlier {
        match earlier.state {
            SaleState::Declined { .. } | SaleState::DeclinedThenPaid { .. } => {}
            SaleState::Initiating
            | SaleState::AwaitingRedirect(_)
            | SaleState::AwaitingRetry { .. }
            | SaleState::Captured(_) => panic!("an attempt that was followed is {earlier:?}"),
        }
    }
    let numbers: Vec<u32> = payment.sales().map(|sale| sale.attempt).collect();
    assert_eq!(numbers, (1..=payment.sale.attempt).collect::<Vec<_>>());
    assert!(payment.sale.attempt <= payment.terms.attempts, "more attempts than agreed");
}

/// I2: of each attempt's money, what went back and what is on its way is never more than was
/// taken; the payment's sums are those of its attempts.
fn sums_hold(payment: &Payment) {
    let (mut captured, mut refunded, mut refunding) = (0, 0, 0);
    for sale in payment.sales() {
        let balance = sums_of(payment, sale);
        captured += balance.0;
        refunded += balance.1;
        refunding += balance.2;
    }
    let balance = payment.balance();
    assert_eq!(
        (balance.captured, balance.refunded, balance.refunding),
        (captured, refunded, refunding)
    );
    let attempts: BTreeSet<OperationId> = payment.sales().map(|sale| sale.id).collect();
    assert!(payment.refunds.iter().all(|refund| attempts.contains(&refund.sale)));
}

/// Captured, refunded and reserved sums of one attempt.
fn sums_of(payment: &Payment, sale: &Sale) -> (i64, i64, i64) {
    let of_sale = || payment.refunds.iter().filter(|refund| refund.sale == sale.id);
    let sum = |wanted: fn(&RefundState) -> bool| -> i64 {
        let refunds = of_sale().filter(|refund| wanted(&refund.state));
        refunds.map(|refund| refund.amount.minor()).sum()
    };
    let (captured, origin) = match sale.state {
        SaleState::Captured(_) => (payment.terms.amount.minor(), Some(RefundOrigin::Merchant)),
        SaleState::DeclinedThenPaid { .. } => {
            (payment.terms.amount.minor(), Some(RefundOrigin::LateSuccess))
        }
        SaleState::Initiating
        | SaleState::AwaitingRedirect(_)
        | SaleState::AwaitingRetry { .. }
        | SaleState::Declined { .. } => (0, None),
    };
    assert!(of_sale().all(|refund| Some(refund.origin) == origin), "whose money goes back?");
    let refunded = sum(|state| matches!(state, RefundState::Refunded { .. }));
    let refunding = sum(|state| !state.is_final());
    let balance = payment.balance_of(sale);
    assert_eq!((balance.captured, balance.refunded), (captured, refunded));
    assert_eq!(
        (balance.refunding, balance.remaining()),
        (refunding, captured - refunded - refunding)
    );
    assert!(refunded + refunding <= captured, "I2: {balance:?}");
    let at_provider = of_sale().filter(|refund| refund.state.is_at_provider()).count();
    assert!(at_provider <= 1, "{at_provider} refunds of one order at the provider");
    (captured, refunded, refunding)
}

/// What is left can be refunded to the last paisa, and takes the last of the converted sum with
/// it; one paisa more can't.
fn remainder_can_be_refunded(world: &World, now: Timestamp) {
    let payment = world.payment();
    let left = |payment: &Payment| payment.balance_of(&payment.sale).remaining();
    let remaining = left(payment);
    if !matches!(payment.sale.state, SaleState::Captured(_)) || remaining == 0 {
        return;
    }
    let id = refund_id(4_000);
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
        assert_eq!(left(&paid_back), 0);
        let shares = paid_back.refunds_of(paid_back.sale.id).filter(|refund| !is_declined(refund));
        let shares: i64 = shares.map(|refund| refund.converted.minor()).sum();
        assert_eq!(shares, payment.terms.converted.minor(), "the converted shares");
    }
    let refused = refund(Some(remaining + 1));
    let declined = RefundState::Declined { code: Code::RefundTooLarge };
    assert_eq!(refused.refunds.last().unwrap().state, declined);
    assert_eq!(refused.balance(), payment.balance());
}

/// What is told of the payment as a whole is what its operations say.
fn whole_follows_from_its_parts(payment: &Payment) {
    let first = payment.sales().next().unwrap();
    assert_eq!((payment.request(), payment.created()), (&first.request, first.created));
    let sales = payment.sales().map(|sale| sale.updated);
    let refunds = payment.refunds.iter().map(|refund| refund.updated);
    assert_eq!(Some(payment.updated()), sales.chain(refunds).max());
    let status = match payment.sale.state {
        SaleState::Initiating => PaymentStatus::Processing,
        SaleState::AwaitingRedirect(_) => PaymentStatus::AwaitingRedirectResult,
        SaleState::AwaitingRetry { .. } => PaymentStatus::AwaitingCustomer,
        SaleState::Declined { .. } | SaleState::DeclinedThenPaid { .. } => PaymentStatus::Decline,
        SaleState::Captured(_) => match sums_of(payment, &payment.sale) {
            (_, 0, _) => PaymentStatus::Success,
            (captured, refunded, _) if refunded == captured => PaymentStatus::Refunded,
            _ => PaymentStatus::PartiallyRefunded,
        },
    };
    assert_eq!(payment.status(), status);
}

fn is_declined(refund: &Refund) -> bool {
    matches!(refund.state, RefundState::Declined { .. })
}

/// I11: the version counts the events, and nothing that anybody can see changes without one.
fn history_tells_all(before: &World, decision: &Decision, after: &World) {
    assert_eq!(usize::try_from(after.payment().version), Ok(after.events.len()));
    let visible = |world: &World| {
        let payment = world.payment.clone()?;
        let states: Vec<_> = payment.sales().map(|sale| sale.state.clone()).collect();
        Some((states, payment.refunds))
    };
    if decision.events.is_empty() {
        assert_eq!(visible(before), visible(after), "a change without an event");
        assert!(decision.callbacks.is_empty() && decision.transfers.is_empty());
    }
}

/// I3, I5: what has ended stays, but for the one late success of each attempt.
fn ends_absorb(before: &World, after: &World) {
    let Some(payment) = &before.payment else { return };
    for was in payment.sales() {
        let now = after.payment().attempt(was.id).expect("an attempt stays");
        state_may_follow(after.payment(), was, now);
    }
    for refund in payment.refunds.iter().filter(|refund| refund.state.is_final()) {
        assert_eq!(after.payment().refund(refund.id), Some(refund));
    }
    let count = |wanted: Event| after.events.iter().filter(|event| **event == wanted).count();
    let sales = after.payment().sales();
    let late = sales.filter(|sale| matches!(sale.state, SaleState::DeclinedThenPaid { .. }));
    let promoted = count(Event::SalePromoted);
    assert_eq!(count(Event::PaidAfterDecline), late.count() + promoted, "I5");
    assert!(promoted <= 1, "I5");
}

/// Whether an attempt that `was` may be what it is `now`.
fn state_may_follow(payment: &Payment, was: &Sale, now: &Sale) {
    let promotes = payment.terms.late_success == LateSuccessPolicy::Promote;
    let may_follow = match (&was.state, &now.state) {
        (was, now) if was == now => true,
        (SaleState::Initiating, now) => !matches!(now, SaleState::DeclinedThenPaid { .. }),
        (SaleState::AwaitingRedirect(_), now) => {
            !matches!(now, SaleState::Initiating | SaleState::DeclinedThenPaid { .. })
        }
        (SaleState::AwaitingRetry { .. }, SaleState::Captured(_)) => true,
        (
            SaleState::AwaitingRetry { code: was, transaction_id: known },
            SaleState::Declined { code, transaction_id },
        ) => (was, known) == (code, transaction_id),
        (SaleState::Declined { .. }, SaleState::Captured(_)) => {
            promotes && now.id == payment.sale.id
        }
        (SaleState::Declined { code: was, .. }, SaleState::DeclinedThenPaid { code, .. }) => {
            was == code && !(promotes && now.id == payment.sale.id)
        }
        (
            SaleState::AwaitingRetry { .. }
            | SaleState::Captured(_)
            | SaleState::Declined { .. }
            | SaleState::DeclinedThenPaid { .. },
            _,
        ) => false,
    };
    assert!(may_follow, "{was:?} became {now:?}");
}

/// I1, I7: operations keep who they are and what they are about; no id is used twice.
fn identities_stay(before: &World, after: &World) {
    let payment = after.payment();
    if let Some(earlier) = &before.payment {
        assert_eq!((&earlier.key, &earlier.terms), (&payment.key, &payment.terms));
        let lasting = |sale: &Sale| Sale {
            state: SaleState::Initiating,
            updated: sale.created,
            last_question_asked: false,
            ..sale.clone()
        };
        let attempts = |payment: &Payment| payment.sales().map(lasting).collect::<Vec<_>>();
        assert!(attempts(payment).starts_with(&attempts(earlier)));
        let lasting = |refund: &Refund| Refund {
            state: RefundState::Queued,
            updated: refund.created,
            ..refund.clone()
        };
        let refunds = |payment: &Payment| payment.refunds.iter().map(lasting).collect::<Vec<_>>();
        assert!(refunds(payment).starts_with(&refunds(earlier)));
    }
    let orders = payment.sales().map(|sale| (sale.id, &sale.reference));
    let refunds = payment.refunds.iter().map(|refund| (refund.id, &refund.reference));
    let (ids, references): (BTreeSet<_>, BTreeSet<_>) = orders.chain(refunds).unzip();
    let operations = payment.sales().count() + payment.refunds.len();
    assert_eq!((ids.len(), references.len()), (operations, operations), "I1");
    let named = payment.refunds.iter().filter_map(|refund| refund.merchant_refund_id.as_ref());
    assert_eq!(named.clone().collect::<BTreeSet<_>>().len(), named.count(), "I7");
}

/// A command about one attempt touches no other, and none of its work: a late answer about an
/// earlier order never decides a later one.
fn others_stay(before: &World, command: &Command, after: &World) {
    let Some(payment) = &before.payment else { return };
    let of_refund = |id: &OperationId| payment.refund(*id).unwrap().sale;
    let about = match command {
        Command::SaleInitiated { sale, .. }
        | Command::ProviderHint(sale)
        | Command::SaleAnswered { sale, .. }
        | Command::RetryGiveBack { sale, .. } => *sale,
        Command::RefundSending(id) | Command::RefundAnswered { operation: id, .. } => of_refund(id),
        Command::AcceptSale { .. }
        | Command::LimitReached
        | Command::RetrySale(_)
        | Command::GiveUp
        | Command::AcceptRefund(_) => payment.sale.id,
    };
    let work = |world: &World, sale: OperationId| {
        let of_sale = |kind: &JobKind| match kind {
            JobKind::InitiateSale(id) | JobKind::AskSale(id) | JobKind::GiveBack(id) => *id == sale,
            JobKind::Refund(id) => world.payment().refund(*id).unwrap().sale == sale,
            JobKind::LimitSale => false,
        };
        let jobs = world.jobs.iter().filter(|(kind, _)| of_sale(kind));
        jobs.map(|(kind, at)| (*kind, *at)).collect::<Vec<_>>()
    };
    for other in payment.sales().filter(|sale| sale.id != about) {
        assert_eq!(after.payment().attempt(other.id), Some(other), "{command:?} is of {about:?}");
        assert_eq!(work(before, other.id), work(after, other.id), "{command:?} is of {about:?}");
    }
    if let Command::RetrySale(_) = command {
        assert_eq!(work(before, about), work(after, about), "late questions stay planned");
        assert!(time_to_retry(payment, after.payment().sale.created), "a retry in vain");
    }
}

/// A failed attempt may be followed by another one exactly if one is left, its code allows it and
/// there is time.
fn failures_may_be_retried(before: &World, command: &Command, after: &World, now: Timestamp) {
    let Some(payment) = &before.payment else { return };
    let failed = failure(payment, command);
    let was_offered = matches!(payment.sale.state, SaleState::AwaitingRetry { .. });
    let is_offered = matches!(after.payment().sale.state, SaleState::AwaitingRetry { .. });
    if let Some(code) = failed {
        let left = payment.sales().count() < usize::try_from(payment.terms.attempts).unwrap();
        let wanted = left && code.allows_retry() && time_to_retry(payment, now);
        assert_eq!(is_offered, wanted, "{code:?}");
    } else {
        assert!(!is_offered || was_offered, "another attempt without a failure");
    }
}

/// The code of a definite failure that the command tells of an attempt still to be paid.
fn failure(payment: &Payment, command: &Command) -> Option<Code> {
    let state = |sale: &OperationId| &payment.attempt(*sale).unwrap().state;
    if let Command::SaleInitiated { sale, answer: InitiateAnswer::Refused(code) } = command {
        matches!(state(sale), SaleState::Initiating).then_some(*code)
    } else if let Command::SaleAnswered { sale, answer: SaleAnswer::Failed { code, .. }, .. } =
        command
    {
        matches!(state(sale), SaleState::Initiating | SaleState::AwaitingRedirect(_))
            .then_some(*code)
    } else {
        None
    }
}

/// I4: the merchant is told each thing that happened once, and nothing else. That an attempt may
/// be followed was told when it failed, so that it is followed is no news.
fn callbacks_tell_the_news(before: &World, decision: &Decision, after: &World) {
    let earlier = before.payment.as_ref();
    let newest = after.payment().sale.id;
    let mut news = vec![];
    for sale in after.payment().sales() {
        let was = earlier.and_then(|payment| payment.attempt(sale.id));
        match &sale.state {
            state if was.is_some_and(|was| was.state == *state) => {}
            SaleState::AwaitingRedirect(_) => news.push(CallbackKind::Redirect),
            SaleState::Captured(_) | SaleState::AwaitingRetry { .. } => {
                news.push(CallbackKind::Sale);
            }
            SaleState::Declined { .. } if sale.id == newest => news.push(CallbackKind::Sale),
            SaleState::Initiating
            | SaleState::Declined { .. }
            | SaleState::DeclinedThenPaid { .. } => {}
        }
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
fn no_early_decline(command: &Command, decision: &Decision, now: Timestamp) {
    let declined = |event: &Event| matches!(event, Event::SaleDeclined { .. });
    let auto_decline = Event::SaleDeclined { code: Code::AutoDecline };
    if (*command == Command::LimitReached && decision.events.iter().any(declined))
        || decision.events.contains(&auto_decline)
    {
        assert!(now >= decision.payment.terms.limit_at, "declined before the limit");
    }
}
