//! The program `paytm-sandbox`: runs a sandbox, or prints its scenarios.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};
use paytm_sandbox::{Config, Durability, Merchant, NotificationFormat, SCENARIOS};
use tokio::net::TcpListener;

/// A Paytm to test against.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a sandbox.
    Serve(Box<Serve>),
    /// List the scenarios.
    Scenarios {
        /// As a table for the documentation.
        #[arg(long)]
        markdown: bool,
    },
}

#[derive(clap::Args)]
struct Serve {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:8790", env = "PAYTM_SANDBOX_LISTEN")]
    listen: SocketAddr,
    /// The file of the books; without it they are kept in memory.
    #[arg(long, env = "PAYTM_SANDBOX_DATABASE")]
    database: Option<PathBuf>,
    /// What a finished call survives.
    #[arg(long, value_enum, default_value = "normal")]
    durability: Durability,
    /// The merchant id; needs --key.
    #[arg(long, requires = "key", env = "PAYTM_SANDBOX_MID")]
    mid: Option<String>,
    /// The merchant's key, 16 characters.
    #[arg(long, requires = "mid", env = "PAYTM_SANDBOX_KEY", hide_env_values = true)]
    key: Option<String>,
    /// Where the merchant's notifications go.
    #[arg(long)]
    notification_url: Option<String>,
    /// Send payment notifications as JSON instead of a form.
    #[arg(long)]
    json_notifications: bool,
    /// The scenario of orders that do not choose one.
    #[arg(long)]
    scenario: Option<String>,
    /// The token of the admin interface; without it only this machine may use that.
    #[arg(long, env = "PAYTM_SANDBOX_ADMIN_TOKEN", hide_env_values = true)]
    admin_token: Option<String>,
    /// From asking for a refund to its credit.
    #[arg(long)]
    refund_delay_ms: Option<u32>,
    /// For how long a second refund of the same amount is refused (617).
    #[arg(long)]
    equal_refund_window_ms: Option<u32>,
    /// How long the answers of the slow scenarios take.
    #[arg(long)]
    slow_answer_ms: Option<u32>,
    /// The pauses between the attempts of a notification, as in `1000,5000`.
    #[arg(long, value_delimiter = ',')]
    webhook_retries_ms: Option<Vec<u32>>,
}

#[tokio::main]
async fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Serve(arguments) => serve(*arguments).await,
        Command::Scenarios { markdown: true } => {
            print!("{}", paytm_sandbox::markdown());
            Ok(())
        }
        Command::Scenarios { markdown: false } => {
            for scenario in &SCENARIOS {
                println!("{:>2} {:28} {}", scenario.number, scenario.name, scenario.summary);
            }
            Ok(())
        }
    }
}

async fn serve(arguments: Serve) -> Result<()> {
    let listener = TcpListener::bind(arguments.listen)
        .await
        .with_context(|| format!("cannot listen on {}", arguments.listen))?;
    println!("paytm-sandbox listens on http://{}", listener.local_addr()?);
    let stopped = async { drop(tokio::signal::ctrl_c().await) };
    Ok(paytm_sandbox::serve(listener, config(arguments)?, stopped).await?)
}

fn config(arguments: Serve) -> Result<Config> {
    let mut config = Config {
        database: arguments.database,
        durability: arguments.durability,
        admin_token: arguments.admin_token,
        ..Config::default()
    };
    if let Some((mid, key)) = arguments.mid.zip(arguments.key) {
        config.merchants = vec![Merchant::new(&mid, &key)];
    }
    if let Some(name) = &arguments.scenario {
        paytm_sandbox::by_name(name).with_context(|| format!("there is no scenario {name}"))?;
    }
    for merchant in &mut config.merchants {
        merchant.notification_url.clone_from(&arguments.notification_url);
        merchant.scenario.clone_from(&arguments.scenario);
        if arguments.json_notifications {
            merchant.notification_format = NotificationFormat::Json;
        }
    }
    if let Some(delay) = arguments.refund_delay_ms {
        config.refund_delay_ms = delay.into();
    }
    if let Some(window) = arguments.equal_refund_window_ms {
        config.equal_refund_window_ms = window.into();
    }
    if let Some(delay) = arguments.slow_answer_ms {
        config.slow_answer = Duration::from_millis(delay.into());
    }
    if let Some(pauses) = arguments.webhook_retries_ms {
        config.webhook_retries_ms = pauses.into_iter().map(i64::from).collect();
    }
    Ok(config)
}
