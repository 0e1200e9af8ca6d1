//! The merchants: what they want of the platform, what it answered, and what they were told.
//! They keep books of their own, which the checks compare with the platform's.

use std::collections::{BTreeMap, BTreeSet};

use domain::id::{PaymentId, PaymentKey, ProjectId};
use domain::payment::LateSuccessPolicy;
use domain::time::{Millis, Timestamp};
use serde_json::json;

use crate::rng::Rng;
use crate::violation::{Broken, ensure};

/// A merchant.
#[derive(Debug)]
pub(crate) struct Merchant {
    pub(crate) project: ProjectId,
    pub(crate) secret: String,
    pub(crate) limit_time: Millis,
    pub(crate) late_success: LateSuccessPolicy,
    /// Until when its server is down.
    pub(crate) down_until: Timestamp,
}

impl Merchant {
    pub(crate) fn draw(number: i64, rng: &mut Rng) -> Self {
        Self {
            project: ProjectId(number),
            secret: format!("secret-{number}-{:016x}", rng.next()),
            limit_time: Millis::minutes(rng.pick([15, 15, 15, 1, 3, 8, 20])),
            late_success: rng.pick([LateSuccessPolicy::GiveBack, LateSuccessPolicy::Promote]),
            down_until: Timestamp(0),
        }
    }

    pub(crate) fn callback_url(&self) -> String {
        format!("https://merchant-{}.sim/callback", self.project.0)
    }
}

/// A payment that a merchant wants.
#[derive(Debug)]
pub(crate) struct Purchase {
    /// Which merchant, by its place.
    pub(crate) merchant: usize,
    pub(crate) key: PaymentKey,
    /// Minor units.
    pub(crate) minor: i64,
    pub(crate) best_before: Option<Timestamp>,
    pub(crate) delay_seconds: u32,
    pub(crate) no_callbacks: bool,
    /// How often the customer may try to pay. Only Payment Page gives more than one chance.
    pub(crate) attempts: u32,
    /// The ids of requests that the platform said it had accepted for this payment.
    pub(crate) requests: BTreeSet<String>,
    /// The sums of the requests that it said it accepts now.
    pub(crate) accepted: BTreeSet<i64>,
    /// The order at the provider that the customer was sent to last.
    pub(crate) sent_to: Option<String>,
    /// Whether the customer ever said that they don't want to try again.
    pub(crate) gave_up: bool,
    pub(crate) paid: bool,
    pub(crate) refunds: Vec<RefundWish>,
}

/// A refund that a merchant wants.
#[derive(Debug, Default)]
pub(crate) struct RefundWish {
    /// Minor units; everything that is left when nothing is said.
    pub(crate) minor: Option<i64>,
    pub(crate) merchant_refund_id: Option<String>,
    /// The ids of requests that the platform said it had accepted for it.
    pub(crate) requests: BTreeSet<String>,
}

/// What a merchant asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    /// The sale of a purchase.
    Sale(usize),
    /// Another sale under the same payment id.
    OtherSale(usize),
    /// A refund of a purchase.
    Refund(usize, usize),
    /// How a purchase stands.
    Status(usize),
}

impl Wish {
    pub(crate) const fn purchase(self) -> usize {
        match self {
            Self::Sale(at) | Self::OtherSale(at) | Self::Refund(at, _) | Self::Status(at) => at,
        }
    }
}

impl Purchase {
    pub(crate) fn draw(
        number: usize,
        merchant: usize,
        project: ProjectId,
        from: Timestamp,
        rng: &mut Rng,
    ) -> Self {
        let best_before = rng.chance(100).then(|| from.plus(Millis(rng.between(5_000, 900_000))));
        Self {
            merchant,
            key: PaymentKey::new(project, PaymentId(format!("p-{number}"))),
            minor: rng.magnitude(100, 5_000_000),
            best_before,
            delay_seconds: if rng.chance(100) { rng.pick([1, 30, 600]) } else { 0 },
            no_callbacks: rng.chance(50),
            attempts: rng.pick([1, 1, 1, 1, 1, 1, 2, 3, 4]),
            requests: BTreeSet::new(),
            accepted: BTreeSet::new(),
            sent_to: None,
            gave_up: false,
            paid: false,
            refunds: Vec::new(),
        }
    }

    /// The sum of a sale under this payment id.
    pub(crate) const fn sum_of(&self, wish: Wish) -> i64 {
        match wish {
            Wish::OtherSale(_) => self.minor.saturating_add(100),
            Wish::Sale(_) | Wish::Refund(..) | Wish::Status(_) => self.minor,
        }
    }

    /// The signed body of a request.
    pub(crate) fn request(&self, wish: Wish, merchant: &Merchant) -> String {
        let general = json!({
            "project_id": self.key.project().0,
            "payment_id": self.key.payment().0,
        });
        let callback = json!({"delay": self.delay_seconds, "force_disable": self.no_callbacks});
        let body = match wish {
            Wish::Sale(_) | Wish::OtherSale(_) => json!({
                "general": general,
                "customer": {"id": "c-1", "ip_address": "203.0.113.7", "phone": "919876543210"},
                "payment": {
                    "amount": self.sum_of(wish),
                    "currency": "INR",
                    "description": "goods",
                    "best_before": self.best_before.map(|at| wire::date::format(at.0)),
                },
                "callback": callback,
            }),
            Wish::Refund(_, place) => {
                let wish = self.refunds.get(place);
                let minor = wish.and_then(|wish| wish.minor);
                let payment = json!({
                    "description": "goods came back",
                    "amount": minor,
                    "currency": minor.map(|_| "INR"),
                    "merchant_refund_id": wish.and_then(|wish| wish.merchant_refund_id.as_ref()),
                });
                json!({"general": general, "payment": payment, "callback": callback})
            }
            Wish::Status(_) => json!({"general": general}),
        };
        wire::signature::to_signed_json(&body, &merchant.secret).unwrap_or_default()
    }
}

/// What merchants were told of one payment, by the callbacks' places.
#[derive(Debug, Default)]
pub(crate) struct Told(pub(crate) BTreeMap<i64, Callback>);

/// One callback, as a merchant saw it.
#[derive(Debug)]
pub(crate) struct Callback {
    webhook_id: String,
    body: Vec<u8>,
    /// How often the merchant answered 200.
    pub(crate) welcomed: u32,
    /// Whether such an answer reached the platform.
    pub(crate) acknowledged: bool,
}

impl Callback {
    /// Whether it has this body.
    pub(crate) fn is(&self, body: &[u8]) -> bool {
        self.body == body
    }
}

impl Told {
    /// Takes note of a try that leaves the platform.
    pub(crate) fn leaves(&mut self, seq: i64, webhook_id: &str, body: &[u8]) -> Result<(), Broken> {
        let newer = self.0.range(seq.saturating_add(1)..).find(|(_, newer)| newer.acknowledged);
        ensure(newer.is_none(), "I4", || {
            format!("callback {webhook_id} is sent after a newer one was acknowledged")
        })?;
        let known = self.0.entry(seq).or_insert_with(|| Callback {
            webhook_id: webhook_id.to_owned(),
            body: body.to_vec(),
            welcomed: 0,
            acknowledged: false,
        });
        ensure(known.webhook_id == webhook_id && known.body == body, "I4", || {
            format!("callback {webhook_id} is sent again with another id or body")
        })
    }
}
