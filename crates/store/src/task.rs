//! A closure on its way to a connection, and its answer on the way back. The type of the answer is
//! known at both ends only; the queues between carry [`Task`]s.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::sync::oneshot;

use crate::error::{Result, StoreError};
use crate::sqlite::tx::SqliteTx;
use crate::tx::Tx;

/// What a connection does with its transaction after a task has run in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Keep,
    Undo,
}

/// A closure that waits for a transaction, with its type hidden.
pub(crate) trait Task: Send {
    /// Whether nobody waits for the answer any more.
    fn is_abandoned(&self) -> bool;

    /// Runs the closure, whose result is held back until [`answer`](Self::answer).
    fn run(&mut self, tx: &mut SqliteTx<'_>) -> Verdict;

    /// Sends the result; what befell the transaction as a whole goes before what the closure said,
    /// because the closure may have read changes that are no more.
    fn answer(self: Box<Self>, fate: Result<()>);
}

struct Call<F, T, E> {
    closure: Option<F>,
    result: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

/// Wraps a closure for a queue; its answer comes through the receiver.
pub(crate) fn wrap<F, T, E>(closure: F) -> (Box<dyn Task>, oneshot::Receiver<Result<T, E>>)
where
    F: FnOnce(&mut dyn Tx) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    let (reply, answer) = oneshot::channel();
    (Box::new(Call { closure: Some(closure), result: None, reply }), answer)
}

impl<F, T, E> Task for Call<F, T, E>
where
    F: FnOnce(&mut dyn Tx) -> Result<T, E> + Send,
    T: Send,
    E: From<StoreError> + Send,
{
    fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }

    fn run(&mut self, tx: &mut SqliteTx<'_>) -> Verdict {
        let Some(closure) = self.closure.take() else {
            return Verdict::Undo;
        };
        let result = match catch_unwind(AssertUnwindSafe(|| closure(tx))) {
            Ok(Ok(_)) if tx.has_failed() => Err(StoreError::Aborted.into()),
            Ok(result) => result,
            Err(_) => Err(StoreError::Panicked.into()),
        };
        let verdict = if result.is_ok() { Verdict::Keep } else { Verdict::Undo };
        self.result = Some(result);
        verdict
    }

    fn answer(self: Box<Self>, fate: Result<()>) {
        let result = match fate {
            Ok(()) => self.result.unwrap_or_else(|| Err(StoreError::Aborted.into())),
            Err(error) => Err(error.into()),
        };
        // Nobody listens when the caller was dropped; what is committed stays so.
        drop(self.reply.send(result));
    }
}
