//! The platform's ports as the world makes them: the clock shows what the world set, chance comes
//! from the seed, and whatever is sent waits until the world decides what becomes of it.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use app::ports::{BoxFuture, Clock, Entropy, Http, HttpAnswer, HttpError, HttpRequest};
use domain::time::Timestamp;

use crate::rng::Rng;
use crate::tasks::TaskId;

/// Names one request and its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ExchangeId(pub(crate) u64);

/// What becomes of a request.
pub(crate) type Reply = Result<HttpAnswer, HttpError>;

/// A request that a task of the platform has just sent.
pub(crate) struct Sent {
    pub(crate) exchange: ExchangeId,
    pub(crate) task: TaskId,
    pub(crate) request: HttpRequest,
}

/// The ports of one node.
#[derive(Clone)]
pub(crate) struct Ports(Arc<Mutex<State>>);

struct State {
    now: Timestamp,
    rng: Rng,
    polled: TaskId,
    exchanges: u64,
    sent: Vec<Sent>,
    replies: BTreeMap<ExchangeId, Reply>,
}

impl Ports {
    pub(crate) fn new(now: Timestamp, rng: Rng) -> Self {
        let state = State {
            now,
            rng,
            polled: TaskId::default(),
            exchanges: 0,
            sent: Vec::new(),
            replies: BTreeMap::new(),
        };
        Self(Arc::new(Mutex::new(state)))
    }

    pub(crate) fn set_clock(&self, now: Timestamp) {
        self.state().now = now;
    }

    /// Says which task is about to be polled, so that it is known who sends.
    pub(crate) fn will_poll(&self, task: TaskId) {
        self.state().polled = task;
    }

    /// What was sent since the last time.
    pub(crate) fn take_sent(&self) -> Vec<Sent> {
        std::mem::take(&mut self.state().sent)
    }

    /// Puts down an answer for the task that waits for it.
    pub(crate) fn reply(&self, exchange: ExchangeId, reply: Reply) {
        self.state().replies.insert(exchange, reply);
    }

    /// Forgets what a crashed node would have read.
    pub(crate) fn forget_replies(&self) {
        self.state().replies.clear();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for Ports {
    fn now(&self) -> Timestamp {
        self.state().now
    }
}

impl Entropy for Ports {
    fn fill(&self, bytes: &mut [u8]) {
        self.state().rng.fill(bytes);
    }
}

impl Http for Ports {
    fn send(&self, request: HttpRequest) -> BoxFuture<Reply> {
        let mut state = self.state();
        state.exchanges = state.exchanges.saturating_add(1);
        let exchange = ExchangeId(state.exchanges);
        let task = state.polled;
        state.sent.push(Sent { exchange, task, request });
        let ports = self.clone();
        Box::pin(poll_fn(move |_| {
            ports.state().replies.remove(&exchange).map_or(Poll::Pending, Poll::Ready)
        }))
    }
}
