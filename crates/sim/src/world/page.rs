//! Customers at Payment Page, which sends them to the provider and, after an attempt that failed,
//! asks them whether they want to try again.

use app::platform::{Fault, Platform};
use domain::id::PaymentKey;
use domain::payment::{Payment, SaleState};
use domain::time::{Millis, Timestamp};
use store::payments;

use super::node::Done;
use super::{Event, World};
use crate::provider::Later;
use crate::tasks::finish;
use crate::troubles::Trouble;
use crate::violation::{Checked, fault};

/// How long after an attempt failed a customer may still pay its order: less than it is asked
/// after.
const OLD_ORDER_PAYABLE: Millis = Millis::hours(48);

/// What a customer may press after an attempt that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Button {
    /// To try again.
    Retry,
    /// Not to try again.
    GiveUp,
}

impl World {
    /// A customer looks how the payment stands, and does what the page offers, until it has ended.
    pub(super) fn customer_looks(&mut self, at: usize) -> Checked {
        let Some(purchase) = self.purchases.get(at) else { return Ok(()) };
        let (key, sent_to) = (purchase.key.clone(), purchase.sent_to.clone());
        if self.node.is_none() {
            self.look_again(at, Millis::seconds(1));
            return Ok(());
        }
        let read = finish(self.store.read(move |tx| payments::load(tx, &key)));
        let Some(payment) = read.map_err(|error| fault(&error))? else { return Ok(()) };
        match payment.sale.state {
            SaleState::Initiating => self.look_again(at, Millis(200)),
            SaleState::AwaitingRedirect(_) => {
                let order = payment.sale.reference.0;
                if sent_to.as_ref() != Some(&order) {
                    self.customer_redirected(at, order);
                }
                self.look_again(at, Millis::seconds(1));
            }
            SaleState::AwaitingRetry { .. } => self.attempt_failed(at, &payment),
            SaleState::Captured(_)
            | SaleState::Declined { .. }
            | SaleState::DeclinedThenPaid { .. } => {}
        }
        Ok(())
    }

    fn customer_redirected(&mut self, at: usize, order: String) {
        if self.troubles.strikes(Trouble::CustomerCancels) {
            self.soon(2_000, 60_000, Event::CustomerCancels { order: order.clone() });
        }
        self.customer_sent(at, order);
    }

    fn look_again(&mut self, at: usize, least: Millis) {
        let wait = self.rng.magnitude(least.0, least.0.saturating_mul(64));
        self.after(Millis(wait), Event::CustomerLooks(at));
    }

    /// A customer makes up their mind. Who stays looks again afterwards: the press may be lost.
    fn attempt_failed(&mut self, at: usize, payment: &Payment) {
        let order = &payment.sale.reference.0;
        if self.troubles.strikes(Trouble::OldOrderPaid) {
            let wait = Millis(self.rng.magnitude(100, OLD_ORDER_PAYABLE.0));
            let later = Later::SecondTry { order: order.clone() };
            self.after(wait, Event::AtProvider(later));
        }
        if self.troubles.strikes(Trouble::CustomerLeaves) {
            return;
        }
        let wait = self.time_to_decide(payment);
        if self.troubles.strikes(Trouble::CustomerGivesUp) {
            self.press(at, wait, Button::GiveUp);
            if self.troubles.strikes(Trouble::CustomerHesitates) {
                let also = wait.saturating_add(self.rng.between(-5, 5));
                self.press(at, also, Button::Retry);
            }
        } else {
            self.press(at, wait, Button::Retry);
            if self.troubles.strikes(Trouble::RetryDoubled) {
                let also = wait.saturating_add(self.rng.magnitude(1, 2_000) - 1);
                self.press(at, also, Button::Retry);
            }
            if self.troubles.strikes(Trouble::RetryMeetsQuestion) {
                let body = self.provider.notice(order, None, false);
                let before = wait.saturating_sub(self.rng.between(-50, 300));
                self.after(Millis(before.max(0)), Event::NoticeArrives { body, tries: 0 });
            }
        }
        let then = wait.saturating_add(self.rng.between(100, 5_000));
        self.after(Millis(then), Event::CustomerLooks(at));
    }

    /// How long a customer thinks, in milliseconds.
    fn time_to_decide(&mut self, payment: &Payment) -> i64 {
        if !self.troubles.strikes(Trouble::RetryLate) {
            return self.rng.magnitude(300, 40_000);
        }
        let (last_moment, limit) = (payment.retry_until(), payment.terms.limit_at);
        let until = |moment: Timestamp| moment.since(self.node_time()).0;
        let (last_moment, limit) = (until(last_moment), until(limit));
        let wait = if self.rng.chance(600) {
            last_moment.saturating_add(self.rng.between(-1_000, 1_000))
        } else {
            limit.saturating_add(self.rng.between(-100, 30_000))
        };
        wait.max(0)
    }

    fn press(&mut self, purchase: usize, wait: i64, button: Button) {
        self.after(Millis(wait.max(0)), Event::CustomerPresses { purchase, button });
    }

    /// A press arrives, if the node is up.
    pub(super) fn customer_presses(&mut self, at: usize, button: Button) {
        let Some(purchase) = self.purchases.get_mut(at).filter(|_| self.node.is_some()) else {
            return;
        };
        purchase.gave_up |= button == Button::GiveUp;
        let key = purchase.key.clone();
        self.note(format_args!("the customer of {key} presses {button:?}"));
        let about = key.clone();
        self.spawn(Some(&about), |platform| {
            Box::pin(async move { Done::Customer(pressed(&platform, key, button).await) })
        });
    }
}

/// What Payment Page does when a button is pressed.
async fn pressed(platform: &Platform, key: PaymentKey, button: Button) -> Result<(), Fault> {
    let Some(project) = platform.project(key.project()).await? else { return Ok(()) };
    match button {
        Button::Retry => platform.retry_sale(&project, key).await,
        Button::GiveUp => platform.give_up_sale(&project, key).await,
    }
}
