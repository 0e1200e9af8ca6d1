//! The shop's pages and addresses: one file for each thing that is asked of it.

mod callback;
mod events;
mod hand_over;
mod order;
mod place;
mod refund;
mod render;
mod status;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use minijinja::Environment;
use tokio::sync::watch;
use wire::client::Merchant;
use wire::limits::BODY_BYTES;

use crate::book::Book;
use crate::gate::Gate;
use crate::payment_page::PaymentPage;

pub(crate) use render::pages;
use render::{Failure, Policy, problem};

/// What every handler shares.
#[derive(Debug)]
pub(crate) struct Shop {
    pub(crate) merchant: Merchant,
    pub(crate) name: String,
    /// Without a slash at the end.
    pub(crate) public_url: String,
    /// Without it, the shop takes payment by Gate only.
    pub(crate) payment_page: Option<PaymentPage>,
    pub(crate) gate: Gate,
    pub(crate) book: Book,
    pub(crate) pages: Environment<'static>,
    /// Becomes true when the shop shuts.
    pub(crate) closing: watch::Receiver<bool>,
}

/// The shop, as handlers get it.
type Shared = State<Arc<Shop>>;

pub(crate) fn router(shop: Shop) -> Router {
    Router::new()
        .route("/", get(place::shelf))
        .route("/orders", get(order::list).post(place::place))
        .route("/orders/{id}", get(order::show))
        .route("/orders/{id}/pay", get(hand_over::hand_over))
        .route("/orders/{id}/events", get(events::next))
        .route("/orders/{id}/refund", post(refund::refund))
        .route("/orders/{id}/status", get(status::ask))
        .route("/callback", post(callback::receive))
        .route("/style.css", get(asset("text/css", include_str!("../static/style.css"))))
        .route("/live.js", get(asset("text/javascript", include_str!("../static/live.js"))))
        .route("/shop.js", get(asset("text/javascript", include_str!("../static/shop.js"))))
        .route("/submit.js", get(asset("text/javascript", include_str!("../static/submit.js"))))
        .route("/icon.svg", get(asset("image/svg+xml", include_str!("../static/icon.svg"))))
        .fallback(missing)
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .with_state(Arc::new(shop))
}

impl Shop {
    /// Where an order's page is, for a browser that comes from elsewhere.
    fn order_url(&self, id: &str) -> String {
        format!("{}/orders/{id}", self.public_url)
    }
}

fn to_order(id: &str) -> Response {
    Redirect::to(&format!("/orders/{id}")).into_response()
}

async fn missing(State(shop): Shared) -> Result<Response, Failure> {
    problem(&shop, StatusCode::NOT_FOUND, "There is nothing at this address.")
}

/// The answer when there is no such order.
fn no_order(shop: &Shop) -> Result<Response, Failure> {
    let text = "There is no such order. The shop keeps its last thousand, until it is closed.";
    problem(shop, StatusCode::NOT_FOUND, text)
}

fn asset(kind: &'static str, text: &'static str) -> impl IntoResponse + Clone {
    let headers = [
        (header::CONTENT_TYPE, format!("{kind}; charset=utf-8")),
        (header::CACHE_CONTROL, "no-cache".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    (headers, text)
}
