//! What must be planned: whatever isn't over has a job that moves it on, even if the worker that
//! ran the last one took its job away with it. What is over has none (I3).

use dwar_domain::decision::{Event, JobKind};
use dwar_domain::limits::GIVE_BACK_ATTEMPTS;
use dwar_domain::payment::{Payment, Sale, SaleState};
use dwar_domain::refund::{Refund, RefundState};

use crate::world::World;

/// Checks the jobs of a world.
pub(crate) fn work_goes_on(world: &World) {
    let payment = world.payment();
    for kind in world.jobs.keys() {
        match kind {
            JobKind::InitiateSale(sale) | JobKind::AskSale(sale) | JobKind::GiveBack(sale) => {
                assert!(payment.attempt(*sale).is_some(), "{kind:?} is about nothing");
            }
            JobKind::Refund(id) => assert!(payment.refund(*id).is_some(), "{kind:?}"),
            JobKind::LimitSale => {}
        }
    }
    let open = match payment.sale.state {
        SaleState::Initiating
        | SaleState::AwaitingRedirect(_)
        | SaleState::AwaitingRetry { .. } => true,
        SaleState::Captured(_)
        | SaleState::Declined { .. }
        | SaleState::DeclinedThenPaid { .. } => false,
    };
    let planned = world.jobs.contains_key(&JobKind::LimitSale);
    assert_eq!(planned, open, "the deadline lives as long as the sale");
    for sale in payment.sales() {
        sale_goes_on(world, sale);
        refunds_go_on(world, sale);
        late_money_goes_back(world, sale);
    }
    let works = world.jobs.keys().any(|kind| !matches!(kind, JobKind::AskSale(_)));
    let holds = payment.sales().any(|sale| holds_late_money(payment, sale));
    assert_eq!(payment.is_settled(), !works && !holds, "settled is when nothing is left to do");
}

fn sale_goes_on(world: &World, sale: &Sale) {
    let initiates = world.jobs.contains_key(&JobKind::InitiateSale(sale.id));
    let asks = world.jobs.contains_key(&JobKind::AskSale(sale.id));
    match sale.state {
        SaleState::Initiating => assert!(initiates, "nobody opens the order"),
        SaleState::AwaitingRedirect(_) => assert!(asks, "nobody asks after the sale"),
        SaleState::AwaitingRetry { .. } | SaleState::Declined { .. } => {}
        SaleState::Captured(_) | SaleState::DeclinedThenPaid { .. } => {
            assert!(!asks, "a question whose answer is known");
        }
    }
    assert!(sale.state == SaleState::Initiating || !initiates, "an order that would open again");
}

/// Of an order's refunds one is at work and the others wait for it.
fn refunds_go_on(world: &World, sale: &Sale) {
    let refunds = || world.payment().refunds.iter().filter(|refund| refund.sale == sale.id);
    let mut ahead = refunds().any(|refund| refund.state.is_at_provider());
    for refund in refunds() {
        let planned = world.jobs.contains_key(&JobKind::Refund(refund.id));
        assert!(!(planned && refund.state.is_final()), "work on a refund that has ended");
        if refund.state.is_at_provider() {
            assert!(planned, "nobody asks after the refund");
        } else if refund.state == RefundState::Queued {
            assert!(planned || ahead, "a refund waits for nothing");
            ahead = true;
        }
    }
}

fn late_money_goes_back(world: &World, sale: &Sale) {
    let payment = world.payment();
    let held = holds_late_money(payment, sale);
    let planned = world.jobs.contains_key(&JobKind::GiveBack(sale.id));
    assert!(
        !held || planned || an_operator_looks(payment, &world.events, sale),
        "late money that nobody gives back"
    );
    assert!(held || !planned, "money that would go back twice");
}

/// Whether money that came by this attempt after its decline is there, and not on its way back.
fn holds_late_money(payment: &Payment, sale: &Sale) -> bool {
    let late = matches!(sale.state, SaleState::DeclinedThenPaid { .. });
    late && payment.balance_of(sale).remaining() > 0
}

/// Whether giving back this attempt's money is in an operator's hands: it was refused too often,
/// or the provider contradicted itself about one of the refunds.
fn an_operator_looks(payment: &Payment, events: &[Event], sale: &Sale) -> bool {
    let mut refunds = payment.refunds.iter().filter(|refund| refund.sale == sale.id);
    let tried = u32::try_from(refunds.clone().count()).unwrap();
    let abandoned = tried >= GIVE_BACK_ATTEMPTS && events.contains(&Event::GiveBackAbandoned);
    abandoned || refunds.any(|refund| is_contradicted(refund, events))
}

fn is_contradicted(refund: &Refund, events: &[Event]) -> bool {
    let about = format!("refund {} ", refund.reference.0);
    events.iter().any(|event| {
        if let Event::ProviderContradiction { now_says } = event {
            now_says.starts_with(&about)
        } else {
            false
        }
    })
}
