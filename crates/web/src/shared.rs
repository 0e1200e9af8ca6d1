//! What all faces share: the platform, the numbering of requests and the measured latencies.

use std::sync::Arc;
use std::time::Duration;

use app::platform::Platform;
use axum::http::StatusCode;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::request_id::{HttpRequestId, HttpRequestIds};

/// Upper bounds of the latency buckets, in seconds. The last ones tell an answer that was just in
/// time for a client of five seconds' patience.
const LATENCY_BUCKETS: [f64; 12] =
    [0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];

type Latencies = Family<RequestLabels, Histogram, fn() -> Histogram>;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: &'static str,
    status: u16,
}

/// What the faces share. Make one per process, so that every request gets a number of its own.
/// Cheap to clone.
#[derive(Clone)]
pub struct Shared {
    platform: Platform,
    request_ids: Arc<HttpRequestIds>,
    latencies: Latencies,
}

impl Shared {
    /// Puts the faces' common part around a platform.
    pub fn new(platform: Platform) -> Self {
        Self {
            request_ids: Arc::new(HttpRequestIds::new(platform.now())),
            latencies: Family::new_with_constructor(|| Histogram::new(LATENCY_BUCKETS)),
            platform,
        }
    }

    pub(crate) fn platform(&self) -> &Platform {
        &self.platform
    }

    pub(crate) fn next_request_id(&self) -> HttpRequestId {
        self.request_ids.next()
    }

    pub(crate) fn answered(&self, route: &'static str, status: StatusCode, took: Duration) {
        let labels = RequestLabels { route, status: status.as_u16() };
        self.latencies.get_or_create(&labels).observe(took.as_secs_f64());
    }

    /// Puts the latencies into a registry.
    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register_with_unit(
            "http_request_duration",
            "From a request's head to its answer, by route and HTTP status",
            Unit::Seconds,
            self.latencies.clone(),
        );
    }
}
