//! Refund requests and their status.

use std::mem;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use crate::app::App;
use crate::bank::order::Order;
use crate::bank::plan::{self, Endpoint};
use crate::bank::refund::{self, NewRefund, Pace, RefundIds};
use crate::code;
use crate::http::reply::{self, Failure};
use crate::message::refund::{RefundAnswer, RefundReport};
use crate::message::{self, Call};
use crate::paise::Paise;
use crate::scenario::{Answer, Effect, Lie, Seal};
use crate::store::{Session, StoreError};

/// Longest id that is taken.
const ID_CHARS_MAX: usize = 64;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RefundBody {
    mid: String,
    order_id: String,
    ref_id: String,
    txn_id: String,
    txn_type: String,
    refund_amount: Option<Rupees>,
}

/// The real gateway has been seen to take a bare number.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Rupees {
    Text(String),
    Number(serde_json::Number),
}

impl Rupees {
    fn parse(&self) -> Option<Paise> {
        match self {
            Self::Text(text) => text.parse().ok(),
            Self::Number(number) => number.to_string().parse().ok(),
        }
    }
}

pub(crate) async fn apply(state: State<App>, request: Bytes) -> Result<Response, Failure> {
    ask(state, request, Pace::Asynchronous).await
}

pub(crate) async fn apply_at_once(state: State<App>, request: Bytes) -> Result<Response, Failure> {
    ask(state, request, Pace::Synchronous).await
}

/// A refund call that was understood.
struct Authentic {
    body: RefundBody,
    ids: RefundIds,
    key: String,
}

/// Reads a refund call and checks who sent it; the error is the finished refusal.
fn authentic(app: &App, request: &[u8]) -> Result<Authentic, Box<RefundAnswer>> {
    let call = Call::parse(request);
    let body = call.as_ref().and_then(|call| serde_json::from_str::<RefundBody>(call.body()).ok());
    let mut body = body.unwrap_or_default();
    let ids = RefundIds {
        mid: mem::take(&mut body.mid),
        order_id: mem::take(&mut body.order_id),
        txn_id: mem::take(&mut body.txn_id),
        ref_id: mem::take(&mut body.ref_id),
    };
    let refused = |code| Err(Box::new(RefundAnswer::refused(&ids, None, code)));
    let Some(merchant) = app.merchant(&ids.mid) else { return refused(code::INVALID_MID) };
    if !call.is_some_and(|call| call.is_signed_with(&merchant.key)) {
        return refused(code::CHECKSUM_INVALID);
    }
    if !ids.are_plain() {
        return refused(code::REFUND_INVALID);
    }
    Ok(Authentic { body, ids, key: merchant.key.clone() })
}

impl RefundIds {
    /// They are echoed under a signature, so they may only hold what every client can verify.
    fn are_plain(&self) -> bool {
        [&self.order_id, &self.ref_id, &self.txn_id].iter().all(|id| {
            id.len() <= ID_CHARS_MAX
                && id.chars().all(|sign| sign.is_ascii_alphanumeric() || "@-_.".contains(sign))
        })
    }
}

async fn ask(State(app): State<App>, request: Bytes, pace: Pace) -> Result<Response, Failure> {
    let now = app.clock.now();
    let Authentic { body, ids, key } = match authentic(&app, &request) {
        Ok(authentic) => authentic,
        Err(refusal) => return unsigned(&app, &refusal),
    };
    let amount = body.refund_amount.as_ref().and_then(Rupees::parse);
    let refused = |code| {
        let body = RefundAnswer::refused(&ids, amount, code);
        Ok(reply::json(message::json(now, None, Some(&key), Seal::Right, &body)?))
    };
    if body.txn_type != "REFUND" || ids.ref_id.is_empty() {
        return refused(code::REFUND_INVALID);
    }
    let Some(amount) = amount.filter(|amount| *amount > Paise(0)) else {
        return refused(code::REFUND_TOO_MUCH);
    };
    let new = NewRefund { ids, amount, pace };
    let (answer, body) = app.store.call(move |session| carry_out(session, &new)).await?;
    reply::send(&app, answer, |_, seal| message::json(now, None, Some(&key), seal, &body)).await
}

/// Before the checksum is known to be right there is no key to sign with.
fn unsigned(app: &App, refusal: &RefundAnswer) -> Result<Response, Failure> {
    let now = app.clock.now();
    Ok(reply::json(message::json(now, None, None, Seal::Missing, refusal)?))
}

/// The answer is `None` if the scenario broke the call before it did anything.
fn carry_out(
    session: &Session<'_>,
    new: &NewRefund,
) -> Result<(Answer, Option<RefundAnswer>), StoreError> {
    let refused = |code| Some(RefundAnswer::refused(&new.ids, Some(new.amount), code));
    let Some(order) = Order::find(session, &new.ids.mid, &new.ids.order_id)? else {
        return Ok((Answer::Honest, refused(code::REFUND_MISMATCH)));
    };
    let answer = plan::next_answer(session, order.scenario, &order.order_id, Endpoint::Refund)?;
    if matches!(answer, Answer::Broken(_, Effect::Skipped)) {
        return Ok((answer, None));
    }
    let result = match refund::ask(session, &order, new)? {
        Ok(refund) => Some(RefundAnswer::taken(&order, &refund)),
        Err(code) => refused(code),
    };
    Ok((answer, result))
}

pub(crate) async fn status(State(app): State<App>, request: Bytes) -> Result<Response, Failure> {
    let now = app.clock.now();
    let Authentic { ids, key, .. } = match authentic(&app, &request) {
        Ok(authentic) => authentic,
        Err(refusal) => return unsigned(&app, &refusal),
    };
    let unknown = RefundAnswer::refused(&ids, None, code::REFUND_UNKNOWN);
    let (answer, found) = app.store.call(move |session| look_up(session, &ids)).await?;
    reply::send(&app, answer, |lie, seal| {
        let Some(report) = found else {
            return message::json(now, None, Some(&key), seal, &unknown);
        };
        let report = if lie == Some(Lie::Amount) { report.with_wrong_amount() } else { report };
        message::json(now, None, Some(&key), seal, &report)
    })
    .await
}

fn look_up(
    session: &Session<'_>,
    ids: &RefundIds,
) -> Result<(Answer, Option<RefundReport>), StoreError> {
    let Some(order) = Order::find(session, &ids.mid, &ids.order_id)? else {
        return Ok((Answer::Honest, None));
    };
    let answer =
        plan::next_answer(session, order.scenario, &order.order_id, Endpoint::RefundStatus)?;
    let refund = refund::find(session, &ids.mid, &ids.ref_id)?
        .filter(|refund| refund.order_number == order.number);
    let total = refund::credited(session, &order)?;
    Ok((answer, refund.map(|refund| RefundReport::of(&order, &refund, total))))
}
