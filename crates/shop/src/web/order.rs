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
    let Some(order) = shop.book.read(&id, OrderView::of) else {
        return no_order(&shop);
    };
    let widget_host = shop.payment_page.as_ref().filter(|_| order.has_widget());
    let policy = widget_host.map_or(Policy::Own, |page| Policy::Widget { origin: &page.origin });
    let payment_page = widget_host.map(|page| page.url.as_str());
    page(&shop, policy, "order.html", context! { order => Serde(order), payment_page })
}
