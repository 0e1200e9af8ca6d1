//! Refunds at the provider: one reference is one refund, however often it is asked for.

use domain::money::{Amount, Currency};
use domain::time::Millis;
use serde_json::{Value, json};

use super::{Answer, Effect, Later, Laters, MID, Provider, Standing, decimal, result, text};
use crate::troubles::{Trouble, Troubles};

/// A refund.
#[derive(Debug)]
pub(super) struct Refund {
    minor: i64,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Pending,
    Paid,
    Failed,
}

impl Provider {
    pub(super) fn apply_refund(
        &mut self,
        body: &Value,
        troubles: &mut Troubles,
    ) -> (Answer, Laters) {
        let reference = text(body, "refId").to_owned();
        let amount = Amount::from_decimal(text(body, "refundAmount"), Currency::INR);
        let minor = amount.map_or(0, Amount::minor);
        let none = Laters::new();
        let order_id = text(body, "orderId").to_owned();
        let Some(order) = self.orders.get_mut(&order_id) else {
            self.complaints.push(format!("{reference}: refund of an order that does not exist"));
            return (of(body, "TXN_FAILURE", "607"), none);
        };
        if order.standing != Standing::Paid || order.transaction != text(body, "txnId") {
            self.complaints.push(format!("{reference}: refund of an order that is not paid"));
            return (of(body, "TXN_FAILURE", "627"), none);
        }
        if let Some(known) = order.refunds.get(&reference) {
            if known.minor != minor {
                self.complaints.push(format!("{reference}: asked again over another amount"));
            }
            let code = if known.state == State::Failed { "600" } else { "629" };
            return (of(body, "TXN_FAILURE", code), none);
        }
        let standing = |refund: &&Refund| refund.state != State::Failed;
        let taken: i64 = order.refunds.values().filter(standing).map(|refund| refund.minor).sum();
        if minor < 1 || taken.saturating_add(minor) > order.minor {
            self.complaints.push(format!("{reference}: more is asked back than is left"));
            return (of(body, "TXN_FAILURE", "610"), none);
        }
        if order.refunds.values().any(|refund| refund.state == State::Pending) {
            return (of(body, "TXN_FAILURE", "626"), none);
        }
        if troubles.strikes(Trouble::RefundBusy) {
            return (of(body, "TXN_FAILURE", "617"), none);
        }
        if troubles.strikes(Trouble::RefundRefused) {
            // A refused reference stays refused, should the same request come once more.
            order.refunds.insert(reference, Refund { minor, state: State::Failed });
            return (of(body, "TXN_FAILURE", self.rng.pick(["600", "607", "620"])), none);
        }
        order.refunds.insert(reference.clone(), Refund { minor, state: State::Pending });
        let paid = !troubles.strikes(Trouble::RefundFails);
        if paid && self.rng.chance(200) {
            let laters = self.resolve_refund(&order_id, &reference, true);
            return (of(body, "TXN_SUCCESS", "10"), laters);
        }
        let wait = if troubles.strikes(Trouble::RefundSlow) {
            self.rng.magnitude(60_000, Millis::hours(48).0)
        } else {
            self.rng.between(200, 20_000)
        };
        let later = Later::RefundResolves { order: order_id, reference, paid };
        (of(body, "PENDING", "601"), vec![(Millis(wait), later)])
    }

    pub(super) fn refund_status(&self, body: &Value) -> Answer {
        let refunds = self.orders.get(text(body, "orderId")).map(|order| &order.refunds);
        let Some(refund) = refunds.and_then(|refunds| refunds.get(text(body, "refId"))) else {
            let (order, reference) = (text(body, "orderId"), text(body, "refId"));
            let info = result("TXN_FAILURE", "631");
            return Answer::new(
                json!({"resultInfo": info, "mid": MID, "orderId": order, "refId": reference}),
            );
        };
        let (status, code) = match refund.state {
            State::Pending => ("PENDING", "601"),
            State::Paid => ("TXN_SUCCESS", "10"),
            State::Failed => ("TXN_FAILURE", "600"),
        };
        Answer::new(json!({
            "resultInfo": result(status, code),
            "mid": MID,
            "orderId": text(body, "orderId"),
            "refId": text(body, "refId"),
            "refundAmount": decimal(refund.minor),
            "refundId": format!("R-{}", text(body, "refId")),
        }))
    }

    pub(super) fn resolve_refund(&mut self, order: &str, reference: &str, paid: bool) -> Laters {
        let refunds = self.orders.get_mut(order).map(|order| &mut order.refunds);
        let Some(refund) = refunds.and_then(|refunds| refunds.get_mut(reference)) else {
            return Laters::new();
        };
        if refund.state != State::Pending {
            return Laters::new();
        }
        refund.state = if paid { State::Paid } else { State::Failed };
        let (order, reference) = (order.to_owned(), reference.to_owned());
        if paid {
            let minor = refund.minor;
            let (order, reference) = (order.clone(), reference.clone());
            self.effects.push(Effect::PayOut { order, reference, minor });
        }
        let wait = Millis(self.rng.between(100, 5_000));
        vec![(wait, Later::Notice { order, refund: Some(reference) })]
    }
}

/// An answer about the refund that `body` names, with nothing known of it.
fn of(body: &Value, status: &str, code: &str) -> Answer {
    Answer::new(json!({
        "resultInfo": result(status, code),
        "mid": MID,
        "orderId": text(body, "orderId"),
        "refId": text(body, "refId"),
        "txnId": text(body, "txnId"),
        "refundAmount": text(body, "refundAmount"),
    }))
}
