//! The platform that is measured: `dwar serve` over a new database with one project, in a process
//! of its own.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use app::project::{PaytmSettings, Settings};
use app::verbs::NewProject;
use paytm::account::Mode;
use serde::Deserialize;
use store::{Options, Store, payments};

use super::connection::{Connection, get};
use super::process::{Folder, Process};
use crate::cli::flag;
use crate::config::{Config, Loaded};
use crate::installation::{self, Missing};

/// The project's number.
pub(super) const PROJECT: i64 = 200;

/// The merchant account at Paytm, and its key.
pub(super) const MID: &str = "BENCHM00000000000001";
pub(super) const MERCHANT_KEY: &str = "BenchKey_BenchK_";

/// Payments counted at one time.
const PAGE: i64 = 10_000;

/// A running platform.
pub(super) struct Platform {
    process: Process,
    database: PathBuf,
    bytes_at_first: u64,
    ops: SocketAddr,
    /// Where Gate listens.
    pub(super) gate: SocketAddr,
    /// The project's secret.
    pub(super) secret: String,
}

/// The counters of a running platform.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counters {
    /// Processor time taken.
    pub(super) cpu: Duration,
    /// Groups of write transactions: writes to the disk that were waited for.
    pub(super) commits: u64,
    /// Write transactions in them.
    pub(super) transactions: u64,
}

/// What is left of a platform that was killed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Remains {
    /// Payments found in the database.
    pub(super) payments: u64,
    /// Bytes the database has grown by.
    pub(super) bytes: u64,
}

/// How a platform is set up.
pub(super) struct Setup<'a> {
    /// Where it listens.
    pub(super) gate: SocketAddr,
    /// Scheme, host and port of its Paytm.
    pub(super) paytm: String,
    /// Where callbacks go unless a sale says otherwise.
    pub(super) callback_url: Option<String>,
    /// Variables of its configuration.
    pub(super) variables: &'a [(&'a str, &'a str)],
}

#[derive(Deserialize)]
struct Ready {
    ops: String,
}

impl Platform {
    /// Makes the database and starts the platform over it.
    pub(super) async fn start(folder: &Folder, setup: Setup<'_>) -> anyhow::Result<Self> {
        let database = folder.file("dwar.db");
        let secret = prepare(&database, setup.paytm, setup.callback_url).await?;
        let bytes_at_first = std::fs::metadata(&database)?.len();
        let (path, gate) = (database.display().to_string(), setup.gate.to_string());
        let url = format!("http://{gate}");
        let arguments = ["serve", "--json", "--log-level", "warn", "--database", &path];
        let addresses = ["--listen", &gate, "--ops", "127.0.0.1:0", "--public-url", &url];
        let mut variables =
            vec![("DWAR_EGRESS__ALLOW_PRIVATE", "true"), ("DWAR_EGRESS__ALLOW_HTTP", "true")];
        variables.extend_from_slice(setup.variables);
        let log = folder.file("platform.log");
        let process = Process::start(arguments.into_iter().chain(addresses), &variables, &log);
        let process = process.await.context("the platform")?;
        let ready: Ready = serde_json::from_str(&process.said)?;
        Ok(Self {
            ops: ready.ops.trim_start_matches("http://").parse()?,
            process,
            database,
            bytes_at_first,
            gate: setup.gate,
            secret,
        })
    }

    /// Its counters now.
    pub(super) async fn counters(&self) -> anyhow::Result<Counters> {
        let mut ops = Connection::open(self.ops).await?;
        let page = String::from_utf8_lossy(ops.exchange(&get("/metrics")).await?);
        let counter = |name: &str| {
            let mut lines = page.lines();
            let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            value.and_then(|value| value.parse().ok()).with_context(|| format!("no {name}"))
        };
        Ok(Counters {
            cpu: self.process.cpu_time()?,
            commits: counter("dwar_store_groups_total")?,
            transactions: counter("dwar_store_commits_total")?,
        })
    }

    /// The most memory it has had, in kibibytes.
    pub(super) fn memory_peak_kib(&self) -> anyhow::Result<u64> {
        self.process.memory_peak_kib()
    }

    /// Kills it, and looks at what it leaves behind.
    pub(super) async fn kill(self) -> anyhow::Result<Remains> {
        self.process.kill().await?;
        let store = Store::open(&self.database, &Options::default())?;
        let (mut payments, mut after) = (0_u64, None);
        loop {
            let page = store.read(move |tx| payments::page_of_keys(tx, after.as_ref(), PAGE));
            let page = page.await?;
            payments = payments.saturating_add(u64::try_from(page.len())?);
            after = page.into_iter().next_back();
            if after.is_none() {
                break;
            }
        }
        // Puts the log back into the database.
        drop(store);
        let bytes = std::fs::metadata(&self.database)?.len();
        Ok(Remains { payments, bytes: bytes.saturating_sub(self.bytes_at_first) })
    }
}

/// An address on this machine that is free at the moment.
pub(super) fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?)
}

/// Makes a database with a project, and returns its secret.
async fn prepare(
    database: &std::path::Path,
    paytm: String,
    callback_url: Option<String>,
) -> anyhow::Result<String> {
    let account = PaytmSettings {
        mid: MID.to_owned(),
        base_url: paytm,
        website: "WEBSTAGING".to_owned(),
        modes: vec![Mode::wallet().to_string()],
    };
    let settings = Settings { callback_url, test_mode: true, ..Settings::new(account) };
    let platform = installation::open(&config(database)?, Missing::Create).await?;
    let project = platform
        .create_project(NewProject {
            id: Some(PROJECT),
            name: "Benchmark".to_owned(),
            secret: None,
            paytm_key: MERCHANT_KEY.to_owned(),
            settings,
        })
        .await?;
    Ok(project.signing_secret().to_owned())
}

fn config(database: &std::path::Path) -> anyhow::Result<Config> {
    let path = flag("bench", ("database", "path"), Some(database.display()));
    Ok(Loaded::read(None, std::env::vars_os(), path)?.config)
}
