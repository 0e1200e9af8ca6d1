//! A Paytm of the world's own: orders, payments and refunds at the level of HTTP values, with a
//! ledger of what really moved money. It shares nothing with the connector but the checksum.
//!
//! It never charges an order twice and never carries out a refund reference twice, because the
//! real one does not. What the platform may never ask of it is written down as a complaint.

mod answer;
mod refund;

use std::collections::BTreeMap;

use domain::money::{Amount, Currency};
use domain::time::{Millis, Timestamp};
use serde_json::{Value, json};

pub(crate) use answer::{Answer, Seal};
use refund::Refund;

use crate::rng::Rng;
use crate::troubles::{Trouble, Troubles};

/// Where the provider is.
pub(crate) const URL: &str = "https://paytm.sim";
/// The merchant account.
pub(crate) const MID: &str = "SIMULA00000000000001";
/// Its key.
pub(crate) const KEY: &str = "SimulatedKey0123";

/// Paytm asks the bank for so long after the order was opened, then the payment fails.
const BANK_ASKED_FOR: Millis = Millis::hours(72);

/// A movement of money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    /// The customer paid an order.
    Charge { order: String, minor: i64 },
    /// The customer got money back.
    PayOut { order: String, reference: String, minor: i64 },
}

/// Something that happens at the provider by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Later {
    /// The bank has answered about a payment.
    PaymentResolves { order: String, paid: bool },
    /// The customer tries again on the provider's page.
    SecondTry { order: String },
    /// The bank has answered about a refund.
    RefundResolves { order: String, reference: String, paid: bool },
    /// A notification leaves.
    Notice { order: String, refund: Option<String> },
}

/// What becomes of things at the provider: each with the time from now.
pub(crate) type Laters = Vec<(Millis, Later)>;

/// How an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The customer has not acted.
    Open,
    /// The bank has not answered.
    Pending,
    /// Paid.
    Paid,
    /// Failed, with Paytm's code.
    Failed(&'static str),
}

/// An order.
#[derive(Debug)]
pub(crate) struct Order {
    minor: i64,
    standing: Standing,
    /// Whether it has ever been seen as failed.
    failed_once: bool,
    opened: Timestamp,
    changed: Timestamp,
    transaction: String,
    refunds: BTreeMap<String, Refund>,
}

/// The provider.
pub(crate) struct Provider {
    orders: BTreeMap<String, Order>,
    refused: BTreeMap<String, &'static str>,
    effects: Vec<Effect>,
    complaints: Vec<String>,
    rng: Rng,
}

impl Provider {
    pub(crate) const fn new(rng: Rng) -> Self {
        Self {
            orders: BTreeMap::new(),
            refused: BTreeMap::new(),
            effects: Vec::new(),
            complaints: Vec::new(),
            rng,
        }
    }

    /// The names of all orders.
    pub(crate) fn orders(&self) -> impl Iterator<Item = &String> {
        self.orders.keys()
    }

    /// Whether this order ever failed, or was not even opened.
    pub(crate) fn has_declined(&self, reference: &str) -> bool {
        self.refused.contains_key(reference)
            || self.orders.get(reference).is_some_and(|order| order.failed_once)
    }

    /// Everything that moved money, oldest first.
    pub(crate) fn effects(&self) -> &[Effect] {
        &self.effects
    }

    /// Something that the platform should never have asked.
    pub(crate) fn take_complaint(&mut self) -> Option<String> {
        self.complaints.pop()
    }

    /// Carries out a request and answers it.
    pub(crate) fn handle(
        &mut self,
        now: Timestamp,
        path: &str,
        message: &[u8],
        troubles: &mut Troubles,
    ) -> (Answer, Laters) {
        let Some(body) = answer::open(message) else {
            self.complaints.push(format!("{path}: the request is not signed with our key"));
            return (Answer::new(json!({"resultInfo": result("F", "2005")})), Laters::new());
        };
        match path {
            "/theia/api/v1/initiateTransaction" => {
                (self.initiate(now, &body, troubles), Laters::new())
            }
            "/v3/order/status" => (self.order_status(&body), Laters::new()),
            "/refund/apply" => self.apply_refund(&body, troubles),
            "/v2/refund/status" => (self.refund_status(&body), Laters::new()),
            _ => {
                self.complaints.push(format!("{path}: no such service"));
                (Answer::new(Value::Null), Laters::new())
            }
        }
    }

    fn initiate(&mut self, now: Timestamp, body: &Value, troubles: &mut Troubles) -> Answer {
        let reference = text(body, "orderId").to_owned();
        let value = body.get("txnAmount").map_or("", |amount| text(amount, "value"));
        let minor = Amount::from_decimal(value, Currency::INR).map_or(0, Amount::minor);
        if let Some(code) = self.refused.get(&reference) {
            return Answer::new(json!({"resultInfo": result("F", code)}));
        }
        match self.orders.get(&reference) {
            None if troubles.strikes(Trouble::InitiationRefused) => {
                let code = self.rng.pick(["196", "2013", "1001"]);
                self.refused.insert(reference, code);
                Answer::new(json!({"resultInfo": result("F", code)}))
            }
            None => {
                let transaction = format!("2026{:026}", self.rng.below(u64::MAX));
                let order = Order {
                    minor,
                    standing: Standing::Open,
                    failed_once: false,
                    opened: now,
                    changed: now,
                    transaction,
                    refunds: BTreeMap::new(),
                };
                self.orders.insert(reference.clone(), order);
                opened("0000", &reference)
            }
            Some(order) if order.minor != minor => {
                self.complaints.push(format!("{reference}: opened again over another amount"));
                Answer::new(json!({"resultInfo": result("F", "2023")}))
            }
            Some(order) if order.standing == Standing::Open => opened("0002", &reference),
            Some(_) => Answer::new(json!({"resultInfo": result("F", "1006")})),
        }
    }

    fn order_status(&self, body: &Value) -> Answer {
        let reference = text(body, "orderId");
        let Some(order) = self.orders.get(reference) else {
            let info = result("TXN_FAILURE", "334");
            return Answer::new(json!({"resultInfo": info, "mid": MID, "orderId": reference}));
        };
        let info = match order.standing {
            Standing::Open | Standing::Pending => result("PENDING", "402"),
            Standing::Paid => result("TXN_SUCCESS", "01"),
            Standing::Failed(code) => result("TXN_FAILURE", code),
        };
        Answer::new(json!({
            "resultInfo": info,
            "mid": MID,
            "orderId": reference,
            "txnId": order.transaction,
            "bankTxnId": "",
            "txnAmount": decimal(order.minor),
            "txnType": "SALE",
            "paymentMode": "PPI",
            "txnDate": indian_time(order.changed),
        }))
    }

    /// The customer presses "pay" on the provider's page.
    pub(crate) fn customer_pays(
        &mut self,
        now: Timestamp,
        reference: &str,
        troubles: &mut Troubles,
    ) -> Laters {
        let Some(order) = self.orders.get_mut(reference) else { return Laters::new() };
        if order.standing != Standing::Open {
            return Laters::new();
        }
        if troubles.strikes(Trouble::PaymentFails) {
            let code = self.rng.pick(["235", "227", "202", "810"]);
            self.fail(now, reference, code, troubles)
        } else if troubles.strikes(Trouble::PaymentPends) {
            order.standing = Standing::Pending;
            order.changed = now;
            let asked_for = order.opened.plus(BANK_ASKED_FOR).since(now).0;
            let wait = Millis(self.rng.magnitude(10_000, asked_for));
            let paid = self.rng.chance(650);
            vec![(wait, Later::PaymentResolves { order: reference.to_owned(), paid })]
        } else {
            self.settle(now, reference, Standing::Paid)
        }
    }

    /// The customer presses "cancel" there.
    pub(crate) fn customer_cancels(
        &mut self,
        now: Timestamp,
        reference: &str,
        troubles: &mut Troubles,
    ) -> Laters {
        let order = self.orders.get(reference);
        if order.is_none_or(|order| order.standing != Standing::Open) {
            return Laters::new();
        }
        self.fail(now, reference, "141", troubles)
    }

    fn fail(
        &mut self,
        now: Timestamp,
        reference: &str,
        code: &'static str,
        troubles: &mut Troubles,
    ) -> Laters {
        let mut laters = self.settle(now, reference, Standing::Failed(code));
        if troubles.strikes(Trouble::FailureFlips) {
            let wait = Millis(self.rng.between(2_000, 1_200_000));
            laters.push((wait, Later::SecondTry { order: reference.to_owned() }));
        }
        laters
    }

    /// Carries out what had been put off.
    pub(crate) fn happens(&mut self, now: Timestamp, later: &Later) -> Laters {
        match later {
            Later::PaymentResolves { order, paid } => {
                let standing = if *paid { Standing::Paid } else { Standing::Failed("810") };
                self.settle(now, order, standing)
            }
            Later::SecondTry { order } => self.settle(now, order, Standing::Paid),
            Later::RefundResolves { order, reference, paid } => {
                self.resolve_refund(order, reference, *paid)
            }
            Later::Notice { .. } => Laters::new(),
        }
    }

    /// What a notification about an order says.
    pub(crate) fn notice(&self, reference: &str, refund: Option<&str>, lies: bool) -> Vec<u8> {
        if let Some(refund) = refund {
            let body = json!({"orderId": reference, "refId": refund, "status": "SUCCESS"});
            return json!({"head": {}, "body": body}).to_string().into_bytes();
        }
        let order = self.orders.get(reference);
        let paid = order.is_some_and(|order| order.standing == Standing::Paid) != lies;
        let status = if paid { "TXN_SUCCESS" } else { "TXN_FAILURE" };
        let transaction = order.map_or("", |order| order.transaction.as_str());
        format!("MID={MID}&ORDERID={reference}&STATUS={status}&TXNID={transaction}").into_bytes()
    }

    fn settle(&mut self, now: Timestamp, reference: &str, standing: Standing) -> Laters {
        let Some(order) = self.orders.get_mut(reference) else { return Laters::new() };
        if order.standing == Standing::Paid {
            return Laters::new();
        }
        order.standing = standing;
        order.changed = now;
        if standing == Standing::Paid {
            let minor = order.minor;
            self.effects.push(Effect::Charge { order: reference.to_owned(), minor });
        } else {
            order.failed_once = true;
        }
        let notice = || Later::Notice { order: reference.to_owned(), refund: None };
        vec![
            (Millis(self.rng.between(50, 3_000)), notice()),
            (Millis(self.rng.between(100, 8_000)), notice()),
        ]
    }
}

fn opened(code: &str, reference: &str) -> Answer {
    Answer::new(json!({"resultInfo": result("S", code), "txnToken": format!("token-{reference}")}))
}

fn result(status: &str, code: &str) -> Value {
    json!({"resultStatus": status, "resultCode": code, "resultMsg": ""})
}

fn text<'a>(body: &'a Value, name: &str) -> &'a str {
    body.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn decimal(minor: i64) -> String {
    Amount::new(minor, Currency::INR).map_or_else(|_| String::new(), Amount::to_decimal)
}

/// `2019-02-20 12:35:20.0`, five and a half hours ahead of UTC.
fn indian_time(at: Timestamp) -> String {
    let there = wire::date::format(at.plus(Millis::minutes(330)).0).replace('T', " ");
    there.split('+').next().unwrap_or_default().to_owned() + ".0"
}
