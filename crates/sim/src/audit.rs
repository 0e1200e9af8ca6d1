//! The checks at the end of a world, when nothing remains to happen: the platform's payments
//! against the provider's ledger, the merchants' books and an independent idea of what may be.

mod attempts;
mod operations;
mod telling;

use std::collections::BTreeMap;

use app::verbs::PaymentView;
use domain::decision::Event;
use domain::journal::Account;
use domain::money::Currency;
use domain::payment::Sale;
use store::{jobs, payments};

use crate::fingerprint::fnv;
use crate::merchants::Purchase;
use crate::provider::{Effect, Provider};
use crate::tasks::finish;
use crate::violation::{Broken, Checked, ensure, fault};
use crate::world::World;

/// More payments than any world has.
const ALL: i64 = 10_000;

/// What the provider did for one order.
#[derive(Debug, Default)]
struct Ledger {
    charges: Vec<i64>,
    pay_outs: BTreeMap<String, Vec<i64>>,
}

/// Checks everything and returns a digest of all that is stored.
pub(crate) fn at_the_end(world: &mut World) -> Result<u64, Broken> {
    let platform = world.platform()?;
    let mut ledgers = ledgers(&world.provider);
    let mut digest = 0;
    let mut found = 0;
    for purchase in &world.purchases {
        let view = finish(platform.payment_view(purchase.key.clone()));
        let Some(view) = view.map_err(|error| fault(&error))? else {
            lost(purchase)?;
            continue;
        };
        found += 1;
        digest = fnv(digest, format!("{view:?}").as_bytes());
        let of_attempt = |sale: &Sale| ledgers.remove(&sale.reference.0).unwrap_or_default();
        let taken: Vec<Ledger> = view.payment.sales().map(of_attempt).collect();
        attempts::check(world, purchase, &view)?;
        operations::check(purchase, &view, &taken)?;
        telling::check(world, purchase, &view)?;
        count(&mut world.figures, &view);
    }
    ensure(ledgers.is_empty(), "I1", || {
        format!("the provider has orders that nobody knows: {ledgers:?}")
    })?;
    let left = finish(world.store.read(|tx| {
        Ok::<_, store::StoreError>((jobs::count(tx)?, payments::page_of_keys(tx, None, ALL)?))
    }));
    let (jobs, keys) = left.map_err(|error| fault(&error))?;
    ensure(jobs == 0, "I3", || format!("{jobs} jobs are left"))?;
    ensure(keys.len() == found, "I3", || format!("payments nobody wanted: {keys:?}"))?;
    books(world, &platform)?;
    Ok(digest)
}

fn ledgers(provider: &Provider) -> BTreeMap<String, Ledger> {
    let mut ledgers: BTreeMap<String, Ledger> =
        provider.orders().map(|order| (order.clone(), Ledger::default())).collect();
    for effect in provider.effects() {
        match effect {
            Effect::Charge { order, minor } => {
                ledgers.entry(order.clone()).or_default().charges.push(*minor);
            }
            Effect::PayOut { order, reference, minor } => {
                let pay_outs = &mut ledgers.entry(order.clone()).or_default().pay_outs;
                pay_outs.entry(reference.clone()).or_default().push(*minor);
            }
        }
    }
    ledgers
}

/// A purchase without a payment must be one that was never acknowledged.
fn lost(purchase: &Purchase) -> Checked {
    ensure(purchase.requests.is_empty(), "I3", || {
        format!("{} was accepted as {:?} and is lost", purchase.key, purchase.requests)
    })
}

/// The journal balances, agrees with the payments, and with the provider to the paisa (I6).
fn books(world: &World, platform: &app::platform::Platform) -> Checked {
    let audit = finish(platform.audit(|_| {})).map_err(|error| fault(&error))?;
    ensure(audit.is_clean(), "I6", || format!("the audit finds {audit:?}"))?;
    let balance = |account| audit.balance(account, Currency::INR.code());
    for account in [Account::Suspense, Account::RefundsInFlight, Account::Conversion] {
        let left = balance(account);
        ensure(left == 0, "I6", || format!("{left} is left on {}", account.name()))?;
    }
    let kept = world.provider.effects().iter().fold(0_i64, |sum, effect| match effect {
        Effect::Charge { minor, .. } => sum.saturating_add(*minor),
        Effect::PayOut { minor, .. } => sum.saturating_sub(*minor),
    });
    let paid = balance(Account::Customer).saturating_neg();
    ensure(paid == kept, "I6", || {
        format!("the journal says customers paid {paid}, the provider says {kept}")
    })
}

fn count(figures: &mut crate::Figures, view: &PaymentView) {
    let add = |count: &mut u64, more: usize| {
        *count = count.saturating_add(u64::try_from(more).unwrap_or(0));
    };
    let late = view.history.iter().filter(|entry| entry.event == Event::PaidAfterDecline);
    add(&mut figures.payments, 1);
    add(&mut figures.paid, usize::from(view.payment.balance().captured > 0));
    add(&mut figures.late_successes, late.count());
    add(&mut figures.retries, view.payment.earlier.len());
    add(&mut figures.refunds, view.payment.refunds.len());
    add(&mut figures.callbacks, view.callbacks.len());
}
