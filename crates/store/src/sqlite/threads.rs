//! The engine of a database file: one thread that writes, a few that read, and a bounded queue
//! before each. A full queue refuses at once, so that overload is turned away before work is done.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle, current};
use std::time::Duration;

use super::open_reader;
use super::writer::{Writer, read};
use crate::error::{Result, StoreError};
use crate::stats::Counters;
use crate::store::Options;
use crate::task::Task;

/// Writes that may wait. At some 10,000 a second the last of them waits a fifth of a second.
pub const WRITE_QUEUE: usize = 2048;

/// Reads that may wait.
pub const READ_QUEUE: usize = 1024;

/// How often a store that could not commit tries whether it can again.
const PROBE_INTERVAL: Duration = Duration::from_secs(1);

/// The threads of a database file.
pub(crate) struct Threads {
    // Dropped in this order: the connection that closes last puts the log back into the database,
    // and only the writer's can.
    readers: Pool,
    writer: Pool,
}

impl Threads {
    pub(crate) fn start(path: &Path, options: &Options, counters: &Arc<Counters>) -> Result<Self> {
        let mut writer = Writer::open(
            path.to_owned(),
            options.migrations,
            options.wal_limit_bytes,
            Arc::clone(counters),
        )?;
        let (mut readers, reads) = Pool::new(READ_QUEUE, &counters.read_queue_depth);
        let reads = Arc::new(Mutex::new(reads));
        for _ in 0..options.readers {
            let connection = open_reader(path)?;
            let reads = Arc::clone(&reads);
            readers.spawn("store-reader", path, move || {
                // The lock is what the idle readers wait at.
                let next = || reads.lock().unwrap_or_else(PoisonError::into_inner).next();
                while let Some(task) = next() {
                    read(&connection, task);
                }
            })?;
        }
        let (mut writer_thread, inbox) = Pool::new(WRITE_QUEUE, &counters.write_queue_depth);
        writer_thread.spawn("store-writer", path, move || {
            write_groups(&mut writer, &inbox);
        })?;
        Ok(Self { readers, writer: writer_thread })
    }

    pub(crate) fn write(&self, task: Box<dyn Task>) -> Result<()> {
        self.writer.give(task)
    }

    pub(crate) fn read(&self, task: Box<dyn Task>) -> Result<()> {
        self.readers.give(task)
    }
}

/// Groups form by themselves: what arrives during one commit is the next group.
fn write_groups(writer: &mut Writer, inbox: &Inbox) {
    loop {
        let first = if writer.is_durable() {
            inbox.next().ok_or(RecvTimeoutError::Disconnected)
        } else {
            inbox.next_within(PROBE_INTERVAL)
        };
        match first {
            Ok(first) => {
                writer.commit(first, || inbox.waiting());
                writer.checkpoint();
            }
            Err(RecvTimeoutError::Timeout) => writer.probe(),
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// Threads that work off one queue.
struct Pool {
    /// `None` only while the pool is dropped.
    queue: Option<SyncSender<Box<dyn Task>>>,
    depth: Arc<AtomicUsize>,
    threads: Vec<JoinHandle<()>>,
}

impl Pool {
    fn new(capacity: usize, depth: &Arc<AtomicUsize>) -> (Self, Inbox) {
        let (queue, tasks) = sync_channel(capacity);
        let pool = Self { queue: Some(queue), depth: Arc::clone(depth), threads: Vec::new() };
        (pool, Inbox { tasks, depth: Arc::clone(depth) })
    }

    fn spawn(
        &mut self,
        name: &str,
        path: &Path,
        run: impl FnOnce() + Send + 'static,
    ) -> Result<()> {
        let thread = Builder::new().name(name.to_owned()).spawn(run);
        self.threads.push(thread.map_err(|error| StoreError::Open {
            path: path.to_owned(),
            source: Arc::new(error),
        })?);
        Ok(())
    }

    fn give(&self, task: Box<dyn Task>) -> Result<()> {
        let queue = self.queue.as_ref().ok_or(StoreError::Stopped)?;
        self.depth.fetch_add(1, Relaxed);
        queue.try_send(task).map_err(|error| {
            self.depth.fetch_sub(1, Relaxed);
            match error {
                TrySendError::Full(_) => StoreError::Busy,
                TrySendError::Disconnected(_) => StoreError::Stopped,
            }
        })
    }
}

impl Drop for Pool {
    /// Waits until what is queued is done and the connections are closed.
    fn drop(&mut self) {
        self.queue = None;
        for thread in self.threads.drain(..) {
            // A closure may have held the last handle of its own store.
            if thread.thread().id() != current().id() && thread.join().is_err() {
                tracing::error!("a thread of the store had panicked");
            }
        }
    }
}

/// The other end of a pool's queue.
struct Inbox {
    tasks: Receiver<Box<dyn Task>>,
    depth: Arc<AtomicUsize>,
}

impl Inbox {
    /// The next task; none when the pool is dropped.
    fn next(&self) -> Option<Box<dyn Task>> {
        self.tasks.recv().ok().map(|task| self.count(task))
    }

    fn next_within(&self, patience: Duration) -> Result<Box<dyn Task>, RecvTimeoutError> {
        self.tasks.recv_timeout(patience).map(|task| self.count(task))
    }

    /// The next task, if one is there already.
    fn waiting(&self) -> Option<Box<dyn Task>> {
        self.tasks.try_recv().ok().map(|task| self.count(task))
    }

    fn count(&self, task: Box<dyn Task>) -> Box<dyn Task> {
        self.depth.fetch_sub(1, Relaxed);
        task
    }
}
