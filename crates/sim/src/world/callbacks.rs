//! Callbacks on their way to the merchants: every try is checked when it leaves (I4), and what
//! the merchant learns from it makes it act.

use app::ports::{HttpAnswer, HttpRequest};
use domain::id::{PaymentId, PaymentKey};
use wire::callback::{Callback, CallbackError};
use wire::vocabulary::PaymentStatus;

use super::World;
use crate::merchants::Merchant;
use crate::troubles::Trouble;
use crate::violation::{Broken, ensure};

/// Names a callback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CallbackName {
    payment: PaymentKey,
    seq: i64,
}

impl World {
    /// Checks a try that the platform has begun, and names its callback.
    pub(super) fn callback_leaves(
        &mut self,
        request: &HttpRequest,
    ) -> Result<CallbackName, Broken> {
        self.figures.deliveries = self.figures.deliveries.saturating_add(1);
        let Some(merchant) = self.receiver(request) else {
            return Err(Broken {
                invariant: "I4",
                what: format!("nobody lives at {}", request.url),
            });
        };
        let callback = read(merchant, request).map_err(|error| Broken {
            invariant: "I4",
            what: format!("the merchant can't believe a callback: {error}"),
        })?;
        let payment = PaymentKey::new(merchant.project, PaymentId(callback.payment.id.clone()));
        let header = |name: &str| {
            let found = request.headers.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.as_str()).unwrap_or_default()
        };
        let webhook_id = header("webhook-id");
        let at = header("webhook-timestamp").parse().unwrap_or_default();
        let expected =
            wire::webhook::headers(webhook_id, at, &request.body, &[merchant.secret.as_str()]);
        ensure(expected.iter().all(|(name, value)| header(name) == value), "I4", || {
            format!("the headers of callback {webhook_id} are not those of its body")
        })?;
        let seq = webhook_id.rsplit('-').next().and_then(|seq| seq.parse().ok()).unwrap_or(0);
        self.told.entry(payment.clone()).or_default().leaves(seq, webhook_id, &request.body)?;
        Ok(CallbackName { payment, seq })
    }

    /// A 200 of the merchant has reached the platform.
    pub(super) fn acknowledged(&mut self, name: &CallbackName) {
        let told = self.told.get_mut(&name.payment);
        if let Some(callback) = told.and_then(|told| told.0.get_mut(&name.seq)) {
            callback.acknowledged = true;
        }
    }

    /// What the merchant's server answers, if it answers at all.
    pub(super) fn merchant_answers(&mut self, request: &HttpRequest) -> Option<HttpAnswer> {
        let answer = |status| Some(HttpAnswer { status, body: b"merchant".to_vec() });
        let merchant = self.receiver(request)?;
        if merchant.down_until > self.now || self.troubles.strikes(Trouble::MerchantHangs) {
            return None;
        }
        if self.troubles.strikes(Trouble::MerchantError) {
            return answer(500);
        }
        if self.troubles.strikes(Trouble::MerchantMoved) {
            return answer(301);
        }
        let merchant = self.receiver(request)?;
        let callback = read(merchant, request).ok()?;
        let payment = PaymentKey::new(merchant.project, PaymentId(callback.payment.id.clone()));
        self.merchant_learns(&payment, &callback);
        if self.troubles.strikes(Trouble::MerchantDrops) {
            return None;
        }
        let told = self.told.get_mut(&payment);
        let seen = told.and_then(|told| told.0.values_mut().find(|seen| seen.is(&request.body)));
        if let Some(seen) = seen {
            seen.welcomed = seen.welcomed.saturating_add(1);
        }
        answer(200)
    }

    fn merchant_learns(&mut self, payment: &PaymentKey, callback: &Callback) {
        let Some(at) = self.purchases.iter().position(|purchase| purchase.key == *payment) else {
            return;
        };
        if callback.redirect_data.is_some() {
            self.redirect_known(at);
        }
        if callback.payment.status == PaymentStatus::Success {
            self.paid_known(at);
        }
    }

    fn receiver(&self, request: &HttpRequest) -> Option<&Merchant> {
        self.merchants.iter().find(|merchant| merchant.callback_url() == request.url)
    }
}

fn read(merchant: &Merchant, request: &HttpRequest) -> Result<Callback, CallbackError> {
    Callback::verify_and_parse(&request.body, &[merchant.secret.as_str()])
}
