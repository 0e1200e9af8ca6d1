//! `GET /orders/{id}/status`: asks the platform how the payment stands and shows its answer.
//!
//! A merchant does this when a callback is overdue. The order itself is not changed: in this
//! demonstration only callbacks do that, so that one can see whether they come.

use axum::extract::{Path, State};
use axum::response::Response;
use minijinja::context;
use serde_json::Value;
use wire::signature;

use super::render::page;
use super::{Failure, Policy, Shared, no_order};

pub(super) async fn ask(State(shop): Shared, Path(id): Path<String>) -> Result<Response, Failure> {
    if shop.book.read(&id, |_| ()).is_none() {
        return no_order(&shop);
    }
    let answer = shop.gate.post(shop.merchant.status(&id)?).await;
    let content = match answer {
        Err(error) => context! { id, problem => error.to_string() },
        Ok((status, body)) => match wire::json::parse_strict(&body) {
            Err(error) => {
                context! { id, problem => format!("HTTP {status}, and no JSON: {error}") }
            }
            Ok(answer) => context! {
                id,
                http => status.as_u16(),
                is_signed => is_signed(&answer, &shop.merchant.secret),
                payment => answer.pointer("/payment/status").and_then(Value::as_str),
                json => format!("{answer:#}"),
            },
        },
    };
    page(&shop, Policy::Own, "status.html", content)
}

fn is_signed(answer: &Value, secret: &str) -> bool {
    let given = signature::given(answer).unwrap_or_default();
    signature::verify(answer, given, &[secret]).is_ok()
}
