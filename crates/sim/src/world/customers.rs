//! Customers, who come, come late or not at all; what the provider does by itself; and what
//! merchants want once they know that they were paid.

use domain::time::Millis;
use store::payments;

use super::node::Done;
use super::{Event, World};
use crate::merchants::{Purchase, RefundWish, Wish};
use crate::provider::Later;
use crate::tasks::finish;
use crate::troubles::Trouble;

/// How often the provider tries to deliver a notification.
const NOTICE_TRIES: u32 = 3;

/// Longest time between the customer's being sent and coming, beyond the limit time.
const LATE: Millis = Millis::minutes(25);

impl World {
    /// A merchant knows where to send the customer, and does so once, unless Payment Page does.
    pub(super) fn redirect_known(&mut self, at: usize) {
        let waits = |purchase: &&Purchase| purchase.attempts == 1 && purchase.sent_to.is_none();
        let Some(purchase) = self.purchases.get(at).filter(waits) else { return };
        let key = purchase.key.clone();
        let read = finish(self.store.read(move |tx| payments::load(tx, &key)));
        let Ok(Some(payment)) = read else { return };
        self.customer_sent(at, payment.sale.reference.0);
    }

    /// A customer is sent to the provider's page of an order, and pays there or does not.
    pub(super) fn customer_sent(&mut self, at: usize, order: String) {
        let Some(purchase) = self.purchases.get_mut(at) else { return };
        let limit = self.merchants.get(purchase.merchant).map_or(0, |other| other.limit_time.0);
        purchase.sent_to = Some(order.clone());
        if self.troubles.strikes(Trouble::CustomerAbsent) {
            return;
        }
        let wait = if self.troubles.strikes(Trouble::CustomerLate) {
            self.rng.between(limit, limit.saturating_add(LATE.0))
        } else {
            self.rng.magnitude(3_000, 400_000)
        };
        if self.troubles.strikes(Trouble::CustomerPressesTwice) {
            let again = Millis(wait.saturating_add(self.rng.between(0, 3_000)));
            self.after(again, Event::CustomerPays { order: order.clone() });
        }
        self.after(Millis(wait), Event::CustomerPays { order });
    }

    /// A merchant knows that it was paid, and may want to give something back.
    pub(super) fn paid_known(&mut self, at: usize) {
        let Some(purchase) = self.purchases.get_mut(at) else { return };
        if std::mem::replace(&mut purchase.paid, true) || self.rng.chance(400) {
            return;
        }
        let minor = purchase.minor;
        let first_wait = self.rng.magnitude(1_000, Millis::hours(2).0);
        for place in 0..usize::try_from(self.rng.between(1, 4)).unwrap_or(1) {
            let share = self.rng.between(1, minor);
            let minor = if self.troubles.strikes(Trouble::RefundTooLarge) {
                Some(minor.saturating_add(share))
            } else if self.rng.chance(200) {
                None
            } else {
                Some(share)
            };
            let id = self.rng.chance(600).then(|| format!("r-{at}-{place}"));
            let wish = RefundWish { minor, merchant_refund_id: id, ..RefundWish::default() };
            if let Some(purchase) = self.purchases.get_mut(at) {
                purchase.refunds.push(wish);
            }
            let wait = Millis(first_wait.saturating_add(self.rng.between(0, 2_000)));
            self.after(wait, Event::Wanted(Wish::Refund(at, place)));
            if self.troubles.strikes(Trouble::RefundRepeated) {
                let again = Millis(wait.0.saturating_add(self.rng.magnitude(1, 600_000)));
                self.after(again, Event::Wanted(Wish::Refund(at, place)));
            }
        }
    }

    pub(super) fn customer_pays(&mut self, order: &str) {
        self.note(format_args!("the customer of {order} pays"));
        let laters = self.provider.customer_pays(self.now, order, &mut self.troubles);
        self.later(laters);
    }

    pub(super) fn customer_cancels(&mut self, order: &str) {
        self.note(format_args!("the customer of {order} cancels"));
        let laters = self.provider.customer_cancels(self.now, order, &mut self.troubles);
        self.later(laters);
    }

    pub(super) fn at_provider(&mut self, later: Later) {
        self.note(format_args!("at the provider: {later:?}"));
        let laters = self.provider.happens(self.now, &later);
        self.later(laters);
        let Later::Notice { order, refund } = later else { return };
        if self.troubles.strikes(Trouble::NoticeMissing) {
            return;
        }
        let lies = self.troubles.strikes(Trouble::NoticeContradicts);
        let body = self.provider.notice(&order, refund.as_deref(), lies);
        let wait = if self.troubles.strikes(Trouble::NoticeLate) {
            self.rng.magnitude(1_000, 3_600_000)
        } else {
            self.rng.between(10, 500)
        };
        if self.troubles.strikes(Trouble::NoticeDoubled) {
            let body = body.clone();
            self.soon(10, 20_000, Event::NoticeArrives { body, tries: 0 });
        }
        self.after(Millis(wait), Event::NoticeArrives { body, tries: 0 });
    }

    pub(super) fn notice_arrives(&mut self, body: Vec<u8>, tries: u32) {
        if self.node.is_none() {
            if tries < NOTICE_TRIES {
                self.soon(5_000, 60_000, Event::NoticeArrives { body, tries: tries + 1 });
            }
            return;
        }
        self.note(format_args!("notice {}", String::from_utf8_lossy(&body)));
        self.spawn(None, |platform| {
            let taken = async move { platform.provider_notified(&body).await.map(|_| ()) };
            Box::pin(async move { Done::Notice(taken.await) })
        });
    }
}
