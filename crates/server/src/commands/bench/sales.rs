//! Sending sales: to the platform, or to an echo that knows nothing of them.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::connection::Connection;
use super::customers::Customers;
use super::load::{Load, Measured, Pace};
use super::request::Template;
use crate::output::progress::Progress;

/// How long what is under way at the end of a stretch is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Between two looks at what is under way.
const LOOK: Duration = Duration::from_millis(10);

/// Between two lines of progress.
const PROGRESS: Duration = Duration::from_millis(250);

/// Where sales go, and when they are complete.
pub(super) struct Sales {
    /// Where to.
    pub(super) address: SocketAddr,
    /// Requests under way, one to a connection.
    pub(super) connections: usize,
    /// The kinds of sale; they take turns.
    pub(super) templates: Vec<Template>,
    /// Who completes the payments. Without them, being accepted is all.
    pub(super) customers: Option<Rc<Customers>>,
    /// Kinds of sale whose end is not waited for.
    pub(super) passed_over: Vec<usize>,
    /// The number of the next payment.
    next: Cell<u64>,
    accepted: Cell<u64>,
}

impl Sales {
    /// Sales to this address, all of one kind.
    pub(super) fn new(address: SocketAddr, connections: usize, templates: Vec<Template>) -> Self {
        Self {
            address,
            connections,
            templates,
            customers: None,
            passed_over: Vec::new(),
            next: Cell::new(0),
            accepted: Cell::new(0),
        }
    }

    /// How many were answered with 200 so far.
    pub(super) fn accepted(&self) -> u64 {
        self.accepted.get()
    }

    /// Sends for a while and waits for what is under way then. `what` is shown as progress.
    pub(super) async fn stretch(
        self: &Rc<Self>,
        what: &str,
        pace: Pace,
        lasts: Duration,
    ) -> anyhow::Result<Measured> {
        let mut connections = Vec::with_capacity(self.connections);
        for _ in 0..self.connections {
            connections.push(Connection::open(self.address).await?);
        }
        let load = Load::new(pace, lasts, self.next.get());
        let mut senders = JoinSet::new();
        for connection in connections {
            senders.spawn_local(Rc::clone(self).send(Rc::clone(&load), connection));
        }
        let mut shown = JoinSet::new();
        shown.spawn_local(show(what.to_owned(), Rc::clone(&load)));
        load.ended().await;
        let gone = Instant::now() + PATIENCE;
        while !load.is_settled() && Instant::now() < gone {
            sleep(LOOK).await;
        }
        senders.shutdown().await;
        shown.shutdown().await;
        self.next.set(load.next_number());
        match self.customers.as_ref().and_then(|customers| customers.fault()) {
            Some(fault) => Err(fault),
            None => Ok(load.measured()),
        }
    }

    async fn send(self: Rc<Self>, load: Rc<Load>, mut connection: Connection) {
        let kinds = u64::try_from(self.templates.len()).unwrap_or(1);
        while let Some(arrival) = load.next().await {
            let kind =
                arrival.number.checked_rem(kinds).and_then(|kind| usize::try_from(kind).ok());
            let Some((kind, template)) = kind.and_then(|at| Some((at, self.templates.get(at)?)))
            else {
                return;
            };
            let counts = !self.passed_over.contains(&kind);
            if let Some(customers) = self.customers.as_ref().filter(|_| counts) {
                customers.expect(arrival.number, &load, arrival.due);
            }
            let answer = connection.exchange(&template.request(arrival.number)).await;
            match (answer, &self.customers) {
                (Ok(_), customers) => {
                    self.accepted.set(self.accepted.get().saturating_add(1));
                    match customers {
                        None => load.completed(arrival.due),
                        Some(_) if counts => {}
                        Some(_) => load.passed_over(),
                    }
                }
                (Err(error), customers) => {
                    if let Some(customers) = customers {
                        customers.forget(arrival.number);
                    }
                    load.failed(&error);
                    let Ok(opened) = Connection::open(self.address).await else { return };
                    connection = opened;
                }
            }
        }
    }
}

async fn show(what: String, load: Rc<Load>) {
    let (progress, mut before) = (Progress::new(), 0);
    loop {
        sleep(PROGRESS).await;
        let complete = load.complete();
        let rate = complete.saturating_sub(before).saturating_mul(4);
        progress.show(&format!("{what}: {complete} complete, {rate}/s"));
        before = complete;
    }
}

/// A measured stretch, or an error if nothing at all was completed in it.
pub(super) fn something(measured: Measured) -> anyhow::Result<Measured> {
    if measured.completed > 0 {
        return Ok(measured);
    }
    let failure = measured.failure.context("nothing was answered in time")?;
    Err(anyhow::anyhow!("nothing was completed; the first failure: {failure}"))
}
