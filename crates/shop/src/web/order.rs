//! `GET /orders` and `GET /orders/{id}`: the shop's orders, for customer and developer alike.

use axum::extract::{Path, State};
use axum::response::Response;
use minijinja::context;
use minijinja::value::Serde;

use super::render::page;
use super::{Failure, Policy, Shared, no_order};
use crate::order_view::{OrderLine, OrderView};

pub(super) async fn list(State(shop): Shared) -> Result<Response, Failure> {
    let orders = shop.book.read_all(OrderLine::of);
    page(&shop, Policy::Own, "orders.html", context! { orders => Serde(orders) })
}

pub(super) async fn show(State(shop): Shared, Path(id): Path<String>) -> Result<Response, Failure> {
    match shop.book.read(&id, OrderView::of) {
        Some(order) => page(&shop, Policy::Own, "order.html", context! { order => Serde(order) }),
        None => no_order(&shop),
    }
}
