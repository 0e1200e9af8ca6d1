//! `/metrics`: what is counted, in the text format of Prometheus (`OpenMetrics`).

use std::fmt;

use app::platform::Platform;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, text::encode};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use super::Ops;
use crate::exchange::{text, with_type};
use crate::shared::Shared;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Everything that is counted.
pub(super) fn registry(shared: &Shared) -> Registry {
    let mut registry = Registry::default();
    let platform = shared.platform();
    platform.metrics().register(&mut registry);
    let ours = registry.sub_registry_with_prefix("dwar");
    shared.register(ours);
    ours.register_collector(Box::new(Engine(platform.clone())));
    registry
}

pub(super) async fn metrics(State(ops): State<Ops>) -> Response {
    let mut page = String::new();
    match encode(&mut page, &ops.registry) {
        Ok(()) => with_type(StatusCode::OK, OPEN_METRICS, page),
        Err(fmt::Error) => text(StatusCode::INTERNAL_SERVER_ERROR, "metrics can't be written"),
    }
}

/// The store's counters and the jobs that run, read when they are asked for.
struct Engine(Platform);

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Engine")
    }
}

impl Collector for Engine {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let stats = self.0.store().stats();
        let durable = u32::from(self.0.store().is_durable());
        let running = self.0.scheduler().running();
        let mut write =
            |name, help, metric: &dyn Describe| metric.describe(&mut encoder, name, help);
        write("store_commits", "Write transactions kept", &ConstCounter::new(stats.commits))?;
        write("store_groups", "Groups committed", &ConstCounter::new(stats.groups))?;
        let last_group = ConstGauge::new(stats.last_group_size);
        write("store_last_group_size", "Transactions of the latest group", &last_group)?;
        let writes = ConstGauge::new(stats.write_queue_depth);
        write("store_write_queue_depth", "Writes waiting", &writes)?;
        let reads = ConstGauge::new(stats.read_queue_depth);
        write("store_read_queue_depth", "Reads waiting", &reads)?;
        write("store_wal_bytes", "Write-ahead log in use", &ConstGauge::new(stats.wal_bytes))?;
        write("store_durable", "Whether commits reach the disk", &ConstGauge::new(durable))?;
        write("jobs_running", "Jobs that run now", &ConstGauge::new(running))
    }
}

/// A metric that can be written together with its name.
trait Describe {
    fn describe(&self, encoder: &mut DescriptorEncoder, name: &str, help: &str) -> fmt::Result;
}

impl<M: EncodeMetric> Describe for M {
    fn describe(&self, encoder: &mut DescriptorEncoder, name: &str, help: &str) -> fmt::Result {
        self.encode(encoder.encode_descriptor(name, help, None, self.metric_type())?)
    }
}
