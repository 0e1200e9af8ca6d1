//! The order status, current and old.

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::response::Response;
use paytm::checksum::{self, CHECKSUM_PARAM};
use serde::Deserialize;
use std::collections::BTreeMap;

use crate::app::App;
use crate::bank::order::Order;
use crate::bank::plan::{self, Endpoint};
use crate::bank::{pay, refund};
use crate::code;
use crate::http::reply::{self, Failure};
use crate::message::payment::{self, Report};
use crate::message::{self, Call, Fields};
use crate::paise::Paise;
use crate::scenario::{Answer, Clues, Seal, normal};
use crate::store::{Session, StoreError};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StatusBody {
    mid: String,
    order_id: String,
}

pub(crate) async fn status(State(app): State<App>, request: Bytes) -> Result<Response, Failure> {
    let now = app.clock.now();
    let call = Call::parse(&request);
    let body: Option<StatusBody> =
        call.as_ref().and_then(|call| serde_json::from_str(call.body()).ok());
    let (Some(call), Some(StatusBody { mid, order_id })) = (call, body) else {
        let body = payment::refusal("", "", code::SYSTEM_ERROR);
        return Ok(reply::json(message::json(now, None, None, Seal::Missing, &body)?));
    };
    let client_id = call.head.client_id.as_deref();
    let merchant = app.merchant(&mid);
    let refusal = match &merchant {
        None => Some(code::INVALID_MID),
        Some(merchant) if !call.is_signed_with(&merchant.key) => Some(code::CHECKSUM_INVALID),
        Some(_) => None,
    };
    if let Some(code) = refusal {
        let body = payment::refusal(&mid, &order_id, code);
        return Ok(reply::json(message::json(now, client_id, None, Seal::Missing, &body)?));
    }
    let key = merchant.as_ref().map(|merchant| merchant.key.as_str());
    let asked = (mid.clone(), order_id.clone());
    let (answer, found) =
        app.store.call(move |session| look_up(session, &asked.0, &asked.1)).await?;
    reply::send(&app, answer, |lie, seal| {
        let Some((order, refunded)) = &found else {
            let body = payment::refusal(&mid, &order_id, code::INVALID_ORDER);
            return message::json(now, client_id, key, seal, &body);
        };
        let report = Report::of(order, *refunded, lie);
        message::json(now, client_id, key, seal, &report.status_body())
    })
    .await
}

fn look_up(
    session: &Session<'_>,
    mid: &str,
    order_id: &str,
) -> Result<(Answer, Option<(Order, Paise)>), StoreError> {
    let Some(mut order) = Order::find(session, mid, order_id)? else {
        let clues = Clues { order_id, customer_id: "", mobile: "", amount: Paise(0) };
        let scenario = clues.scenario().unwrap_or(normal());
        let answer = plan::next_answer(session, scenario, order_id, Endpoint::Status)?;
        return Ok((answer, None));
    };
    pay::status_was_asked(session, &mut order)?;
    let answer = plan::next_answer(session, order.scenario, order_id, Endpoint::Status)?;
    let refunded = refund::credited(session, &order)?;
    Ok((answer, Some((order, refunded))))
}

/// The flat spelling of old plugins: `{"MID":..,"ORDERID":..,"CHECKSUMHASH":..}` as the body, or as
/// the parameter `JsonData` of the body or the address.
pub(crate) async fn old_status(
    State(app): State<App>,
    Query(query): Query<BTreeMap<String, String>>,
    request: Bytes,
) -> Result<Response, Failure> {
    let params = old_params(&query, &request).unwrap_or_default();
    let param = |name: &str| params.get(name).cloned().unwrap_or_default();
    let (mid, order_id) = (param("MID"), param("ORDERID"));
    let pairs = params.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let fields = match app.merchant(&mid) {
        None => payment::old_refusal(&mid, &order_id, code::INVALID_MID),
        Some(merchant)
            if !checksum::verify_params(pairs, &merchant.key, &param(CHECKSUM_PARAM)) =>
        {
            payment::old_refusal(&mid, &order_id, code::CHECKSUM_INVALID)
        }
        Some(_) => {
            let asked = (mid.clone(), order_id.clone());
            let (answer, found) =
                app.store.call(move |session| look_up(session, &asked.0, &asked.1)).await?;
            return reply::send(&app, answer, |lie, _| {
                Ok(flat(found.map_or_else(
                    || payment::old_refusal(&mid, &order_id, code::INVALID_ORDER),
                    |(order, refunded)| Report::of(&order, refunded, lie).old_status(),
                ))?)
            })
            .await;
        }
    };
    Ok(reply::json(flat(fields)?))
}

fn old_params(
    query: &BTreeMap<String, String>,
    request: &[u8],
) -> Option<BTreeMap<String, String>> {
    if let Ok(params) = serde_json::from_slice(request) {
        return Some(params);
    }
    let in_body = url::form_urlencoded::parse(request).find(|(name, _)| name == "JsonData");
    let json = match &in_body {
        Some((_, json)) => json,
        None => query.get("JsonData")?.as_str(),
    };
    serde_json::from_str(json).ok()
}

fn flat(fields: Fields) -> Result<String, serde_json::Error> {
    serde_json::to_string(&fields.into_iter().collect::<BTreeMap<_, _>>())
}
