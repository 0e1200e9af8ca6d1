//! Payment Page: where a customer sees what is to be paid, is taken to Paytm, and learns the
//! outcome. A signed link opens it; nothing is stored until the customer confirms. The page keeps
//! no state and sets no cookie: a link proves itself by its signature, and a payment's own page by
//! the token in its address.

mod address;
mod admission;
mod check;
mod confirm;
mod events;
mod link;
mod obstacle;
mod open;
mod place;
mod progress;
mod reading;
mod render;
mod response;
mod retry;
mod stage;
mod statics;
mod visit;

use std::net::SocketAddr;
use std::sync::Arc;

use app::platform::{Fault, Platform};
use app::ports::Entropy;
use axum::Router;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use ipnet::IpNet;
use tokio::sync::Semaphore;

use crate::error::Problem;
use crate::exchange::exchange;
use crate::shared::Shared;
use obstacle::Obstacle;
use render::Renderer;

pub use link::link;
pub use render::{BrokenAsset, colour, is_left_out};

/// Longest query or form that opens the page, in bytes.
const PARAMETERS_BYTES_MAX: usize = 64 * 1024;

/// What the page needs besides the platform.
#[derive(Clone)]
pub struct PageConfig {
    /// Makes the nonces of the content security policy.
    pub entropy: Arc<dyn Entropy>,
    /// Reverse proxies whose `X-Forwarded-For` tells the customer's address. Nobody else's does.
    pub trusted_proxies: Vec<IpNet>,
    /// Customers who may wait with live progress at one time. The others' pages reload themselves.
    pub live_max: usize,
}

/// The page and all it is made of.
struct Page {
    shared: Shared,
    config: PageConfig,
    renderer: Renderer,
    live: Arc<Semaphore>,
}

/// The routes of Payment Page: the page itself under `/payment`, what merchants load under
/// `/shared`, and the validators under `/params/check`.
///
/// # Errors
/// [`BrokenAsset`] when a template or a translation in the program can't be read.
pub fn router(shared: &Shared, config: PageConfig) -> Result<Router, BrokenAsset> {
    let live = Arc::new(Semaphore::new(config.live_max));
    let page = Page { shared: shared.clone(), config, renderer: Renderer::new()?, live };
    let opened = || get(open::by_query).post(open::by_form);
    Ok(Router::new()
        .route("/payment", opened())
        // An official SDK adds `/payment` to a base that its own documentation ends with it.
        .route("/payment/payment", opened())
        .route("/payment/confirm", post(confirm::confirm))
        .route("/payment/{token}", get(progress::show))
        .route("/payment/{token}/returned", get(progress::show_returned))
        .route("/payment/{token}/retry", post(retry::retry))
        .route("/payment/{token}/leave", post(retry::leave))
        .route("/payment/{token}/events", get(events::events))
        .route("/payment/{token}/{*nothing}", get(progress::show_nothing))
        .route("/params/check", get(check::check))
        .route("/v1/params/check", get(check::check))
        .merge(statics::router())
        .with_state(Arc::new(page)))
}

impl Page {
    fn platform(&self) -> &Platform {
        self.shared.platform()
    }

    /// Answers one request in HTML. An obstacle becomes a page that explains it.
    async fn answer(
        &self,
        route: &'static str,
        headers: &HeaderMap,
        answering: impl Future<Output = Result<Response, Obstacle>>,
    ) -> Response {
        let answering = async {
            match answering.await {
                Ok(response) => Ok(response),
                Err(obstacle) => match obstacle.fault {
                    Some(fault) => Err(Problem::Fault(*fault)),
                    None => Ok(self.explain(&obstacle, headers)),
                },
            }
        };
        let refuse = |problem: Problem, id| {
            let obstacle = Obstacle::ours(problem.status(), format!("X-Request-Id {id}"));
            self.explain(&obstacle, headers)
        };
        exchange(&self.shared, route, answering, refuse).await
    }
}

/// Who asks: the connection and the request's headers.
struct Visitor<'a> {
    peer: SocketAddr,
    headers: &'a HeaderMap,
}

impl From<Fault> for Obstacle {
    fn from(fault: Fault) -> Self {
        Self {
            fault: Some(Box::new(fault)),
            ..Self::ours(axum::http::StatusCode::INTERNAL_SERVER_ERROR, "")
        }
    }
}
