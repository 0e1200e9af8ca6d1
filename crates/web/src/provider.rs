//! Where the provider and the customers it sends back arrive. Both bring claims about a payment;
//! none is believed. They make the platform ask the provider, and that answer counts.

mod notification;
mod returned;

use std::time::Duration;

use app::workers::RETURN_PATH;
use axum::Router;
use axum::routing::{get, post};

use crate::shared::Shared;

/// Where the provider sends its notifications.
pub const NOTIFICATION_PATH: &str = "/provider/paytm/notification";

/// Longest notification or return that is read, in bytes. Paytm's are a tenth of it.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// How long the provider and browsers are made to wait.
#[derive(Debug, Clone, Copy)]
pub struct ProviderConfig {
    /// The provider gets its answer within this time; then it had better come again.
    pub answer_within: Duration,
    /// How long a customer who comes back waits for the result before being told that there is
    /// none yet.
    pub outcome_within: Duration,
}

impl Default for ProviderConfig {
    fn default() -> Self {
        Self { answer_within: Duration::from_secs(5), outcome_within: Duration::from_secs(4) }
    }
}

#[derive(Clone)]
struct Provider {
    shared: Shared,
    config: ProviderConfig,
}

/// The routes of the provider's face.
pub fn router(shared: &Shared, config: ProviderConfig) -> Router {
    Router::new()
        .route(RETURN_PATH, get(returned::by_link).post(returned::by_form))
        .route(NOTIFICATION_PATH, post(notification::take))
        .with_state(Provider { shared: shared.clone(), config })
}
