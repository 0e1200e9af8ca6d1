//! The demo merchant: a small shop that takes money through Gate and Payment Page.
//!
//! It knows nothing of the platform but `wire`'s client, like any merchant's service in Rust, and
//! shows beside each step what a developer would do there. Orders live in memory.

mod book;
mod catalogue;
mod gate;
mod order;
mod order_view;
mod payment_page;
mod rupees;
mod web;

use std::fmt;
use std::net::SocketAddr;

use anyhow::Context as _;
use tokio::sync::watch;
use wire::client::Merchant;

use crate::book::Book;
use crate::gate::Gate;
use crate::payment_page::PaymentPage;
use crate::web::Shop;

/// What the shop calls itself, unless told otherwise.
pub const NAME: &str = "Chaiwala";

/// Who the shop is, and where the platform is.
#[derive(Clone)]
pub struct Config {
    /// The shop's name, as customers see it.
    pub name: String,
    /// Where browsers and the platform reach the shop, with its scheme: `http://127.0.0.1:8103`.
    pub public_url: String,
    /// The merchant's project on the platform.
    pub project_id: i64,
    /// The project's secret.
    pub secret: String,
    /// Gate's host with its scheme, which is `http://`: the demonstration runs on one machine.
    pub gate_url: String,
    /// Payment Page's host with its scheme; without one, the shop offers payment by Gate only.
    pub page_url: Option<String>,
}

/// Runs the shop on `listener` until `shutdown` resolves and the requests under way have ended.
///
/// # Errors
/// When a URL of `config` cannot be used, or the socket fails.
pub async fn serve(
    listener: std::net::TcpListener,
    config: Config,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    anyhow::ensure!(
        config.gate_url.starts_with("http://"),
        "the shop speaks plain HTTP to Gate, not {}",
        config.gate_url
    );
    let payment_page = config.page_url.as_deref().map(PaymentPage::at).transpose()?;
    let (closing, is_closing) = watch::channel(false);
    let shop = Shop {
        merchant: Merchant {
            project_id: config.project_id,
            secret: config.secret,
            gate_url: config.gate_url,
            page_url: config.page_url.unwrap_or_default(),
        },
        name: config.name,
        public_url: config.public_url.trim_end_matches('/').to_owned(),
        payment_page,
        gate: Gate::new(),
        book: Book::default(),
        pages: web::pages().context("a page of the shop")?,
        closing: is_closing,
    };
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let service = web::router(shop).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service)
        .with_graceful_shutdown(async move {
            shutdown.await;
            closing.send_replace(true);
        })
        .await
        .context("serve the shop")
}

impl fmt::Debug for Config {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Config")
            .field("name", &self.name)
            .field("public_url", &self.public_url)
            .field("project_id", &self.project_id)
            .field("gate_url", &self.gate_url)
            .field("page_url", &self.page_url)
            .finish_non_exhaustive()
    }
}
