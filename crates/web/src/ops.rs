//! What operators' machines ask: is it alive, is it ready, what does it count. For a private
//! address only; it tells nothing about a payment, and everything about the load.

mod health;
mod metrics;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use prometheus_client::registry::Registry;

use crate::shared::Shared;
pub use health::Heartbeat;

#[derive(Clone)]
struct Ops {
    shared: Shared,
    workers: Option<Heartbeat>,
    registry: Arc<Registry>,
}

/// The routes of operations. `workers` is the sign of life of the loop that starts jobs, in a
/// process that runs one.
pub fn router(shared: &Shared, workers: Option<Heartbeat>) -> Router {
    let registry = Arc::new(metrics::registry(shared));
    Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(metrics::metrics))
        .with_state(Ops { shared: shared.clone(), workers, registry })
}
