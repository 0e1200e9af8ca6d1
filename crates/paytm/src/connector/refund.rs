//! Asking Paytm to give money back, and what became of it.

use domain::id::ProviderReference;
use domain::money::Amount;
use domain::provider::{RefundAnswer, Unclear};
use serde::{Deserialize, Serialize};

use super::{BuildError, Echo, all_same, none_differs, rupees, said};
use crate::account::Account;
use crate::checksum::SALT_LENGTH;
use crate::codes;
use crate::exchange::{Reply, Request};
use crate::message::{Head, Opened, ResultInfo, open, request};

/// Longest comment on a refund.
const COMMENT_CHARS_MAX: usize = 50;

/// A refund, as Paytm knows it.
#[derive(Debug, Clone, Copy)]
pub struct Refund<'a> {
    /// `orderId` of the sale.
    pub order: &'a ProviderReference,
    /// `refId`: the refund's own name.
    pub reference: &'a ProviderReference,
    /// `txnId`: Paytm's id of the sale.
    pub transaction_id: &'a str,
    /// How much goes back.
    pub amount: Amount,
    /// Words for Paytm's books; what they don't take of them is left out.
    pub comment: Option<&'a str>,
}

/// The request for a refund (`refund/apply`).
///
/// # Errors
/// [`BuildError`] when the amount is not in rupees, or the request can't be signed.
pub fn refund(
    account: &Account,
    refund: Refund<'_>,
    salt: [u8; SALT_LENGTH],
) -> Result<Request, BuildError> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Body<'a> {
        mid: &'a str,
        txn_type: &'static str,
        order_id: &'a ProviderReference,
        txn_id: &'a str,
        ref_id: &'a ProviderReference,
        refund_amount: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        comments: Option<String>,
    }
    let body = Body {
        mid: &account.mid,
        txn_type: "REFUND",
        order_id: refund.order,
        txn_id: refund.transaction_id,
        ref_id: refund.reference,
        refund_amount: rupees(refund.amount)?,
        comments: refund.comment.and_then(plain),
    };
    request(account.endpoint("/refund/apply"), &Head::default(), &body, &account.key, salt)
}

/// What Paytm's books take of a text: printable ASCII without bars, quotes and backslashes, which
/// some signers trip over.
fn plain(text: &str) -> Option<String> {
    let plain: String = text
        .chars()
        .filter(|c| matches!(c, ' '..='~') && !matches!(c, '|' | '"' | '\'' | '\\'))
        .take(COMMENT_CHARS_MAX)
        .collect();
    (!plain.trim().is_empty()).then_some(plain)
}

/// What the answer to [`refund`] means.
///
/// That it was taken on, or is done, must be signed. A refusal need not be, as with
/// [`initiated`](super::initiated): it comes before anything is made.
pub fn refund_answered(account: &Account, refund: Refund<'_>, reply: Reply<'_>) -> RefundAnswer {
    let read = || {
        let (answer, identity) = open_refund(account, refund, reply)?;
        let result = &answer.body.result_info;
        match codes::refund_request(&result.result_status, &result.result_code)? {
            codes::Refund::Refused(code) => Ok(RefundAnswer::Refused(code)),
            codes::Refund::NotFound => Ok(RefundAnswer::NotFound),
            codes::Refund::Busy => Ok(RefundAnswer::Busy),
            codes::Refund::Pending => pending(answer),
            codes::Refund::Refunded => refunded(answer, refund, &identity),
        }
    };
    read().unwrap_or_else(RefundAnswer::Unknown)
}

/// The question what became of a refund (`v2/refund/status`).
///
/// # Errors
/// [`BuildError`] when the request can't be signed.
pub fn ask_refund(
    account: &Account,
    refund: Refund<'_>,
    salt: [u8; SALT_LENGTH],
) -> Result<Request, BuildError> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Body<'a> {
        mid: &'a str,
        order_id: &'a ProviderReference,
        ref_id: &'a ProviderReference,
    }
    let body = Body { mid: &account.mid, order_id: refund.order, ref_id: refund.reference };
    request(account.endpoint("/v2/refund/status"), &Head::default(), &body, &account.key, salt)
}

/// What the answer to [`ask_refund`] means. A refund ends only by a signed answer that names our
/// merchant, order and refund. `NotFound` and `Busy` need no signature: all they lead to is the
/// same request again.
pub fn refund_status_answered(
    account: &Account,
    refund: Refund<'_>,
    reply: Reply<'_>,
) -> RefundAnswer {
    let read = || {
        let (answer, identity) = open_refund(account, refund, reply)?;
        let result = &answer.body.result_info;
        match codes::refund_status(&result.result_status, &result.result_code)? {
            codes::Refund::Refused(code) => {
                answer.require_signature()?;
                all_same(&identity)?;
                Ok(RefundAnswer::Refused(code))
            }
            codes::Refund::NotFound => Ok(RefundAnswer::NotFound),
            codes::Refund::Busy => Ok(RefundAnswer::Busy),
            codes::Refund::Pending => pending(answer),
            codes::Refund::Refunded => refunded(answer, refund, &identity),
        }
    };
    read().unwrap_or_else(RefundAnswer::Unknown)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RefundBody {
    result_info: ResultInfo,
    mid: Option<String>,
    order_id: Option<String>,
    ref_id: Option<String>,
    txn_id: Option<String>,
    refund_amount: Option<String>,
    refund_id: Option<String>,
}

/// Reads an answer and compares all it names with what was asked. The three echoes returned are
/// those that a definite answer must have: merchant, order and refund.
fn open_refund(
    account: &Account,
    refund: Refund<'_>,
    reply: Reply<'_>,
) -> Result<(Opened<RefundBody>, [Echo; 3]), Unclear> {
    let answer = open::<RefundBody>(reply, &account.key)?;
    let body = &answer.body;
    let identity = [
        Echo::of_text(body.mid.as_deref(), &account.mid),
        Echo::of_text(body.order_id.as_deref(), &refund.order.0),
        Echo::of_text(body.ref_id.as_deref(), &refund.reference.0),
    ];
    none_differs(&identity)?;
    none_differs(&[
        Echo::of_text(body.txn_id.as_deref(), refund.transaction_id),
        Echo::of_amount(body.refund_amount.as_deref(), refund.amount),
    ])?;
    Ok((answer, identity))
}

fn pending(answer: Opened<RefundBody>) -> Result<RefundAnswer, Unclear> {
    answer.require_signature()?;
    Ok(RefundAnswer::Pending { refund_id: said(answer.body.refund_id) })
}

fn refunded(
    answer: Opened<RefundBody>,
    refund: Refund<'_>,
    identity: &[Echo],
) -> Result<RefundAnswer, Unclear> {
    answer.require_signature()?;
    all_same(identity)?;
    all_same(&[Echo::of_amount(answer.body.refund_amount.as_deref(), refund.amount)])?;
    Ok(RefundAnswer::Refunded { refund_id: said(answer.body.refund_id) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_plain_and_short() {
        for (text, comment) in [
            ("Returned goods", Some("Returned goods")),
            ("it's \"half\" | a\\b\n", Some("its half  ab")),
            ("₹ ", None),
            ("", None),
        ] {
            assert_eq!(plain(text).as_deref(), comment, "{text}");
        }
        assert_eq!(plain(&"x".repeat(500)).map(|text| text.len()), Some(COMMENT_CHARS_MAX));
    }
}
