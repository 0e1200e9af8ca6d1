//! `GET /orders/{id}/events`: tells a page that its order has changed.
//!
//! Server-sent events, one to an answer: the browser asks again by itself and says with
//! `Last-Event-ID` what it knows, so nothing is missed and no connection lives for ever.

use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::Shared;

/// How long an answer is held back when nothing happens.
const PATIENCE: Duration = Duration::from_secs(25);

#[derive(Debug, Deserialize)]
pub(super) struct Seen {
    /// The revision that the page shows.
    #[serde(default)]
    after: u64,
}

pub(super) async fn next(
    State(shop): Shared,
    Path(id): Path<String>,
    Query(seen): Query<Seen>,
    headers: HeaderMap,
) -> Response {
    let last_event = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let seen = last_event.unwrap_or(seen.after);
    let mut closing = shop.closing.clone();
    tokio::select! {
        () = shop.book.changed_since(&id, seen) => {}
        () = tokio::time::sleep(PATIENCE) => {}
        _ = closing.wait_for(|closing| *closing) => {}
    }
    let Some(revision) = shop.book.read(&id, |order| order.revision) else {
        // The one status after which a browser does not ask again.
        return StatusCode::NO_CONTENT.into_response();
    };
    let event = if revision > seen {
        format!("retry: 300\nid: {revision}\ndata: {revision}\n\n")
    } else {
        "retry: 300\n: nothing new\n\n".to_owned()
    };
    let headers =
        [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
    (headers, event).into_response()
}
