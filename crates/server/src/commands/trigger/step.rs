//! The steps of a payment as they are printed.

use std::fmt;
use std::io;

use app::verbs::PaymentView;
use serde::Serialize;
use tokio::time::Instant;

use crate::output::{self, Format};

/// Prints steps with the time since the first.
pub(super) struct Reporter {
    began: Instant,
    format: Format,
}

/// Something that happened.
#[derive(Debug, Serialize)]
struct Step {
    ms: u128,
    who: &'static str,
    what: String,
}

/// How it ended.
#[derive(Debug, Serialize)]
pub(super) struct Ended {
    project: i64,
    payment: String,
    status: &'static str,
    /// Whether it has ended and the merchant was told.
    over: bool,
    why: String,
}

impl Reporter {
    pub(super) fn new(format: Format) -> Self {
        Self { began: Instant::now(), format }
    }

    pub(super) fn step(&self, who: &'static str, what: String) -> io::Result<()> {
        let ms = self.began.elapsed().as_millis();
        output::stream(&Step { ms, who, what }, self.format)
    }

    pub(super) fn end(&self, ended: &Ended) -> io::Result<()> {
        output::stream(ended, self.format)
    }
}

impl Ended {
    pub(super) fn new(view: &PaymentView, over: bool, why: &str) -> Self {
        let payment = &view.payment;
        Self {
            project: payment.key.project().0,
            payment: payment.key.payment().0.clone(),
            status: payment.status().name(),
            over,
            why: why.to_owned(),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, millis) = (self.ms / 1_000, self.ms % 1_000);
        write!(f, "{seconds:>4}.{millis:03} s  {:<8}  {}", self.who, self.what)
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heading = if self.over { "Ended" } else { "Not ended yet" };
        write!(f, "{heading}: {}", self.why)
    }
}
