//! `dwar bench`: how much the platform does on this machine. It starts a platform, a sandbox and
//! whatever else a measurement needs as processes of their own, is all the merchants and customers
//! itself, measures for a bounded time, and leaves nothing behind.

mod connection;
mod customers;
mod histogram;
mod limits;
mod load;
mod platform;
mod process;
mod receiver;
mod report;
mod request;
mod sales;

use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use paytm_sandbox::{Durability, Merchant};
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::task::{JoinSet, LocalSet};

use self::customers::{Customers, Goal};
use self::limits::Limits;
use self::load::{Measured, Pace};
use self::platform::{MERCHANT_KEY, MID, PROJECT, Platform, Setup, free_address};
use self::process::{Folder, Process};
use self::receiver::{Manner, Receiver};
use self::report::{Healthy, Isolation, OnlyLimits, Throughput, mebibytes, millis, ratio};
use self::request::Template;
use self::sales::{Sales, something};
use super::{Answer, wait_for};
use crate::cli::Shared;
use crate::output;
use crate::stop::Stop;

/// Load before anything is counted.
const WARM_UP: Duration = Duration::from_secs(2);

/// Callback endpoints, of which these three are bad.
const ENDPOINTS: usize = 100;
const BAD: [(usize, Manner); 3] =
    [(0, Manner::Hanging), (33, Manner::Refusing), (66, Manner::Dripping)];

/// Measure how much the platform does on this machine.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dwar bench accept
  dwar bench lifecycle --seconds 20 --json
  dwar bench accept --rate 5000            latencies at this rate only
  dwar bench callbacks --folder /var/lib   measure that disk

First as many payments as can be are sent, to learn how many that is. Then four fifths of it are
sent at set times, and latencies count from those times. Everything is made for the measurement,
listens on loopback only, and is deleted at its end.")]
pub(crate) struct Bench {
    /// What to measure.
    #[arg(value_enum)]
    mode: Mode,
    /// How long, in seconds; warming up and the machine's limits take some more.
    #[arg(long, value_name = "SECONDS", default_value = "10")]
    seconds: NonZeroU32,
    /// Offer so many payments a second, and don't look how many there could be.
    #[arg(long, value_name = "NUMBER")]
    rate: Option<NonZeroU32>,
    /// Connections to Gate, and payments under way when as many as can be are sent.
    #[arg(long, value_name = "NUMBER", default_value = "256")]
    connections: NonZeroUsize,
    /// Put the database into this folder: its disk is measured.
    #[arg(long, value_name = "DIR", default_value = ".")]
    folder: PathBuf,
    /// Where the sandbox's notifications go.
    #[arg(long, hide = true)]
    notification_url: Option<String>,
}

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// Sales accepted through Gate, each on disk before its answer; the provider is silent.
    Accept,
    /// Whole payments: sale, redirect callback, paid at the sandbox, result callback.
    Lifecycle,
    /// What one hanging, one refusing and one dripping endpoint take from 97 healthy ones.
    Callbacks,
    /// This machine's own limits: HTTP echo, synchronised writes, group commit, signatures.
    Limits,
    /// Serves the echo of `limits`.
    #[value(hide = true)]
    Echo,
    /// Serves the sandbox of `lifecycle` and `callbacks`.
    #[value(hide = true)]
    Paytm,
}

impl Bench {
    /// Measures and prints.
    pub(crate) fn run(self, shared: &Shared) -> anyhow::Result<Answer> {
        match self.mode {
            Mode::Echo => return wait_for(limits::serve_echo()),
            Mode::Paytm => return wait_for(serve_paytm(self.folder, self.notification_url)),
            Mode::Accept | Mode::Lifecycle | Mode::Callbacks | Mode::Limits => {}
        }
        // One thread for all merchants and customers: the other processors are the platform's.
        let runtime = Builder::new_current_thread().enable_all().build()?;
        LocalSet::new().block_on(&runtime, async {
            let stop = Stop::on_signals()?;
            let folder = Folder::within(&self.folder)?;
            tokio::select! {
                measured = self.measure(&folder, shared) => measured.map(|()| Answer::Yes),
                () = stop.asked() => bail!("stopped before the end"),
            }
        })
    }

    async fn measure(&self, folder: &Folder, shared: &Shared) -> anyhow::Result<()> {
        let format = shared.format();
        match self.mode {
            Mode::Accept => output::print(&self.accept(folder).await?, format)?,
            Mode::Lifecycle => output::print(&self.lifecycle(folder).await?, format)?,
            Mode::Callbacks => output::print(&self.callbacks(folder).await?, format)?,
            Mode::Limits | Mode::Echo | Mode::Paytm => {
                let limits = Limits::measure(folder, self.connections.get()).await?;
                output::print(&OnlyLimits { mode: "limits", limits }, format)?;
            }
        }
        Ok(())
    }

    /// Acceptance alone: one call at a time goes to a provider that never answers it, so that the
    /// work that follows a sale waits.
    async fn accept(&self, folder: &Folder) -> anyhow::Result<Throughput> {
        let mut silent = Receiver::open(Rc::new(|_: &[u8]| {})).await?;
        silent.behave(Manner::Hanging);
        let setup = Setup {
            gate: free_address()?,
            paytm: url(silent.address),
            callback_url: None,
            variables: &[("DWAR_WORKERS__PROVIDER_CONCURRENCY", "1")],
        };
        let platform = Platform::start(folder, setup).await?;
        let sales = self.sales(&platform, [None])?;
        self.throughput("accept", folder, platform, Rc::new(sales)).await
    }

    async fn lifecycle(&self, folder: &Folder) -> anyhow::Result<Throughput> {
        let world = self.world(folder, Goal::Paid, 1).await?;
        self.throughput("lifecycle", folder, world.platform, world.sales).await
    }

    async fn callbacks(&self, folder: &Folder) -> anyhow::Result<Isolation> {
        let mut world = self.world(folder, Goal::Redirected, ENDPOINTS).await?;
        let sales = &world.sales;
        let flood = Pace::Flood(self.connections.get());
        sales.stretch("Warming up", flood, WARM_UP).await?;
        let rate = match self.rate {
            Some(rate) => rate,
            None => four_fifths(&sales.stretch("Looking how many", flood, WARM_UP).await?)?,
        };
        let (pace, lasts) = (Pace::Rate(rate.get()), self.half());
        let before = sales.stretch("All endpoints are healthy", pace, lasts).await?;
        for (endpoint, manner) in BAD {
            if let Some(receiver) = world.receivers.get_mut(endpoint) {
                receiver.behave(manner);
            }
        }
        let beside = sales.stretch("Three endpoints are not", pace, lasts).await?;
        let lost = before.completed.saturating_sub(beside.completed);
        Ok(Isolation {
            mode: "callbacks",
            seconds: lasts.as_secs(),
            endpoints: ENDPOINTS,
            offered_per_second: rate.get().into(),
            loss_percent: ratio(lost.saturating_mul(100), before.completed),
            before: healthy(&something(before)?),
            beside: healthy(&something(beside)?),
            rss_mb: mebibytes(world.platform.memory_peak_kib()?),
        })
    }

    async fn throughput(
        &self,
        mode: &'static str,
        folder: &Folder,
        platform: Platform,
        sales: Rc<Sales>,
    ) -> anyhow::Result<Throughput> {
        let flood = Pace::Flood(self.connections.get());
        sales.stretch("Warming up", flood, WARM_UP).await?;
        let before = platform.counters().await?;
        let accepted_before = sales.accepted();
        let (most, rate, lasts) = if let Some(rate) = self.rate {
            (None, rate, self.half().saturating_mul(2))
        } else {
            let most = sales.stretch("As many as can be", flood, self.half()).await?;
            let most = something(most)?;
            let rate = four_fifths(&most)?;
            (Some(most), rate, self.half())
        };
        let offered = sales.stretch("At set times", Pace::Rate(rate.get()), lasts).await?;
        let offered = something(offered)?;
        let after = platform.counters().await?;
        let payments = sales.accepted().saturating_sub(accepted_before);
        let memory = platform.memory_peak_kib()?;
        let remains = platform.kill().await?;
        let limits = Limits::measure(folder, self.connections.get()).await?;
        let per_second = most.as_ref().unwrap_or(&offered).per_second();
        let cpu = after.cpu.saturating_sub(before.cpu);
        let failed_at_most = most.as_ref().map_or(0, |most| most.failed);
        let transactions = after.transactions.saturating_sub(before.transactions);
        Ok(Throughput {
            mode,
            seconds: lasts.as_secs(),
            under_way: self.connections.get(),
            per_second,
            offered_per_second: rate.get().into(),
            p50_ms: millis(offered.latencies.percentile(50)),
            p99_ms: millis(offered.latencies.percentile(99)),
            failed: offered.failed.saturating_add(failed_at_most),
            lost: sales.accepted().saturating_sub(remains.payments),
            ratio_to_echo: ratio(per_second, limits.echo_per_second),
            ratio_to_group_commit: ratio(per_second, limits.group_commit_per_second),
            commits_per_payment: ratio(after.commits.saturating_sub(before.commits), payments),
            transactions_per_payment: ratio(transactions, payments),
            cpu_ms_per_payment: ratio(u64::try_from(cpu.as_millis()).unwrap_or(u64::MAX), payments),
            bytes_per_payment: remains.bytes.checked_div(remains.payments).unwrap_or(0),
            rss_mb: mebibytes(memory),
            limits,
        })
    }

    /// A platform with a sandbox, customers, and so many callback endpoints.
    async fn world(&self, folder: &Folder, goal: Goal, endpoints: usize) -> anyhow::Result<World> {
        let gate = free_address()?;
        let (process, address) = start_sandbox(folder, gate).await?;
        let setup = Setup { gate, paytm: url(address), callback_url: None, variables: &[] };
        let platform = Platform::start(folder, setup).await?;
        let (customers, payers) = Customers::new(goal, &platform.secret, address);
        let mut receivers = Vec::with_capacity(endpoints);
        for _ in 0..endpoints {
            let customers = Rc::clone(&customers);
            receivers.push(Receiver::open(Rc::new(move |body| customers.told(body))).await?);
        }
        let callback_urls = receivers.iter().map(|receiver| Some(url(receiver.address)));
        let mut sales = self.sales(&platform, callback_urls)?;
        sales.customers = Some(customers);
        if endpoints > 1 {
            sales.passed_over = BAD.map(|(endpoint, _)| endpoint).to_vec();
        }
        let sales = Rc::new(sales);
        Ok(World { platform, sales, receivers, _payers: payers, _sandbox: process })
    }

    /// Sales to the platform, one kind for each callback address.
    fn sales(
        &self,
        platform: &Platform,
        callback_urls: impl IntoIterator<Item = Option<String>>,
    ) -> anyhow::Result<Sales> {
        let template =
            |url: Option<String>| Template::new(PROJECT, &platform.secret, url.as_deref());
        let templates = callback_urls.into_iter().map(template).collect::<Result<_, _>>()?;
        Ok(Sales::new(platform.gate, self.connections.get(), templates))
    }

    /// How long each of two stretches lasts.
    fn half(&self) -> Duration {
        Duration::from_secs(self.seconds.get().into()) / 2
    }
}

/// A platform and all that it deals with.
struct World {
    platform: Platform,
    sales: Rc<Sales>,
    receivers: Vec<Receiver>,
    _payers: JoinSet<()>,
    _sandbox: Process,
}

/// The sandbox. Its books don't wait for the disk: the disk is the platform's.
async fn serve_paytm(folder: PathBuf, notification_url: Option<String>) -> anyhow::Result<Answer> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    output::write_line(&listener.local_addr()?.to_string())?;
    let config = paytm_sandbox::Config {
        database: Some(folder.join("paytm.db")),
        durability: Durability::Off,
        merchants: vec![Merchant { notification_url, ..Merchant::new(MID, MERCHANT_KEY) }],
        ..paytm_sandbox::Config::default()
    };
    paytm_sandbox::serve(listener, config, process::parent_gone()).await?;
    Ok(Answer::Yes)
}

/// Starts the sandbox for a platform at `gate`.
async fn start_sandbox(folder: &Folder, gate: SocketAddr) -> anyhow::Result<(Process, SocketAddr)> {
    let notification_url = format!("http://{gate}{}", web::provider::NOTIFICATION_PATH);
    let books = folder.file("").display().to_string();
    let arguments = ["bench", "paytm", "--folder", &books, "--notification-url", &notification_url];
    let process = Process::start(arguments, &[], &folder.file("sandbox.log")).await?;
    let address = process.said.trim().parse().context("the sandbox's address")?;
    Ok((process, address))
}

fn four_fifths(measured: &Measured) -> anyhow::Result<NonZeroU32> {
    let rate = u32::try_from(measured.per_second().saturating_mul(4) / 5)?;
    NonZeroU32::new(rate).context("too slow to be measured; give a --rate")
}

fn healthy(measured: &Measured) -> Healthy {
    Healthy {
        per_second: measured.per_second(),
        p50_ms: millis(measured.latencies.percentile(50)),
        p99_ms: millis(measured.latencies.percentile(99)),
        failed: measured.failed,
    }
}

fn url(address: SocketAddr) -> String {
    format!("http://{address}")
}
