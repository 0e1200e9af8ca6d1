//! `initiateTransaction`: checks in the order that gives the documented codes.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::app::App;
use crate::bank::initiate::{self, Initiated, NewOrder};
use crate::config::Merchant;
use crate::http::reply::{self, Failure};
use crate::message::{self, Call, ResultInfo};
use crate::paise::Paise;
use crate::scenario::{Answer, Lie, Seal};

/// The largest amount that the ten characters of TXNAMOUNT hold.
const AMOUNT_MAX: Paise = Paise(999_999_999);

const MID_CHARS_MAX: usize = 20;
const ORDER_ID_CHARS_MAX: usize = 50;
const CUSTOMER_ID_CHARS_MAX: usize = 64;

/// A result of this call: status, code, text.
type InitiateResult = (&'static str, &'static str, &'static str);

const CREATED: InitiateResult = ("S", "0000", "Success");
const AGAIN: InitiateResult = ("S", "0002", "Success Idempotent");
const AMOUNT_OVER_LIMIT: InitiateResult =
    ("F", "196", "Payment failed as amount entered exceeds the allowed limit");
const USED: InitiateResult = ("F", "325", "Duplicate order id");
const SYSTEM_ERROR: InitiateResult = ("F", "501", "System Error");
const INVALID: InitiateResult = ("F", "1001", "Request parameters are not valid");
const MISSING: InitiateResult = ("F", "1007", "Missing mandatory element");
const PIPE: InitiateResult = ("F", "1008", "Pipe character is not allowed");
const CHECKSUM: InitiateResult = ("F", "2005", "Checksum provided is invalid");
const UNKNOWN_MID: InitiateResult = ("F", "2006", "Invalid MID");
const AMOUNT: InitiateResult = ("F", "2007", "Txn amount is invalid");
const OTHER_MID: InitiateResult =
    ("F", "2013", "Mid in the query param does not match with the Mid send in the request");
const OTHER_ORDER: InitiateResult =
    ("F", "2014", "OrderId in the query param does not match with the OrderId send in the request");
const INCONSISTENT: InitiateResult = ("F", "2023", "Repeat Request Inconsistent");

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Target {
    mid: Option<String>,
    order_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OrderBody {
    request_type: Option<String>,
    mid: Option<String>,
    order_id: Option<String>,
    website_name: Option<String>,
    callback_url: Option<String>,
    txn_amount: Option<TxnAmount>,
    user_info: Option<UserInfo>,
    enable_payment_mode: Option<Vec<PaymentMode>>,
    disable_payment_mode: Option<Vec<PaymentMode>>,
}

#[derive(Debug, Deserialize)]
struct TxnAmount {
    value: Option<String>,
    currency: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct UserInfo {
    cust_id: Option<String>,
    mobile: Option<String>,
}

#[derive(Debug, Deserialize)]
struct PaymentMode {
    mode: Option<String>,
}

/// The mandatory elements, present but not yet checked.
struct Asked {
    mid: String,
    order_id: String,
    website: String,
    callback_url: Option<String>,
    amount: String,
    currency: String,
    customer_id: String,
    mobile: String,
    wallet: bool,
    upi: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Success<'a> {
    result_info: ResultInfo<'a>,
    txn_token: &'a str,
    is_promo_code_valid: bool,
    authenticated: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Refusal<'a> {
    extra_params_map: Option<()>,
    result_info: ResultInfo<'a>,
}

pub(crate) async fn initiate(
    State(app): State<App>,
    Query(target): Query<Target>,
    request: Bytes,
) -> Result<Response, Failure> {
    let Some(call) = Call::parse(&request) else { return refuse(&app, None, None, INVALID).await };
    let client_id = call.head.client_id.as_deref();
    let (order, merchant) = match authentic(&app, &target, &call) {
        Ok(authentic) => authentic,
        Err(refusal) => return refuse(&app, client_id, None, refusal).await,
    };
    let key = Some(merchant.key.as_str());
    let new = match order.check(&merchant, call.body()) {
        Ok(new) => new,
        Err(refusal) => return refuse(&app, client_id, key, refusal).await,
    };
    let (answer, initiated) =
        app.store.call(move |session| initiate::initiate(session, new)).await?;
    let (result, token) = match initiated {
        Some(Initiated::Created { token }) => (CREATED, token),
        Some(Initiated::Again { token }) => (AGAIN, token),
        Some(Initiated::Inconsistent) => (INCONSISTENT, String::new()),
        Some(Initiated::Used) => (USED, String::new()),
        None => (SYSTEM_ERROR, String::new()),
    };
    if token.is_empty() {
        return write_refusal(&app, client_id, key, result, answer).await;
    }
    let body = Success {
        result_info: info(result),
        txn_token: &token,
        is_promo_code_valid: false,
        authenticated: false,
    };
    let now = app.clock.now();
    reply::send(&app, answer, |_: Option<Lie>, seal: Seal| {
        message::json(now, client_id, key, seal, &body)
    })
    .await
}

/// The call's order and merchant, once the parameters are complete and the checksum is right.
fn authentic(
    app: &App,
    target: &Target,
    call: &Call<'_>,
) -> Result<(Asked, Arc<Merchant>), InitiateResult> {
    let body: OrderBody = serde_json::from_str(call.body()).map_err(|_| INVALID)?;
    let order = body.complete()?;
    if target.mid.as_ref() != Some(&order.mid) {
        return Err(OTHER_MID);
    }
    if target.order_id.as_ref() != Some(&order.order_id) {
        return Err(OTHER_ORDER);
    }
    let merchant = app.merchant(&order.mid).ok_or(UNKNOWN_MID)?;
    if call.is_signed_with(&merchant.key) { Ok((order, merchant)) } else { Err(CHECKSUM) }
}

impl OrderBody {
    fn complete(self) -> Result<Asked, InitiateResult> {
        let some = |text: Option<String>| text.filter(|text| !text.is_empty()).ok_or(MISSING);
        let modes = |list: Option<Vec<PaymentMode>>| {
            list.map(|list| list.into_iter().filter_map(|item| item.mode).collect::<Vec<_>>())
        };
        let amount = self.txn_amount.ok_or(MISSING)?;
        let customer = self.user_info.ok_or(MISSING)?;
        let enabled = modes(self.enable_payment_mode);
        let disabled = modes(self.disable_payment_mode).unwrap_or_default();
        let allowed = |mode: &str| {
            enabled.as_ref().is_none_or(|list| list.iter().any(|listed| listed == mode))
                && !disabled.iter().any(|listed| listed == mode)
        };
        let (wallet, upi) = (allowed("BALANCE"), allowed("UPI"));
        if some(self.request_type)? != "Payment" || !(wallet || upi) {
            return Err(INVALID);
        }
        Ok(Asked {
            mid: some(self.mid)?,
            order_id: some(self.order_id)?,
            website: some(self.website_name)?,
            callback_url: self.callback_url,
            amount: some(amount.value)?,
            currency: some(amount.currency)?,
            customer_id: some(customer.cust_id)?,
            mobile: customer.mobile.unwrap_or_default(),
            wallet,
            upi,
        })
    }
}

impl Asked {
    /// Everything that depends on the merchant and on the values themselves.
    fn check(self, merchant: &Merchant, body: &str) -> Result<NewOrder, InitiateResult> {
        let amount: Paise = self.amount.parse().map_err(|_| AMOUNT)?;
        if amount <= Paise(0) || self.currency != "INR" {
            return Err(AMOUNT);
        }
        if amount > AMOUNT_MAX {
            return Err(AMOUNT_OVER_LIMIT);
        }
        if body.contains('|') {
            return Err(PIPE);
        }
        let callback_url = self.callback_url.or(merchant.callback_url.clone()).ok_or(MISSING)?;
        let acceptable = is_id(&self.mid, MID_CHARS_MAX, "")
            && is_id(&self.order_id, ORDER_ID_CHARS_MAX, "@-_.")
            && is_id(&self.customer_id, CUSTOMER_ID_CHARS_MAX, "@-_.!$")
            && self.mobile.bytes().all(|byte| byte.is_ascii_digit() || byte == b'+')
            && is_web_address(&callback_url);
        if !acceptable {
            return Err(INVALID);
        }
        if self.website != merchant.website {
            return Err(SYSTEM_ERROR);
        }
        Ok(NewOrder {
            mid: self.mid,
            order_id: self.order_id,
            amount,
            customer_id: self.customer_id,
            mobile: self.mobile,
            callback_url,
            wallet: self.wallet,
            upi: self.upi,
            token_digits: message::token_digits(),
        })
    }
}

fn is_id(text: &str, chars_max: usize, signs: &str) -> bool {
    text.len() <= chars_max
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || signs.contains(letter))
}

/// The page posts to this address, so it must not be `javascript:` or the like.
fn is_web_address(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

fn info((status, code, msg): InitiateResult) -> ResultInfo<'static> {
    ResultInfo { status, code, msg }
}

/// Before the checksum is known to be right there is no key to sign with.
async fn refuse(
    app: &App,
    client_id: Option<&str>,
    key: Option<&str>,
    result: InitiateResult,
) -> Result<Response, Failure> {
    write_refusal(app, client_id, key, result, Answer::Honest).await
}

async fn write_refusal(
    app: &App,
    client_id: Option<&str>,
    key: Option<&str>,
    result: InitiateResult,
    answer: Answer,
) -> Result<Response, Failure> {
    let body = Refusal { extra_params_map: None, result_info: info(result) };
    let now = app.clock.now();
    reply::send(app, answer, |_, seal| message::json(now, client_id, key, seal, &body)).await
}
