//! `/healthz`: the process answers. `/readyz`: it can do its work, so send it some.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::id::ProjectId;
use domain::time::{Millis, Timestamp};
use serde::Serialize;
use tokio::time::timeout;

use super::Ops;
use crate::exchange::{json, text};

/// A loop that has not been heard of for so long is taken for stuck. It beats every second.
const SILENCE_MAX: Millis = Millis::seconds(10);

/// How long the store may take for a trivial read.
const READ_WITHIN: Duration = Duration::from_secs(2);

/// Projects are numbered from 1: looking for this one reads the store and finds nothing.
const NO_PROJECT: ProjectId = ProjectId(0);

/// The sign of life of a loop. Clones share it.
#[derive(Debug, Clone)]
pub struct Heartbeat {
    last: Arc<AtomicI64>,
}

impl Heartbeat {
    /// A loop that starts now.
    pub fn new(now: Timestamp) -> Self {
        Self { last: Arc::new(AtomicI64::new(now.0)) }
    }

    /// The loop is alive.
    pub fn beat(&self, now: Timestamp) {
        self.last.store(now.0, Relaxed);
    }

    fn is_alive(&self, now: Timestamp) -> bool {
        now.since(Timestamp(self.last.load(Relaxed))) <= SILENCE_MAX
    }
}

/// What is needed to work, each true when it is there.
#[derive(Debug, Serialize)]
struct Readiness {
    store_durable: bool,
    store_readable: bool,
    workers_alive: bool,
}

pub(super) async fn alive() -> Response {
    text(StatusCode::OK, "alive")
}

pub(super) async fn ready(State(ops): State<Ops>) -> Response {
    let platform = ops.shared.platform();
    let read = timeout(READ_WITHIN, platform.project(NO_PROJECT)).await;
    let readiness = Readiness {
        store_durable: platform.store().is_durable(),
        store_readable: read.is_ok_and(|found| found.is_ok()),
        workers_alive: ops.workers.is_none_or(|workers| workers.is_alive(platform.now())),
    };
    let all = readiness.store_durable && readiness.store_readable && readiness.workers_alive;
    let status = if all { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    json(status, serde_json::to_vec(&readiness).unwrap_or_default())
}
