//! What the verbs and workers need of the outside world: time, randomness and outgoing HTTP.
//! The program brings real ones, the simulation its own.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use domain::time::{Millis, Timestamp};
use thiserror::Error;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;
}

/// Makes randomness fit for secrets.
pub trait Entropy: Send + Sync {
    /// Fills `bytes` with randomness.
    fn fill(&self, bytes: &mut [u8]);
}

/// A future that owns all it needs.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Sends HTTP requests.
pub trait Http: Send + Sync {
    /// Sends one request and reads the whole answer, within the request's bounds. Redirects are
    /// never followed.
    fn send(&self, request: HttpRequest) -> BoxFuture<Result<HttpAnswer, HttpError>>;
}

/// A `POST` to somebody else's server.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// Where to.
    pub url: String,
    /// Whose server it is, which decides what addresses may be reached.
    pub peer: Peer,
    /// Header names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Bound on connecting, TLS included.
    pub connect_timeout: Millis,
    /// Bound on the whole exchange.
    pub timeout: Millis,
    /// How much of the answer is read, in bytes; what exceeds it is an error for a provider, and
    /// cut off for a merchant.
    pub answer_bytes_max: usize,
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest").field("url", &self.url).finish_non_exhaustive()
    }
}

/// Whose server a request goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Peer {
    /// The payment provider: an address out of the operator's settings.
    Provider,
    /// A merchant's callback address: hostile input, only public addresses may be reached.
    Merchant,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAnswer {
    /// HTTP status.
    pub status: u16,
    /// The body, at most as long as was asked.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HttpError {
    /// Nothing was sent: the name didn't resolve, the connection or TLS failed, the address is
    /// not allowed. The text is for people and does not tell "refused" from "not allowed".
    #[error("could not connect: {0}")]
    NotSent(String),
    /// Something may have been sent, and no whole answer came.
    #[error("no answer: {0}")]
    NoAnswer(String),
}
