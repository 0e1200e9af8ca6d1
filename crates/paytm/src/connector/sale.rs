//! Opening an order at Paytm, and asking what became of it.

use domain::id::ProviderReference;
use domain::payment::Customer;
use domain::provider::{InitiateAnswer, Receipt, Redirect, RedirectMethod, SaleAnswer, Unclear};
use domain::time::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use serde::{Deserialize, Serialize};

use super::customer::UserInfo;
use super::{BuildError, Echo, Order, all_same, none_differs, rupees, said};
use crate::account::{Account, Mode};
use crate::checksum::SALT_LENGTH;
use crate::codes;
use crate::exchange::{Reply, Request};
use crate::message::{Head, ResultInfo, open, request};

/// Paytm's dates are Indian time: UTC+5:30, without summer time.
const INDIAN_OFFSET_SECONDS: i32 = 5 * 3_600 + 30 * 60;

/// The request that opens an order (`initiateTransaction`). Only its head tells `now`.
///
/// # Errors
/// [`BuildError`] when the order is not in rupees, or the request can't be signed.
pub fn initiate(
    account: &Account,
    order: Order<'_>,
    customer: &Customer,
    now: Timestamp,
    salt: [u8; SALT_LENGTH],
) -> Result<Request, BuildError> {
    #[derive(Serialize)]
    struct TxnAmount {
        value: String,
        currency: &'static str,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Body<'a> {
        request_type: &'static str,
        mid: &'a str,
        website_name: &'a str,
        order_id: &'a ProviderReference,
        callback_url: &'a str,
        txn_amount: TxnAmount,
        user_info: UserInfo<'a>,
        #[serde(skip_serializing_if = "<[Mode]>::is_empty")]
        enable_payment_mode: &'a [Mode],
    }
    let body = Body {
        request_type: "Payment",
        mid: &account.mid,
        website_name: &account.website,
        order_id: order.reference,
        callback_url: &account.callback_url,
        txn_amount: TxnAmount { value: rupees(order.amount)?, currency: "INR" },
        user_info: UserInfo::new(customer, order),
        enable_payment_mode: &account.modes,
    };
    let url = account.order_endpoint("/theia/api/v1/initiateTransaction", &order.reference.0);
    request(url, &Head::web(now), &body, &account.key, salt)
}

/// What the answer to [`initiate`] means.
///
/// A success must be signed. A refusal need not be, because Paytm's error answers may be
/// unsigned; it only counts where nothing can have been made.
pub fn initiated(account: &Account, order: Order<'_>, reply: Reply<'_>) -> InitiateAnswer {
    read_initiated(account, order, reply).unwrap_or_else(InitiateAnswer::Unknown)
}

fn read_initiated(
    account: &Account,
    order: Order<'_>,
    reply: Reply<'_>,
) -> Result<InitiateAnswer, Unclear> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Body {
        result_info: ResultInfo,
        txn_token: Option<String>,
    }
    let answer = open::<Body>(reply, &account.key)?;
    let result = &answer.body.result_info;
    match codes::initiation(&result.result_status, &result.result_code)? {
        codes::Initiation::Refused(code) => Ok(InitiateAnswer::Refused(code)),
        codes::Initiation::Opened => {
            answer.require_signature()?;
            let token = said(answer.body.txn_token).ok_or(Unclear::Unreadable)?;
            Ok(InitiateAnswer::Redirect(payment_page(account, order, token)))
        }
    }
}

/// The form that takes the customer to Paytm. Opened with GET it shows an error page.
fn payment_page(account: &Account, order: Order<'_>, token: String) -> Redirect {
    let order_id = &order.reference.0;
    Redirect {
        method: RedirectMethod::Post,
        url: account.order_endpoint("/theia/api/v1/showPaymentPage", order_id),
        fields: vec![
            ("mid".into(), account.mid.clone()),
            ("orderId".into(), order_id.clone()),
            ("txnToken".into(), token),
        ],
    }
}

/// The question what became of an order (`v3/order/status`): the only answer that is believed.
///
/// # Errors
/// [`BuildError`] when the request can't be signed.
pub fn ask_sale(
    account: &Account,
    reference: &ProviderReference,
    salt: [u8; SALT_LENGTH],
) -> Result<Request, BuildError> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Body<'a> {
        mid: &'a str,
        order_id: &'a ProviderReference,
    }
    let body = Body { mid: &account.mid, order_id: reference };
    request(account.endpoint("/v3/order/status"), &Head::default(), &body, &account.key, salt)
}

/// What the answer to [`ask_sale`] means. A sale ends only by a signed answer that names our
/// merchant and order, and is paid only if the amount is the one that was asked.
pub fn sale_answered(account: &Account, order: Order<'_>, reply: Reply<'_>) -> SaleAnswer {
    read_sale(account, order, reply).unwrap_or_else(SaleAnswer::Unknown)
}

fn read_sale(account: &Account, order: Order<'_>, reply: Reply<'_>) -> Result<SaleAnswer, Unclear> {
    let answer = open::<SaleBody>(reply, &account.key)?;
    let body = &answer.body;
    let identity = [
        Echo::of_text(body.mid.as_deref(), &account.mid),
        Echo::of_text(body.order_id.as_deref(), &order.reference.0),
    ];
    let amount = Echo::of_amount(body.txn_amount.as_deref(), order.amount);
    none_differs(&identity)?;
    none_differs(&[
        amount,
        Echo::of_text(body.currency.as_deref(), order.amount.currency().code()),
        Echo::of_text(body.txn_type.as_deref(), "SALE"),
    ])?;

    let result = &body.result_info;
    match codes::sale(&result.result_status, &result.result_code)? {
        codes::Sale::Pending => Ok(SaleAnswer::Pending),
        codes::Sale::Failed(code) => {
            answer.require_signature()?;
            all_same(&identity)?;
            Ok(SaleAnswer::Failed { code, transaction_id: said(answer.body.txn_id) })
        }
        codes::Sale::Paid => {
            answer.require_signature()?;
            all_same(&identity)?;
            all_same(&[amount])?;
            answer.body.receipt().map(SaleAnswer::Paid).ok_or(Unclear::Unreadable)
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SaleBody {
    result_info: ResultInfo,
    mid: Option<String>,
    order_id: Option<String>,
    txn_id: Option<String>,
    txn_amount: Option<String>,
    txn_type: Option<String>,
    currency: Option<String>,
    txn_date: Option<String>,
    payment_mode: Option<String>,
    bank_txn_id: Option<String>,
    rrn_code: Option<String>,
    utr: Option<String>,
}

impl SaleBody {
    fn receipt(self) -> Option<Receipt> {
        Some(Receipt {
            transaction_id: said(self.txn_id)?,
            date: self.txn_date.as_deref().and_then(indian_time),
            mode: said(self.payment_mode),
            bank_reference: said(self.bank_txn_id)
                .or_else(|| said(self.rrn_code))
                .or_else(|| said(self.utr)),
        })
    }
}

/// Reads `2019-02-20 12:35:20.0`.
fn indian_time(text: &str) -> Option<Timestamp> {
    let date: DateTime = text.parse().ok()?;
    let offset = Offset::from_seconds(INDIAN_OFFSET_SECONDS).ok()?;
    Some(Timestamp(offset.to_timestamp(date).ok()?.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_indian_time() {
        for (text, milliseconds) in [
            ("1970-01-01 05:30:00.0", Some(0)),
            ("2019-02-20 12:35:20.0", Some(1_550_646_320_000)),
            ("2018-08-21 15:16:11.25", Some(1_534_844_771_250)),
            ("2019-02-30 12:35:20.0", None),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(indian_time(text), milliseconds.map(Timestamp), "{text}");
        }
    }
}
