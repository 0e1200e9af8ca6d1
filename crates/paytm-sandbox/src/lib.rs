//! A Paytm to test against: the gateway's HTTP interface, a wallet page for people, notifications,
//! and a ledger of every rupee it moved.
//!
//! It behaves like the real gateway as far as that is documented, and misbehaves on request: see
//! [`SCENARIOS`]. It shares nothing with its clients but the checksum, so that a mistake in their
//! reading of the protocol is not repeated here.

mod app;
mod bank;
mod clock;
mod code;
mod config;
mod delivery;
mod http;
mod message;
mod paise;
mod scenario;
mod server;
mod store;

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::app::App;
use crate::clock::Clock;
use crate::store::Store;

pub use crate::config::{Config, Durability, Merchant, NotificationFormat};
pub use crate::paise::{NotRupees, Paise};
pub use crate::scenario::{SCENARIOS, Scenario, by_name, markdown};
pub use crate::store::StoreError;

/// Why a sandbox could not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The books could not be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The pages of the wallet are not valid templates.
    #[error("a page: {0}")]
    Page(#[from] minijinja::Error),
}

/// Runs a sandbox on `listener` until `shutdown` resolves. Connections that are open then are cut.
///
/// # Errors
/// [`Error`] when the books or the pages cannot be opened; nothing once it runs.
pub async fn serve(
    listener: TcpListener,
    config: Config,
    shutdown: impl Future<Output = ()>,
) -> Result<(), Error> {
    let config = Arc::new(config);
    let clock = Arc::new(Clock::new(0));
    let webhook_due = Arc::new(Notify::new());
    let store = Store::open(config.clone(), clock.clone(), webhook_due.clone())?;
    let app = App::new(store.clone(), clock, config.clone()).await?;

    // Dropping the set ends both.
    let mut tasks = JoinSet::new();
    tasks.spawn(delivery::run(store, config, webhook_due));
    tasks.spawn(server::run(listener, http::router(app)));
    shutdown.await;
    Ok(())
}
