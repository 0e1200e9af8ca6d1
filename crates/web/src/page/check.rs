//! `GET /params/check`: says whether parameters could open the page. The official SDKs ask this
//! before they sign, so no signature is looked at, and nothing is told about projects.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::time::Timestamp;
use serde_json::json;
use wire::field::{FieldError, INVALID};
use wire::query::Params;
use wire::{date, signature};

use super::{PARAMETERS_BYTES_MAX, Page, reading};
use crate::exchange::json as json_answer;

pub(super) async fn check(State(page): State<Arc<Page>>, RawQuery(query): RawQuery) -> Response {
    let errors = errors(query.unwrap_or_default().as_bytes(), page.platform().now());
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    json_answer(status, json!({ "errors": errors }).to_string())
}

fn errors(query: &[u8], now: Timestamp) -> Vec<String> {
    if query.len() > PARAMETERS_BYTES_MAX {
        return vec![format!("expected at most {PARAMETERS_BYTES_MAX} bytes")];
    }
    let params = match Params::decode(query) {
        Ok(params) => params,
        Err(error) => return vec![error.to_string()],
    };
    let folded = signature::check_query(&params).err().map(|error| error.to_string());
    let passed = passed(&params, now);
    // A project in test mode takes http, and which project it is decides nothing here.
    let wrong = reading::read(params, true).err().unwrap_or_default();
    let wrong = wrong.into_iter().chain(passed).map(|error| error.to_string());
    folded.into_iter().chain(wrong).collect()
}

fn passed(params: &Params, now: Timestamp) -> Option<FieldError> {
    let sent = params.get("best_before")?;
    let end = date::parse(sent).ok()?;
    (Timestamp(end) <= now)
        .then(|| FieldError::new("best_before", sent, "a time in the future", INVALID))
}
