//! `processTransaction`: a payment without the page, authenticated by the order's token.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use minijinja::context;
use minijinja::value::Serde;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::bank::order::{Order, Payer};
use crate::bank::pay::{self, Attempt};
use crate::code;
use crate::config::Merchant;
use crate::http::html;
use crate::http::page::{callback, is_vpa};
use crate::http::reply::{self, Failure};
use crate::message::{self, Call, ResultInfo};
use crate::scenario::Seal;
use crate::store::{Session, StoreError};

/// Whose wallet pays if the order names no phone: the test wallet of the documents.
const TEST_PHONE: &str = "7777777777";

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ProcessBody {
    mid: String,
    order_id: String,
    txn_token: Option<String>,
    payment_mode: String,
    payer_account: String,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    result_info: ResultInfo<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    txn_info: Option<BTreeMap<&'static str, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    call_back_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deep_link_info: Option<UpiIntent>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trans_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct UpiIntent {
    deep_link: String,
    order_id: String,
    cashier_request_id: String,
    trans_id: String,
}

/// How the payment was begun.
enum Begun {
    /// Finished at once (wallet).
    Finished(Order),
    /// Waits for an approval on the customer's phone.
    Collecting(Order),
    /// Waits for the customer to open a UPI app.
    Intent(Order),
}

pub(crate) async fn process(State(app): State<App>, request: Bytes) -> Result<Response, Failure> {
    let is_json = request.first() == Some(&b'{');
    let payment = if is_json { from_json(&request) } else { from_form(&request) };
    let Some(payment) = payment else {
        return refuse(&app, "1001", "Request parameters are not valid");
    };
    let Some(merchant) = app.merchant(&payment.mid) else {
        return refuse(&app, "2006", "Invalid MID");
    };
    if payment.payment_mode.is_empty() {
        return refuse(&app, "1007", "Missing mandatory element");
    }
    if payment.payment_mode == "UPI" && !is_vpa(&payment.payer_account) {
        return refuse(&app, code::WRONG_VPA, code::message(code::WRONG_VPA));
    }
    match app.store.call(move |session| begin(session, &payment)).await? {
        Ok(begun) if is_json => answer(&app, begun, &merchant),
        Ok(begun) => send_back(&app, &begun, &merchant),
        Err((code, text)) => refuse(&app, code, text),
    }
}

fn from_json(request: &[u8]) -> Option<ProcessBody> {
    let call = Call::parse(request)?;
    let payment: ProcessBody = serde_json::from_str(call.body()).ok()?;
    Some(ProcessBody { txn_token: call.head.txn_token.or(payment.txn_token), ..payment })
}

fn from_form(request: &[u8]) -> Option<ProcessBody> {
    let mut payment = ProcessBody::default();
    for (name, value) in url::form_urlencoded::parse(request) {
        let value = value.into_owned();
        match name.as_ref() {
            "mid" => payment.mid = value,
            "orderId" => payment.order_id = value,
            "txnToken" => payment.txn_token = Some(value),
            "paymentMode" => payment.payment_mode = value,
            "payerAccount" => payment.payer_account = value,
            _ => {}
        }
    }
    payment.txn_token.is_some().then_some(payment)
}

/// The inner error is the code and text of the refusal.
fn begin(
    session: &Session<'_>,
    payment: &ProcessBody,
) -> Result<Result<Begun, (&'static str, &'static str)>, StoreError> {
    let order = Order::find(session, &payment.mid, &payment.order_id)?
        .filter(|order| payment.txn_token.as_deref() == Some(&order.token))
        .filter(Order::is_open);
    let Some(mut order) = order else {
        return Ok(Err(("1006", "Your Session has expired.")));
    };
    Ok(match payment.payment_mode.as_str() {
        "BALANCE" if order.wallet => {
            let phone = Some(order.mobile.clone()).filter(|mobile| !mobile.is_empty());
            let payer = Payer::Wallet(phone.unwrap_or(TEST_PHONE.to_owned()));
            pay::attempt(session, &mut order, Attempt::Pay(payer))?;
            Ok(Begun::Finished(order))
        }
        "UPI" if order.upi => {
            order.payer = Some(Payer::Upi(payment.payer_account.clone()));
            pay::open_page(session, &mut order)?;
            order.save(session)?;
            Ok(Begun::Collecting(order))
        }
        "UPI_INTENT" if order.upi => {
            pay::open_page(session, &mut order)?;
            Ok(Begun::Intent(order))
        }
        _ => Err(("1001", "Request parameters are not valid")),
    })
}

fn answer(app: &App, begun: Begun, merchant: &Merchant) -> Result<Response, Failure> {
    let mut answer = Answer {
        result_info: ResultInfo { status: "S", code: "0000", msg: "Success" },
        ..Answer::default()
    };
    match begun {
        Begun::Finished(order) => {
            answer.txn_info = Some(callback(&order, merchant)?.into_iter().collect());
            answer.call_back_url = Some(order.callback_url);
        }
        Begun::Collecting(order) => {
            answer.trans_id = Some(order.txn_id());
            answer.order_id = Some(order.order_id);
        }
        Begun::Intent(order) => {
            answer.deep_link_info = Some(UpiIntent {
                deep_link: format!(
                    "upi://pay?pa=sandbox@paytm&pn=Sandbox&tr={}&am={}&cu=INR",
                    order.txn_id(),
                    order.amount
                ),
                cashier_request_id: order.token.clone(),
                trans_id: order.txn_id(),
                order_id: order.order_id,
            });
        }
    }
    Ok(reply::json(message::json(app.clock.now(), None, None, Seal::Missing, &answer)?))
}

/// A browser that posted the form ends at the callback.
fn send_back(app: &App, begun: &Begun, merchant: &Merchant) -> Result<Response, Failure> {
    let (Begun::Finished(order) | Begun::Collecting(order) | Begun::Intent(order)) = begun;
    html::return_page(
        app,
        context! {
            order => context! { amount => order.amount.for_people() },
            outcome => if order.is_open() { "pending" } else { order.state.word() },
            message => code::message(&order.code),
            callback_url => order.callback_url.as_str(),
            fields => Serde(callback(order, merchant)?),
        },
    )
}

fn refuse(app: &App, code: &str, msg: &str) -> Result<Response, Failure> {
    let result_info = ResultInfo { status: "F", code, msg };
    let body = Answer { result_info, ..Answer::default() };
    Ok(reply::json(message::json(app.clock.now(), None, None, Seal::Missing, &body)?))
}
