//! Runs the demo merchant by itself, against a platform that is somewhere else.

use std::net::{SocketAddr, TcpListener};

use anyhow::Context as _;
use clap::Parser;
use shop::Config;

/// A small shop that takes money through Dwar.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Address to listen on.
    #[arg(long, env = "SHOP_LISTEN", default_value = "127.0.0.1:8103")]
    listen: SocketAddr,
    /// Where browsers and the platform reach the shop; by default, the address it listens on.
    #[arg(long, env = "SHOP_PUBLIC_URL")]
    public_url: Option<String>,
    /// The shop's name.
    #[arg(long, env = "SHOP_NAME", default_value = shop::NAME)]
    name: String,
    /// The merchant's project.
    #[arg(long, env = "SHOP_PROJECT_ID")]
    project_id: i64,
    /// The project's secret.
    #[arg(long, env = "SHOP_SECRET", hide_env_values = true)]
    secret: String,
    /// Gate's host, such as <http://127.0.0.1:8100>.
    #[arg(long, env = "SHOP_GATE_URL")]
    gate_url: String,
    /// Payment Page's host; without it the shop offers payment by Gate only.
    #[arg(long, env = "SHOP_PAGE_URL")]
    page_url: Option<String>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let listener = TcpListener::bind(arguments.listen)
        .with_context(|| format!("listen on {}", arguments.listen))?;
    let public_url = match arguments.public_url {
        Some(url) => url,
        None => format!("http://{}", listener.local_addr()?),
    };
    println!("the shop is open at {public_url}");
    let config = Config {
        name: arguments.name,
        public_url,
        project_id: arguments.project_id,
        secret: arguments.secret,
        gate_url: arguments.gate_url,
        page_url: arguments.page_url,
    };
    shop::serve(listener, config, async {
        // Without signals there is only the hard way to stop.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
    .await
}
