//! `POST /callback`: what the platform tells the shop.
//!
//! The signature is checked before anything else. Only HTTP 200 counts as received, so it is given
//! once the order knows, and given again for a callback that comes twice.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::Shared;

pub(super) async fn receive(State(shop): Shared, body: Bytes) -> Response {
    let callback = match shop.merchant.read_callback(&body) {
        Ok(callback) => callback,
        Err(error) => {
            eprintln!("shop: a callback was refused: {error}");
            return (StatusCode::BAD_REQUEST, "not a signed callback").into_response();
        }
    };
    let id = callback.payment.id.clone();
    // An order the shop has forgotten stays forgotten: a repetition would change nothing.
    shop.book.change(&id, |order| order.receive(callback, set_out(&body)));
    "OK".into_response()
}

/// The same JSON, with a line for each member.
fn set_out(body: &[u8]) -> String {
    let pretty =
        serde_json::from_slice(body).and_then(|it: Value| serde_json::to_string_pretty(&it));
    pretty.unwrap_or_else(|_| String::from_utf8_lossy(body).into_owned())
}
