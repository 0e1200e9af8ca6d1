//! A payment as its messages show it: the browser's callback, the notification in two spellings,
//! the order status in two spellings.

use serde::Serialize;

use crate::bank::order::{Order, Payer, State};
use crate::clock::{Millis, date, date_time};
use crate::code;
use crate::message::{Fields, ResultInfo};
use crate::paise::Paise;
use crate::scenario::Lie;

/// What is said about a payment. Normally the truth.
#[derive(Debug, Clone)]
pub(crate) struct Report {
    mid: String,
    order_id: String,
    customer_id: String,
    txn_id: String,
    bank_txn_id: String,
    amount: Paise,
    refunded: Paise,
    code: String,
    /// `None` until somebody tried to pay.
    instrument: Option<Instrument>,
    at: Millis,
    /// 334: nothing is known beyond the order id.
    unknown: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Instrument {
    Wallet,
    Upi,
}

impl Report {
    pub(crate) fn of(order: &Order, refunded: Paise, lie: Option<Lie>) -> Self {
        let instrument = match (&order.payer, order.attempted_at) {
            (Some(Payer::Wallet(_)), Some(_)) => Some(Instrument::Wallet),
            (Some(Payer::Upi(_)), Some(_)) => Some(Instrument::Upi),
            _ => None,
        };
        let mut report = Self {
            mid: order.mid.clone(),
            order_id: order.order_id.clone(),
            customer_id: order.customer_id.clone(),
            txn_id: order.txn_id(),
            bank_txn_id: order.bank_txn_id(),
            amount: order.amount,
            refunded,
            code: order.code.clone(),
            instrument,
            at: order.attempted_at.unwrap_or(order.created_at),
            unknown: order.state == State::Initiated,
        };
        if let Some(lie) = lie {
            report.bend(lie);
        }
        report
    }

    fn bend(&mut self, lie: Lie) {
        match lie {
            Lie::Amount => self.amount = self.amount.plus(Paise::RUPEE),
            Lie::Mid => "OTHERM00000000000001".clone_into(&mut self.mid),
            Lie::OrderId => self.order_id.push('X'),
            Lie::Unknown => self.unknown = true,
            Lie::Success => code::SUCCESS.clone_into(&mut self.code),
            Lie::Failure => code::DECLINED.clone_into(&mut self.code),
            Lie::Pending => code::INCOMPLETE.clone_into(&mut self.code),
        }
    }

    fn status(&self) -> &'static str {
        code::payment_status(&self.code)
    }

    /// What the browser carries to `callbackUrl`; less of it if nobody tried to pay.
    pub(crate) fn callback(&self) -> Fields {
        let mut fields = vec![
            ("MID", self.mid.clone()),
            ("TXNID", self.txn_id.clone()),
            ("ORDERID", self.order_id.clone()),
            ("BANKTXNID", self.bank_txn_id.clone()),
            ("TXNAMOUNT", self.amount.to_string()),
            ("CURRENCY", "INR".to_owned()),
            ("STATUS", self.status().to_owned()),
            ("RESPCODE", self.code.clone()),
            ("RESPMSG", code::message(&self.code).to_owned()),
        ];
        if let Some(instrument) = self.instrument {
            fields.push(("TXNDATE", date_time(self.at)));
            fields.extend(instrument.fields());
        }
        fields
    }

    /// What the server sends when the payment has ended.
    pub(crate) fn notification(&self) -> Fields {
        let mut fields = self.callback();
        fields.retain(|(name, _)| *name != "TXNDATE");
        fields.extend([
            ("TXNDATE", date(self.at)),
            ("TXNDATETIME", date_time(self.at)),
            ("CUSTID", self.customer_id.clone()),
            ("TXNTYPE", "SALE".to_owned()),
            ("REFUNDAMT", "0.00".to_owned()),
        ]);
        fields
    }

    /// The same as JSON.
    pub(crate) fn json_notification(&self) -> JsonNotification<'_> {
        JsonNotification {
            mid: &self.mid,
            order_id: &self.order_id,
            txn_id: &self.txn_id,
            bank_txn_id: &self.bank_txn_id,
            txn_amount: self.amount,
            currency: "INR",
            status: self.status(),
            resp_code: &self.code,
            resp_msg: code::message(&self.code),
            txn_type: "SALE",
            txn_date: date_time(self.at),
            payment_mode: self.instrument.map(Instrument::mode),
        }
    }

    /// The body of the order status.
    pub(crate) fn status_body(&self) -> StatusBody<'_> {
        if self.unknown {
            return refusal(&self.mid, &self.order_id, code::INVALID_ORDER);
        }
        StatusBody {
            result_info: ResultInfo::payment(&self.code),
            payment: Some(StatusPayment {
                txn_id: &self.txn_id,
                bank_txn_id: &self.bank_txn_id,
                txn_amount: self.amount,
                txn_type: "SALE",
                gateway_name: self.instrument.map(Instrument::gateway),
                bank_name: self.instrument.and_then(Instrument::bank),
                payment_mode: self.instrument.map(Instrument::mode),
                refund_amt: self.refunded,
                txn_date: date_time(self.at),
            }),
            order_id: &self.order_id,
            mid: &self.mid,
        }
    }

    /// The flat answer of the old order status, unsigned.
    pub(crate) fn old_status(&self) -> Fields {
        if self.unknown {
            return old_refusal(&self.mid, &self.order_id, code::INVALID_ORDER);
        }
        let mut fields = self.callback();
        fields.extend([("TXNTYPE", "SALE".to_owned()), ("REFUNDAMT", self.refunded.to_string())]);
        fields
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StatusBody<'a> {
    result_info: ResultInfo<'a>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    payment: Option<StatusPayment<'a>>,
    order_id: &'a str,
    mid: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct StatusPayment<'a> {
    txn_id: &'a str,
    bank_txn_id: &'a str,
    txn_amount: Paise,
    txn_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    gateway_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bank_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_mode: Option<&'a str>,
    refund_amt: Paise,
    txn_date: String,
}

/// An order status without a payment: only why there is none.
pub(crate) fn refusal<'a>(mid: &'a str, order_id: &'a str, code: &'a str) -> StatusBody<'a> {
    StatusBody { result_info: ResultInfo::payment(code), payment: None, order_id, mid }
}

/// The same in the flat spelling of the old order status.
pub(crate) fn old_refusal(mid: &str, order_id: &str, code: &str) -> Fields {
    vec![
        ("ORDERID", order_id.to_owned()),
        ("MID", mid.to_owned()),
        ("STATUS", code::payment_status(code).to_owned()),
        ("RESPCODE", code.to_owned()),
        ("RESPMSG", code::message(code).to_owned()),
    ]
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JsonNotification<'a> {
    mid: &'a str,
    order_id: &'a str,
    txn_id: &'a str,
    bank_txn_id: &'a str,
    txn_amount: Paise,
    currency: &'a str,
    status: &'a str,
    resp_code: &'a str,
    resp_msg: &'a str,
    txn_type: &'a str,
    txn_date: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_mode: Option<&'a str>,
}

impl Instrument {
    fn mode(self) -> &'static str {
        match self {
            Self::Wallet => "PPI",
            Self::Upi => "UPI",
        }
    }

    fn gateway(self) -> &'static str {
        match self {
            Self::Wallet => "WALLET",
            Self::Upi => "PPBLC",
        }
    }

    /// UPI names no bank.
    fn bank(self) -> Option<&'static str> {
        match self {
            Self::Wallet => Some("WALLET"),
            Self::Upi => None,
        }
    }

    fn fields(self) -> impl Iterator<Item = (&'static str, String)> {
        [
            Some(("GATEWAYNAME", self.gateway())),
            self.bank().map(|bank| ("BANKNAME", bank)),
            Some(("PAYMENTMODE", self.mode())),
        ]
        .into_iter()
        .flatten()
        .map(|(name, value)| (name, value.to_owned()))
    }
}
