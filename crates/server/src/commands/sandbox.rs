//! `dwar sandbox`: the Paytm to test against. Its scenarios for people; and the process that is the
//! Paytm of `dwar demo`, as the real one is a process of its own. For other uses there is the
//! program `paytm-sandbox`.

use std::fmt;
use std::io::Read as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use paytm_sandbox::{Config, Merchant, SCENARIOS, Scenario};
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::Answer;
use super::demo::ports;
use crate::cli::Shared;
use crate::output;
use crate::output::table::Table;

/// The environment variable of the merchant's key.
pub(super) const KEY: &str = "DWAR_DEMO_PAYTM_KEY";

/// The Paytm to test against.
#[derive(Debug, Subcommand)]
pub(crate) enum Sandbox {
    Scenarios(Scenarios),
    #[command(hide = true)]
    Serve(Serve),
}

/// List the ways in which the sandbox behaves, and what chooses each.
#[derive(Debug, Args)]
#[command(after_help = "\
A payment chooses its scenario by the amount or the customer's phone in its row; or by its id, if
that contains sandbox-NAME within its first 28 characters, which is as much as Paytm is told.")]
pub(crate) struct Scenarios {}

/// Run the demonstration's Paytm, until standard input ends.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[arg(long)]
    listen: SocketAddr,
    #[arg(long)]
    books: PathBuf,
    #[arg(long)]
    notification_url: String,
    #[arg(long)]
    mid: String,
    #[arg(long, env = KEY, hide_env_values = true)]
    key: String,
}

impl Sandbox {
    /// Lists, or serves.
    pub(crate) async fn run(self, shared: &Shared) -> anyhow::Result<Answer> {
        match self {
            Self::Scenarios(Scenarios {}) => output::print(&List::new(), shared.format())?,
            Self::Serve(serve) => serve.run().await?,
        }
        Ok(Answer::Yes)
    }
}

/// All scenarios, by number.
#[derive(Debug, Serialize)]
#[serde(transparent)]
struct List(Vec<Row>);

/// A scenario and what chooses it.
#[derive(Debug, Serialize)]
struct Row {
    number: u8,
    name: &'static str,
    /// In rupees.
    amount: Option<String>,
    phone: Option<String>,
    summary: &'static str,
}

impl List {
    fn new() -> Self {
        let row = |scenario: &Scenario| Row {
            number: scenario.number,
            name: scenario.name,
            amount: scenario.amount().map(|amount| amount.to_string()),
            phone: scenario.phone(),
            summary: scenario.summary,
        };
        Self(SCENARIOS.iter().map(row).collect())
    }
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::with_header(["NAME", "AMOUNT", "PHONE", "WHAT HAPPENS"]);
        for Row { name, amount, phone, summary, .. } in &self.0 {
            let text = |choice: &Option<String>| choice.clone().unwrap_or_default();
            table.row([name, &text(amount), &text(phone), summary]);
        }
        write!(f, "{table}")
    }
}

impl Serve {
    /// Prints the address, and runs.
    async fn run(self) -> anyhow::Result<()> {
        let socket = ports::open(self.listen)?;
        socket.set_nonblocking(true)?;
        output::write_line(&socket.local_addr()?.to_string())?;
        let merchant = Merchant {
            notification_url: Some(self.notification_url),
            ..Merchant::new(&self.mid, &self.key)
        };
        let config =
            Config { database: Some(self.books), merchants: vec![merchant], ..Config::default() };
        paytm_sandbox::serve(TcpListener::from_std(socket)?, config, parent_gone()).await?;
        Ok(())
    }
}

/// Waits until standard input ends: the demonstration holds its other end, however it dies.
async fn parent_gone() {
    let (gone, is_gone) = oneshot::channel::<()>();
    std::thread::spawn(move || {
        let _ended = std::io::stdin().read_to_end(&mut Vec::new());
        drop(gone);
    });
    let _dropped = is_gone.await;
}
