//! The executor: futures that run only when the world says so. A future that rests after a commit
//! can be left there for ever, which is what a crash is.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll, Wake, Waker};

/// Names a task for the whole life of a world, over all restarts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct TaskId(pub(crate) u64);

/// What came of polling a task.
pub(crate) enum Polled<T> {
    /// It ended.
    Done(T),
    /// It only rests and wants to go on.
    Rests,
    /// It waits for an answer from outside.
    Waits,
    /// There is no such task any more.
    Gone,
}

/// The tasks of one life of a node.
pub(crate) struct Tasks<T> {
    running: BTreeMap<TaskId, Pin<Box<dyn Future<Output = T>>>>,
}

impl<T> Tasks<T> {
    pub(crate) const fn new() -> Self {
        Self { running: BTreeMap::new() }
    }

    pub(crate) fn insert(&mut self, id: TaskId, future: impl Future<Output = T> + 'static) {
        self.running.insert(id, Box::pin(future));
    }

    pub(crate) fn poll(&mut self, id: TaskId) -> Polled<T> {
        let Some(future) = self.running.get_mut(&id) else { return Polled::Gone };
        let flag = Arc::new(Flag::default());
        let waker = Waker::from(Arc::clone(&flag));
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => {
                self.running.remove(&id);
                Polled::Done(output)
            }
            Poll::Pending if flag.0.load(Relaxed) => Polled::Rests,
            Poll::Pending => Polled::Waits,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.running.len()
    }
}

#[derive(Default)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Relaxed);
    }
}

/// Runs a future that needs nothing from outside to its end: what the world itself reads.
pub(crate) fn finish<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}
