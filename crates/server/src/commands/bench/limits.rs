//! What this machine can do at most: the yardsticks that every other figure is held against.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use anyhow::Context as _;
use aws_lc_rs::hmac;
use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use domain::decision::JobKind;
use domain::id::{OperationId, PaymentId, PaymentKey, ProjectId};
use domain::time::Timestamp;
use serde::Serialize;
use store::jobs::{self, Work};
use store::{Options, Store, StoreError};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::load::Pace;
use super::platform::PROJECT;
use super::process::{Folder, Process, parent_gone};
use super::request::Template;
use super::sales::{Sales, something};
use crate::commands::Answer;
use crate::output::progress::Progress;
use crate::output::write_line;

/// Each limit is measured for so long.
const LASTS: Duration = Duration::from_secs(2);
/// Before the echo is measured.
const WARM_UP: Duration = Duration::from_secs(1);
/// A page of the database, the least that a commit writes.
const PAGE_BYTES: usize = 4096;
/// Writers at the group commit: as many as one group holds.
const WRITERS: u64 = 256;
/// Signatures between two looks at the clock.
const SIGNATURES: u64 = 1_000;

/// The limits, each in one second.
#[derive(Debug, Clone, Copy, Serialize)]
#[expect(clippy::struct_field_names, reason = "programs read them under these names")]
pub(super) struct Limits {
    /// Requests answered by an HTTP server that sends back what it gets.
    pub(super) echo_per_second: u64,
    /// Pages appended to a file, each synchronised.
    pub(super) fsync_per_second: u64,
    /// One-row transactions of the store, in groups.
    pub(super) group_commit_per_second: u64,
    /// Signatures of the string that a sale signs, by one processor.
    pub(super) hmac_per_second: u64,
}

impl Limits {
    /// Measures them one after another.
    pub(super) async fn measure(folder: &Folder, connections: usize) -> anyhow::Result<Self> {
        let template = || Template::new(PROJECT, "the secret of a project", None);
        let hmac_per_second = hmac(template()?.to_sign());
        Ok(Self {
            echo_per_second: echo(folder, connections, template()?).await?,
            fsync_per_second: fsync(folder)?,
            group_commit_per_second: group_commit(folder).await?,
            hmac_per_second,
        })
    }
}

/// Serves the echo.
pub(super) async fn serve_echo() -> anyhow::Result<Answer> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    write_line(&listener.local_addr()?.to_string())?;
    let echo = Router::new().fallback(post(|body: Bytes| async { body }));
    tokio::select! {
        ended = axum::serve(listener, echo) => ended?,
        () = parent_gone() => {}
    }
    Ok(Answer::Yes)
}

async fn echo(folder: &Folder, connections: usize, template: Template) -> anyhow::Result<u64> {
    let process = Process::start(["bench", "echo"], &[], &folder.file("echo.log")).await?;
    let address: SocketAddr = process.said.trim().parse().context("the echo's address")?;
    let sales = Rc::new(Sales::new(address, connections, vec![template]));
    let flood = Pace::Flood(connections);
    sales.stretch("Echo, warming up", flood, WARM_UP).await?;
    let measured = something(sales.stretch("Echo", flood, LASTS).await?)?;
    process.kill().await?;
    Ok(measured.per_second())
}

fn fsync(folder: &Folder) -> anyhow::Result<u64> {
    let progress = Progress::new();
    progress.show("Synchronised writes");
    let mut file = OpenOptions::new().create(true).append(true).open(folder.file("fsync"))?;
    let (began, mut count) = (Instant::now(), 0_u64);
    while began.elapsed() < LASTS {
        file.write_all(&[0x55; PAGE_BYTES])?;
        file.sync_data()?;
        count = count.saturating_add(1);
    }
    Ok(per_second(count, began.elapsed()))
}

async fn group_commit(folder: &Folder) -> anyhow::Result<u64> {
    let progress = Progress::new();
    progress.show("Group commit");
    let store = Store::open(&folder.file("limit.db"), &Options::default())?;
    let over = Arc::new(AtomicBool::new(false));
    let mut writers = JoinSet::new();
    let began = Instant::now();
    for writer in 0..WRITERS {
        writers.spawn(write(store.clone(), writer, Arc::clone(&over)));
    }
    tokio::time::sleep(LASTS).await;
    over.store(true, Relaxed);
    let mut count = 0_u64;
    while let Some(written) = writers.join_next().await {
        count = count.saturating_add(written??);
    }
    Ok(per_second(count, began.elapsed()))
}

/// Plans jobs one after another: a row and its entry in an index.
async fn write(store: Store, writer: u64, over: Arc<AtomicBool>) -> Result<u64, StoreError> {
    let mut count = 0_u64;
    while !over.load(Relaxed) {
        let id = PaymentId(format!("{writer}-{count}"));
        let key = PaymentKey::new(ProjectId(PROJECT), id);
        let work = Work::Rule(JobKind::AskSale(OperationId(1)));
        store.write(move |tx| jobs::schedule(tx, &key, work, Timestamp(0))).await?;
        count = count.saturating_add(1);
    }
    Ok(count)
}

fn hmac(message: &str) -> u64 {
    let key = hmac::Key::new(hmac::HMAC_SHA512, b"the secret of a project");
    let (began, mut count) = (Instant::now(), 0_u64);
    while began.elapsed() < LASTS / 4 {
        for _ in 0..SIGNATURES {
            std::hint::black_box(hmac::sign(&key, std::hint::black_box(message.as_bytes())));
        }
        count = count.saturating_add(SIGNATURES);
    }
    per_second(count, began.elapsed())
}

fn per_second(count: u64, lasted: Duration) -> u64 {
    let micros = u64::try_from(lasted.as_micros()).unwrap_or(u64::MAX);
    count.saturating_mul(1_000_000).checked_div(micros).unwrap_or(0)
}
