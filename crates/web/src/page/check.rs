//! `GET /params/check`: says whether parameters could open the page. The official SDKs ask this
//! before they sign, so no signature is looked at, and nothing is told about projects.

use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;
use wire::field::FieldError;
use wire::page::PageParams;
use wire::query::Params;

use crate::exchange::json as json_answer;

pub(super) async fn check(RawQuery(query): RawQuery) -> Response {
    let errors = errors(query.unwrap_or_default().as_bytes());
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    json_answer(status, json!({ "errors": errors }).to_string())
}

fn errors(query: &[u8]) -> Vec<String> {
    let params = match Params::decode(query) {
        Ok(params) => params,
        Err(error) => return vec![error.to_string()],
    };
    let told = |error: &FieldError| {
        format!("{}: expected {}, got {}", error.path, error.expected, error.sent)
    };
    PageParams::parse(params).err().unwrap_or_default().iter().map(told).collect()
}
