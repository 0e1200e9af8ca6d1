//! The figures of a measurement, for people and for programs.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::limits::Limits;
use crate::output::table::Table;

/// Kibibytes in a mebibyte.
const KIB_PER_MIB: u64 = 1024;

/// The figures of `accept` and `lifecycle`.
#[derive(Debug, Serialize)]
pub(super) struct Throughput {
    /// What was measured.
    pub(super) mode: &'static str,
    /// How long each stretch was.
    pub(super) seconds: u64,
    /// Payments under way at once, at most, when as many as possible are sent.
    pub(super) under_way: usize,
    /// Payments completed in a second: as many as possible, or as many as were offered.
    pub(super) per_second: u64,
    /// Payments offered in a second while latencies were measured.
    pub(super) offered_per_second: u64,
    /// From when a request was due until its payment was complete, at the offered rate.
    pub(super) p50_ms: f64,
    /// The same for the slowest one in a hundred.
    pub(super) p99_ms: f64,
    /// Payments refused or never complete.
    pub(super) failed: u64,
    /// Payments that were answered with 200 and are not in the database of the killed platform.
    pub(super) lost: u64,
    /// `per_second` in parts of the echo's.
    pub(super) ratio_to_echo: f64,
    /// `per_second` in parts of the group commit's.
    pub(super) ratio_to_group_commit: f64,
    /// Waits for the disk for each payment.
    pub(super) commits_per_payment: f64,
    /// Write transactions for each payment.
    pub(super) transactions_per_payment: f64,
    /// Processor time of the platform for each payment.
    pub(super) cpu_ms_per_payment: f64,
    /// What the database grew by for each payment.
    pub(super) bytes_per_payment: u64,
    /// The most memory the platform had, in mebibytes.
    pub(super) rss_mb: u64,
    /// This machine's own limits.
    pub(super) limits: Limits,
}

/// The figures of `callbacks`.
#[derive(Debug, Serialize)]
pub(super) struct Isolation {
    pub(super) mode: &'static str,
    pub(super) seconds: u64,
    /// Endpoints; one hangs, one refuses, one drips bytes.
    pub(super) endpoints: usize,
    /// Callbacks sent in a second to all of them together.
    pub(super) offered_per_second: u64,
    /// While all endpoints are healthy.
    pub(super) before: Healthy,
    /// While three are not.
    pub(super) beside: Healthy,
    /// What the healthy ones lost, in percent of their throughput before.
    pub(super) loss_percent: f64,
    /// The most memory the platform had, in mebibytes.
    pub(super) rss_mb: u64,
}

/// The callbacks of the endpoints that stay healthy.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Healthy {
    pub(super) per_second: u64,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
    pub(super) failed: u64,
}

/// The figures of `limits`.
#[derive(Debug, Serialize)]
pub(super) struct OnlyLimits {
    pub(super) mode: &'static str,
    #[serde(flatten)]
    pub(super) limits: Limits,
}

impl fmt::Display for Throughput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::default();
        let mut row = |name: &str, value: String| table.row([name, &value]);
        row("payments a second", self.per_second.to_string());
        row("  of the echo", self.ratio_to_echo.to_string());
        row("  of the group commit", self.ratio_to_group_commit.to_string());
        row("latency, half of them", format!("{} ms", self.p50_ms));
        row("latency, 99 in 100", format!("{} ms", self.p99_ms));
        row("  at so many a second", self.offered_per_second.to_string());
        row("refused or not completed", self.failed.to_string());
        row("accepted and lost by kill -9", self.lost.to_string());
        row("commits for each payment", self.commits_per_payment.to_string());
        row("transactions for each payment", self.transactions_per_payment.to_string());
        row("processor for each payment", format!("{} ms", self.cpu_ms_per_payment));
        row("disk for each payment", format!("{} bytes", self.bytes_per_payment));
        row("memory at most", format!("{} MiB", self.rss_mb));
        table.fmt(f)?;
        self.limits.fmt(f)
    }
}

impl fmt::Display for Isolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::with_header(["HEALTHY ENDPOINTS", "A SECOND", "P50 MS", "P99 MS"]);
        for (name, it) in [("all are healthy", self.before), ("three are not", self.beside)] {
            let [per_second, p50, p99] =
                [it.per_second.to_string(), it.p50_ms.to_string(), it.p99_ms.to_string()];
            table.row([name, &per_second, &p50, &p99]);
        }
        table.fmt(f)?;
        writeln!(f, "Loss {} %, memory at most {} MiB.", self.loss_percent, self.rss_mb)
    }
}

impl fmt::Display for OnlyLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.limits.fmt(f)
    }
}

impl fmt::Display for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::with_header(["THIS MACHINE", "A SECOND"]);
        table.row(["echo of the same request", &self.echo_per_second.to_string()]);
        table.row(["synchronised write", &self.fsync_per_second.to_string()]);
        table.row(["one-row transaction, in groups", &self.group_commit_per_second.to_string()]);
        table.row(["signature, one processor", &self.hmac_per_second.to_string()]);
        table.fmt(f)
    }
}

/// `part / whole` to three decimals; 0 where there is no whole.
#[expect(clippy::float_arithmetic, reason = "figures for people, not money")]
pub(super) fn ratio(part: u64, whole: u64) -> f64 {
    let float = |count: u64| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    if whole == 0 { 0.0 } else { (float(part) / float(whole) * 1_000.0).round() / 1_000.0 }
}

/// A length of time in milliseconds.
pub(super) fn millis(time: Duration) -> f64 {
    ratio(u64::try_from(time.as_micros()).unwrap_or(u64::MAX), 1_000)
}

/// Kibibytes in whole mebibytes, rounded up.
pub(super) const fn mebibytes(kib: u64) -> u64 {
    kib.div_ceil(KIB_PER_MIB)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::float_cmp, reason = "rounded to the same decimals")]
    fn figures_have_three_decimals() {
        assert_eq!(ratio(1, 3), 0.333);
        assert_eq!(ratio(5, 0), 0.0);
        assert_eq!(millis(Duration::from_micros(12_345)), 12.345);
        assert_eq!(mebibytes(1025), 2);
    }
}
