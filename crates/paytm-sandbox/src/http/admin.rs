//! The sandbox's own controls, for tests and for the people who run it.

use axum::body::Bytes;
use axum::extract::{FromRef, FromRequestParts, Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::bank::order::{Order, State as OrderState};
use crate::bank::pay::{self, Attempt};
use crate::bank::{ledger, notice, plan};
use crate::code;
use crate::config::Merchant;
use crate::http::page::callback;
use crate::http::reply::{self, Failure};
use crate::scenario;
use crate::server::Peer;
use crate::store::{Session, StoreError};

/// Whoever holds the admin token, or, if there is none, whoever is on this machine.
#[derive(Debug)]
pub(crate) struct Admin;

impl<S: Send + Sync> FromRequestParts<S> for Admin
where
    App: FromRef<S>,
{
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let app = App::from_ref(state);
        let entitled = match &app.config.admin_token {
            Some(token) => bearer(&parts.headers) == Some(token),
            None => parts.extensions.get::<Peer>().is_some_and(|peer| peer.0.ip().is_loopback()),
        };
        entitled.then_some(Self).ok_or(Refused::Forbidden)
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

/// Why a control was not used.
#[derive(Debug)]
pub(crate) enum Refused {
    Forbidden,
    /// Not JSON, or not what the control needs.
    Invalid(String),
    NotFound(&'static str),
    Failed(Failure),
}

impl<E: Into<Failure>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::Forbidden => (StatusCode::FORBIDDEN, "the admin token is needed").into_response(),
            Self::Invalid(reason) => (StatusCode::BAD_REQUEST, reason).into_response(),
            Self::NotFound(reason) => (StatusCode::NOT_FOUND, reason).into_response(),
            Self::Failed(failure) => failure.into_response(),
        }
    }
}

/// A command in JSON. The content type is demanded because no page of another site can send it
/// unasked.
fn command<T: DeserializeOwned>(headers: &HeaderMap, request: &[u8]) -> Result<T, Refused> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !content_type.is_some_and(|kind| kind.starts_with("application/json")) {
        return Err(Refused::Invalid("Content-Type must be application/json".to_owned()));
    }
    serde_json::from_slice(request).map_err(|error| Refused::Invalid(error.to_string()))
}

fn json(body: &impl Serialize) -> Result<Response, Refused> {
    Ok(reply::json(serde_json::to_string(body)?))
}

#[derive(Debug, Deserialize)]
pub(crate) struct OfOrder {
    order_id: Option<String>,
}

pub(crate) async fn books(
    _: Admin,
    State(app): State<App>,
    Query(of): Query<OfOrder>,
) -> Result<Response, Refused> {
    json(&app.store.call(move |session| ledger::books(session, of.order_id.as_deref())).await?)
}

pub(crate) async fn webhooks(
    _: Admin,
    State(app): State<App>,
    Query(of): Query<OfOrder>,
) -> Result<Response, Refused> {
    json(&app.store.call(move |session| notice::log(session, of.order_id.as_deref())).await?)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pay {
    order_id: String,
    outcome: Outcome,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    /// The customer pays; what comes of it is up to the scenario.
    Success,
    /// The customer's bank declines (227).
    Decline,
    /// The customer leaves (141).
    Cancel,
}

#[derive(Debug, Serialize)]
struct Paid {
    state: &'static str,
    code: String,
    txn_id: String,
    callback_url: String,
    /// What the customer's browser would post to `callback_url`.
    callback: Vec<(&'static str, String)>,
}

/// Pays without a browser. On an order that is PENDING it makes the bank decide.
pub(crate) async fn pay(
    _: Admin,
    State(app): State<App>,
    headers: HeaderMap,
    request: Bytes,
) -> Result<Response, Refused> {
    let Pay { order_id, outcome } = command(&headers, &request)?;
    let order = app
        .store
        .call(move |session| {
            let Some(mut order) = Order::find_any(session, &order_id)? else { return Ok(None) };
            act(session, &mut order, outcome)?;
            Ok(Some(order))
        })
        .await?
        .ok_or(Refused::NotFound("no such order"))?;
    let merchant = app.merchant(&order.mid).ok_or(Refused::NotFound("no such merchant"))?;
    json(&Paid {
        state: order.state.word(),
        txn_id: order.txn_id(),
        callback: callback(&order, &merchant)?,
        code: order.code,
        callback_url: order.callback_url,
    })
}

fn act(session: &Session<'_>, order: &mut Order, outcome: Outcome) -> Result<(), StoreError> {
    if order.state == OrderState::Pending {
        let code = match outcome {
            Outcome::Success => code::SUCCESS,
            Outcome::Decline => code::DECLINED,
            Outcome::Cancel => code::NOT_COMPLETED,
        };
        return pay::end(session, order, code);
    }
    let payer = order.payer.clone().unwrap_or(order.automatic_payer());
    let attempt = match outcome {
        Outcome::Success => Attempt::Pay(payer),
        Outcome::Decline => Attempt::Decline(payer, code::DECLINED.to_owned()),
        Outcome::Cancel => Attempt::Leave,
    };
    pay::attempt(session, order, attempt)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Choice {
    order_id: Option<String>,
    mid: Option<String>,
    scenario: String,
}

/// Chooses the scenario of one order (before or after it exists), or of all orders that a merchant
/// will make.
pub(crate) async fn scenario(
    _: Admin,
    State(app): State<App>,
    headers: HeaderMap,
    request: Bytes,
) -> Result<Response, Refused> {
    let choice: Choice = command(&headers, &request)?;
    let scenario = scenario::by_name(&choice.scenario)
        .ok_or(Refused::NotFound("no such scenario; see /sandbox/scenarios"))?;
    match (choice.order_id, choice.mid) {
        (Some(order_id), None) => {
            app.store.call(move |session| plan::choose(session, &order_id, scenario)).await?;
        }
        (None, Some(mid)) => {
            let merchant = app.merchant(&mid).ok_or(Refused::NotFound("no such merchant"))?;
            let scenario = Some(scenario.name.to_owned());
            app.save_merchant(Merchant { scenario, ..(*merchant).clone() }).await?;
        }
        _ => return Err(Refused::Invalid("either order_id or mid is needed".to_owned())),
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Adds a merchant, or replaces one.
pub(crate) async fn merchant(
    _: Admin,
    State(app): State<App>,
    headers: HeaderMap,
    request: Bytes,
) -> Result<Response, Refused> {
    let merchant: Merchant = command(&headers, &request)?;
    if ![16, 24, 32].contains(&merchant.key.len()) {
        return Err(Refused::Invalid("a key has 16, 24 or 32 characters".to_owned()));
    }
    app.save_merchant(merchant).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    ms: u32,
}

#[derive(Debug, Serialize)]
struct Now {
    now_ms: i64,
}

/// Moves the sandbox's clock forward and does what becomes due by it.
pub(crate) async fn advance_clock(
    _: Admin,
    State(app): State<App>,
    headers: HeaderMap,
    request: Bytes,
) -> Result<Response, Refused> {
    let Advance { ms } = command(&headers, &request)?;
    let now_ms = app.store.call(move |session| session.advance_clock(i64::from(ms))).await?;
    json(&Now { now_ms })
}
