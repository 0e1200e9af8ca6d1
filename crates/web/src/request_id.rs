//! The number under which an HTTP request is found in the log. It leaves with every answer as
//! `X-Request-Id`; what a client sends under that name is never looked at.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use axum::http::{HeaderName, HeaderValue};
use domain::time::Timestamp;

/// The header that carries it.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Numbers reserved for each millisecond, so that those of a process that was started again
/// don't meet those it gave out before.
const PER_MILLISECOND: u64 = 1 << 20;

/// One HTTP request. Not to be confused with [`domain::id::RequestId`], which names an accepted
/// request in the merchant's books.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HttpRequestId(u64);

impl HttpRequestId {
    /// As the value of [`HEADER`].
    pub(crate) fn header_value(self) -> HeaderValue {
        HeaderValue::from(self.0)
    }
}

impl fmt::Display for HttpRequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Gives out the numbers.
#[derive(Debug)]
pub(crate) struct HttpRequestIds(AtomicU64);

impl HttpRequestIds {
    /// Numbers for a process that started at `start`.
    pub(crate) fn new(start: Timestamp) -> Self {
        let start = u64::try_from(start.0).unwrap_or(0);
        Self(AtomicU64::new(start.wrapping_mul(PER_MILLISECOND)))
    }

    /// The next number.
    pub(crate) fn next(&self) -> HttpRequestId {
        HttpRequestId(self.0.fetch_add(1, Relaxed))
    }
}
