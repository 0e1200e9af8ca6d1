//! Counters of the engine, read by the metrics page. They inform; nothing is decided by them,
//! except that a store which could not commit says so through `durable`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};

/// The engine's counters at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stats {
    /// Write transactions kept since the store was opened.
    pub commits: u64,
    /// Groups committed, each one synchronised write to the disk; `commits / groups` is the mean
    /// size of a group.
    pub groups: u64,
    /// Write transactions kept by the latest group.
    pub last_group_size: usize,
    /// Writes waiting.
    pub write_queue_depth: usize,
    /// Reads waiting.
    pub read_queue_depth: usize,
    /// Bytes in use of the write-ahead log.
    pub wal_bytes: u64,
}

#[derive(Debug)]
pub(crate) struct Counters {
    pub(crate) durable: AtomicBool,
    pub(crate) write_queue_depth: Arc<AtomicUsize>,
    pub(crate) read_queue_depth: Arc<AtomicUsize>,
    pub(crate) wal_bytes: AtomicU64,
    commits: AtomicU64,
    groups: AtomicU64,
    last_group_size: AtomicUsize,
}

impl Counters {
    pub(crate) fn new() -> Self {
        Self {
            durable: AtomicBool::new(true),
            write_queue_depth: Arc::default(),
            read_queue_depth: Arc::default(),
            wal_bytes: AtomicU64::new(0),
            commits: AtomicU64::new(0),
            groups: AtomicU64::new(0),
            last_group_size: AtomicUsize::new(0),
        }
    }

    pub(crate) fn count_group(&self, kept: usize) {
        if kept > 0 {
            self.commits.fetch_add(u64::try_from(kept).unwrap_or(u64::MAX), Relaxed);
            self.groups.fetch_add(1, Relaxed);
            self.last_group_size.store(kept, Relaxed);
        }
    }

    pub(crate) fn snapshot(&self) -> Stats {
        Stats {
            commits: self.commits.load(Relaxed),
            groups: self.groups.load(Relaxed),
            last_group_size: self.last_group_size.load(Relaxed),
            write_queue_depth: self.write_queue_depth.load(Relaxed),
            read_queue_depth: self.read_queue_depth.load(Relaxed),
            wal_bytes: self.wal_bytes.load(Relaxed),
        }
    }
}
