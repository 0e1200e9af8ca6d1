//! `GET /orders/{id}/pay`: sends the customer's browser where `redirect_data` says.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use minijinja::context;
use wire::vocabulary::RedirectMethod;

use super::render::page;
use super::{Failure, Policy, Shared, no_order, to_order};
use crate::order::Order;

pub(super) async fn hand_over(
    State(shop): Shared,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let Some(redirect) = shop.book.read(&id, Order::redirect) else {
        return no_order(&shop);
    };
    let Some(redirect) = redirect else { return Ok(to_order(&id)) };
    shop.book.change(&id, |order| order.handed_over = true);
    match redirect.method {
        RedirectMethod::Get => Ok(Redirect::to(&redirect.url).into_response()),
        RedirectMethod::Post => {
            let content = context! { url => redirect.url, fields => redirect.body };
            page(&shop, Policy::HandOver, "hand_over.html", content)
        }
    }
}
