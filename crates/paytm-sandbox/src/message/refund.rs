//! A refund as its messages show it: the answer to the request, the refund status, and the two
//! notifications (accepted, credited).

use serde::Serialize;

use crate::bank::order::{Order, Payer};
use crate::bank::refund::{Refund, RefundIds, RefundState};
use crate::clock::{HOUR, Millis, date, date_time};
use crate::code;
use crate::message::ResultInfo;
use crate::paise::Paise;

/// The answer to a refund request. A refusal has no refund id.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RefundAnswer {
    #[serde(skip_serializing_if = "Option::is_none")]
    txn_timestamp: Option<String>,
    order_id: String,
    mid: String,
    ref_id: String,
    result_info: ResultInfo<'static>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refund_id: Option<String>,
    txn_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    refund_amount: Option<Paise>,
}

impl RefundAnswer {
    pub(crate) fn taken(order: &Order, refund: &Refund) -> Self {
        Self {
            txn_timestamp: Some(date_time(order.attempted_at.unwrap_or(order.created_at))),
            order_id: order.order_id.clone(),
            mid: refund.mid.clone(),
            ref_id: refund.ref_id.clone(),
            result_info: ResultInfo::refund(code::known(&refund.code)),
            refund_id: Some(refund.refund_id()),
            txn_id: order.txn_id(),
            refund_amount: Some(refund.amount),
        }
    }

    pub(crate) fn refused(ids: &RefundIds, amount: Option<Paise>, code: &'static str) -> Self {
        Self {
            txn_timestamp: None,
            order_id: ids.order_id.clone(),
            mid: ids.mid.clone(),
            ref_id: ids.ref_id.clone(),
            result_info: ResultInfo::refund(code),
            refund_id: None,
            txn_id: ids.txn_id.clone(),
            refund_amount: amount,
        }
    }
}

/// Everything about a refund: the answer of the refund status, and of a credit notification.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RefundReport {
    #[serde(skip_serializing_if = "Option::is_none")]
    result_info: Option<ResultInfo<'static>>,
    order_id: String,
    mid: String,
    ref_id: String,
    refund_id: String,
    txn_id: String,
    txn_amount: Paise,
    refund_amount: Paise,
    total_refund_amount: Paise,
    source: &'static str,
    txn_timestamp: String,
    merchant_refund_request_timestamp: String,
    accept_refund_status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    accept_refund_timestamp: Option<String>,
    user_credit_initiate_status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_credit_initiate_timestamp: Option<String>,
    refund_detail_info_list: Vec<RefundDetail>,
    /// Only in the notification: Paytm's Python SDK fails on an object here in the status.
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_info: Option<AgentInfo>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RefundDetail {
    refund_type: &'static str,
    pay_method: &'static str,
    refund_amount: Paise,
    user_credit_expected_date: String,
    rrn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_mobile_no: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    masked_vpa: Option<String>,
}

/// Who at the merchant asked; nobody here.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct AgentInfo {
    name: &'static str,
    employee_id: &'static str,
    phone_no: &'static str,
    email: &'static str,
}

impl RefundReport {
    /// `total` is what has been credited of the whole order.
    pub(crate) fn of(order: &Order, refund: &Refund, total: Paise) -> Self {
        let (accepted, credited) = match refund.state {
            RefundState::Requested => ("PENDING", "PENDING"),
            RefundState::Accepted => ("SUCCESS", "PENDING"),
            RefundState::Credited => ("SUCCESS", "SUCCESS"),
            RefundState::Rejected => ("FAILED", "FAILED"),
            RefundState::Failed => ("SUCCESS", "FAILED"),
        };
        Self {
            result_info: Some(ResultInfo::refund(code::known(&refund.code))),
            order_id: order.order_id.clone(),
            mid: refund.mid.clone(),
            ref_id: refund.ref_id.clone(),
            refund_id: refund.refund_id(),
            txn_id: order.txn_id(),
            txn_amount: order.amount,
            refund_amount: refund.amount,
            total_refund_amount: total,
            source: "MERCHANT",
            txn_timestamp: date_time(order.attempted_at.unwrap_or(order.created_at)),
            merchant_refund_request_timestamp: date_time(refund.requested_at),
            accept_refund_status: accepted,
            accept_refund_timestamp: refund.accepted_at.map(date_time),
            user_credit_initiate_status: credited,
            user_credit_initiate_timestamp: refund.credited_at.map(date_time),
            refund_detail_info_list: vec![RefundDetail::of(order, refund)],
            agent_info: None,
        }
    }

    /// The body of the notification that the customer is being credited: no result.
    pub(crate) fn credited(self) -> Self {
        Self { result_info: None, agent_info: Some(AgentInfo::default()), ..self }
    }

    /// One rupee too much.
    pub(crate) fn with_wrong_amount(self) -> Self {
        Self { refund_amount: self.refund_amount.plus(Paise::RUPEE), ..self }
    }
}

impl RefundDetail {
    fn of(order: &Order, refund: &Refund) -> Self {
        const UPI_TAKES: Millis = 5 * 24 * HOUR;
        let (pay_method, days, user_mobile_no, masked_vpa) = match &order.payer {
            Some(Payer::Upi(address)) => ("UPI", UPI_TAKES, None, Some(masked(address))),
            Some(Payer::Wallet(phone)) => {
                ("BALANCE", 0, Some(format!("91-{}", masked(phone))), None)
            }
            None => ("BALANCE", 0, None, None),
        };
        Self {
            refund_type: "TO_SOURCE",
            pay_method,
            refund_amount: refund.amount,
            user_credit_expected_date: date(refund.requested_at.saturating_add(days)),
            rrn: format!("{:012}", 700_000_000_000 + refund.number),
            user_mobile_no,
            masked_vpa,
        }
    }
}

/// `******7777`: the last four characters.
fn masked(text: &str) -> String {
    let shown = text.char_indices().rev().nth(3).map_or(0, |(at, _)| at);
    format!("******{}", text.get(shown..).unwrap_or_default())
}

/// The notification that the amount was (or was not) taken from the merchant.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AcceptNotification {
    txn_timestamp: String,
    order_id: String,
    refund_amount: Paise,
    refund_id: String,
    txn_amount: Paise,
    txn_id: String,
    mid: String,
    merchant_refund_request_timestamp: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    accept_refund_timestamp: Option<String>,
    ref_id: String,
    agent_info: AgentInfo,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reject_refund_reason_code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reject_refund_reason_message: Option<&'static str>,
}

impl AcceptNotification {
    pub(crate) fn of(order: &Order, refund: &Refund) -> Self {
        let rejected = refund.state == RefundState::Rejected;
        Self {
            txn_timestamp: date_time(order.attempted_at.unwrap_or(order.created_at)),
            order_id: order.order_id.clone(),
            refund_amount: refund.amount,
            refund_id: refund.refund_id(),
            txn_amount: order.amount,
            txn_id: order.txn_id(),
            mid: refund.mid.clone(),
            merchant_refund_request_timestamp: date_time(refund.requested_at),
            accept_refund_timestamp: refund.accepted_at.map(date_time),
            ref_id: refund.ref_id.clone(),
            agent_info: AgentInfo::default(),
            status: if rejected { "FAILED" } else { "SUCCESS" },
            reject_refund_reason_code: rejected.then_some("1"),
            reject_refund_reason_message: rejected
                .then_some("Insufficient balance in your settlement account"),
        }
    }
}
