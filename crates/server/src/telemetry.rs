//! Where log lines go: standard error, as text for people or as JSON for machines. What may be
//! logged is decided where it is logged; nothing here adds to a line.

use std::io::{self, IsTerminal as _};

use anyhow::Context as _;
use tracing_subscriber::Layer as _;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{Log, LogFormat};

/// Starts logging, once per process.
pub(crate) fn init(log: &Log) -> anyhow::Result<()> {
    let lines = match log.format {
        LogFormat::Pretty => {
            fmt::layer().with_writer(io::stderr).with_ansi(io::stderr().is_terminal()).boxed()
        }
        LogFormat::Json => fmt::layer().json().flatten_event(true).with_writer(io::stderr).boxed(),
    };
    tracing_subscriber::registry()
        .with(lines.with_filter(log.level.targets()))
        .try_init()
        .context("logging was already started")
}
