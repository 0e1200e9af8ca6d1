//! The handle to a database: closures go in, answers come out after they are durable. Which engine
//! runs them is chosen when the store is opened and seen nowhere else.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use crate::error::{Result, StoreError};
use crate::lock::ServeLock;
use crate::migrate::{MIGRATIONS, Migration};
use crate::sqlite::threads::Threads;
use crate::sqlite::writer::Writer;
use crate::stats::{Counters, Stats};
use crate::task;
use crate::tx::Tx;

/// How a database file is opened.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Connections that read.
    pub readers: usize,
    /// The write-ahead log starts over at this size. Readers that hold on to an old moment can
    /// stretch it; it shrinks again when they have gone.
    pub wal_limit_bytes: u64,
    /// The schema, oldest migration first.
    pub migrations: &'static [Migration],
}

impl Default for Options {
    fn default() -> Self {
        Self { readers: 2, wal_limit_bytes: 64 * 1024 * 1024, migrations: MIGRATIONS }
    }
}

/// A database. Clones share it; it closes when the last of them is dropped.
#[derive(Clone)]
pub struct Store {
    engine: Arc<Engine>,
    counters: Arc<Counters>,
}

enum Engine {
    File { path: PathBuf, threads: Threads },
    Inline(Mutex<Writer>),
}

impl Store {
    /// Opens a database file, created if it is missing, and brings its schema up to date.
    pub fn open(path: &Path, options: &Options) -> Result<Self> {
        let counters = Arc::new(Counters::new());
        let threads = Threads::start(path, options, &counters)?;
        Ok(Self { engine: Arc::new(Engine::File { path: path.to_owned(), threads }), counters })
    }

    /// A database in memory that runs on its callers' threads, for simulations: the order of
    /// calls is the order of transactions, and no time or chance is involved. It outlives a
    /// simulated crash as long as one clone does.
    pub fn inline() -> Result<Self> {
        let counters = Arc::new(Counters::new());
        let writer = Writer::in_memory(MIGRATIONS, Arc::clone(&counters))?;
        Ok(Self { engine: Arc::new(Engine::Inline(Mutex::new(writer))), counters })
    }

    /// Runs `f` in a transaction and answers when it is durable. If `f` fails or panics, nothing
    /// of it is kept. A future that is dropped before `f` has begun may leave it undone.
    ///
    /// In memory, the future rests once between the commit and the answer, so that a simulation
    /// can crash a process there.
    pub async fn write<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut dyn Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (task, answer) = task::wrap(f);
        match &*self.engine {
            Engine::File { threads, .. } => threads.write(task)?,
            Engine::Inline(writer) => {
                writer.lock().unwrap_or_else(PoisonError::into_inner).commit(task, || None);
                rest_once().await;
            }
        }
        answer.await.unwrap_or_else(|_| Err(StoreError::Stopped.into()))
    }

    /// Runs `f` over one moment of the database; it cannot change anything. It should be short,
    /// because it keeps the log from starting over: a long export reads page by page.
    ///
    /// In memory, the future rests once before the answer, so that what was read can be outdated
    /// when it is used, as it can with threads.
    pub async fn read<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut dyn Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (task, answer) = task::wrap(f);
        match &*self.engine {
            Engine::File { threads, .. } => threads.read(task)?,
            Engine::Inline(writer) => {
                writer.lock().unwrap_or_else(PoisonError::into_inner).read(task);
                rest_once().await;
            }
        }
        answer.await.unwrap_or_else(|_| Err(StoreError::Stopped.into()))
    }

    /// Takes the lock of the one process that may serve this database.
    ///
    /// # Errors
    /// [`StoreError::Locked`] names the process that has it.
    pub fn lock_exclusive(&self) -> Result<ServeLock> {
        match &*self.engine {
            Engine::File { path, .. } => ServeLock::acquire(&path.with_added_extension("lock")),
            Engine::Inline(_) => Ok(ServeLock::of_memory()),
        }
    }

    /// Whether the latest commits reached the disk. While they do not, no new money may be moved:
    /// what came of it could not be remembered. The store tries by itself until it can.
    pub fn is_durable(&self) -> bool {
        self.counters.durable.load(Relaxed)
    }

    /// The engine's counters.
    pub fn stats(&self) -> Stats {
        self.counters.snapshot()
    }
}

/// Gives control back once.
async fn rest_once() {
    let mut rested = false;
    std::future::poll_fn(move |context| {
        if rested {
            return Poll::Ready(());
        }
        rested = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
