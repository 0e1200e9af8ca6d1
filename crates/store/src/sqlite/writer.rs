//! The one writer: it commits groups of tasks, each in a savepoint of its own, answers them after
//! the commit, and keeps the write-ahead log short. It runs where it is called: on a thread of its
//! own or, in memory, on the caller's.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use rusqlite::Connection;

use super::tx::{SqliteTx, is_disk_full};
use super::{BUSY_TIMEOUT, migrate, open_memory, open_writer};
use crate::error::{Result, StoreError};
use crate::migrate::Migration;
use crate::stats::Counters;
use crate::task::{Task, Verdict};

/// Tasks per commit, at most.
pub(crate) const GROUP_LIMIT: usize = 256;

/// A page of 4096 bytes and its frame header (<https://www.sqlite.org/fileformat.html>, 4.1).
const FRAME_BYTES: u64 = 4096 + 24;

/// Frames copied back to the database in one go, SQLite's own default. Measured with 16 writers:
/// four times as many give 5 to 15 % more writes a second for a 99th percentile of 30 ms, not 12.
const PASSIVE_FRAMES: u64 = 1000;

/// How long the writer may wait for readers when it starts the log over.
const RESTART_TIMEOUT: Duration = Duration::from_millis(20);

/// Takes room in the log and in the database, so that it fails where the next payments would.
const PROBE: &str = "
    BEGIN IMMEDIATE;
    CREATE TABLE IF NOT EXISTS write_probe (filler BLOB NOT NULL) STRICT;
    INSERT INTO write_probe (filler) VALUES (zeroblob(1048576));
    COMMIT;
    DROP TABLE write_probe;";

pub(crate) struct Writer {
    /// `None` in memory.
    file: Option<PathBuf>,
    /// `None` after a failure that only a new connection can clear; the next group opens it.
    connection: Option<Connection>,
    wal_limit_bytes: u64,
    /// The log's length, in frames, at which it is to start over.
    restart_frames: u64,
    counters: Arc<Counters>,
}

impl Writer {
    pub(crate) fn open(
        path: PathBuf,
        migrations: &[Migration],
        wal_limit_bytes: u64,
        counters: Arc<Counters>,
    ) -> Result<Self> {
        let mut connection = open_writer(&path, wal_limit_bytes)?;
        migrate(&mut connection, migrations)?;
        Ok(Self::new(Some(path), connection, wal_limit_bytes, counters))
    }

    pub(crate) fn in_memory(migrations: &[Migration], counters: Arc<Counters>) -> Result<Self> {
        let mut connection = open_memory()?;
        migrate(&mut connection, migrations)?;
        Ok(Self::new(None, connection, u64::MAX, counters))
    }

    fn new(
        file: Option<PathBuf>,
        connection: Connection,
        wal_limit_bytes: u64,
        counters: Arc<Counters>,
    ) -> Self {
        let restart_frames = wal_limit_bytes / FRAME_BYTES;
        let connection = Some(connection);
        Self { file, connection, wal_limit_bytes, restart_frames, counters }
    }

    /// Commits `first` and what `next` gives meanwhile as one group, then answers them all.
    pub(crate) fn commit(
        &mut self,
        first: Box<dyn Task>,
        next: impl FnMut() -> Option<Box<dyn Task>>,
    ) {
        if !self.is_durable() {
            self.probe();
        }
        let mut group = Vec::with_capacity(GROUP_LIMIT);
        group.push(first);
        let fate = match self.connection() {
            Ok(connection) => commit_group(connection, &mut group, next),
            Err(error) => Err(error),
        };
        match &fate {
            Ok(kept) => self.counters.count_group(*kept),
            Err(error) => self.give_up(error),
        }
        let fate = fate.map(|_| ());
        for task in group {
            task.answer(fate.clone());
        }
    }

    /// Runs a task that may only read. For the database in memory, which has no other connection.
    pub(crate) fn read(&mut self, task: Box<dyn Task>) {
        match self.connection() {
            Ok(connection) => read(connection, task),
            Err(error) => task.answer(Err(error)),
        }
    }

    pub(crate) fn is_durable(&self) -> bool {
        self.counters.durable.load(Relaxed)
    }

    /// Finds out whether commits reach the disk again.
    pub(crate) fn probe(&mut self) {
        let Ok(connection) = self.connection() else {
            return;
        };
        match connection.execute_batch(PROBE) {
            Ok(()) => {
                self.counters.durable.store(true, Relaxed);
                tracing::info!("the store can write again");
            }
            Err(error) => {
                roll_back(connection);
                tracing::warn!(%error, "the store still cannot write");
            }
        }
    }

    /// Copies the log back into the database when enough has gathered, and starts it over at its
    /// limit. Readers of old pages can hold the latter up; then it is tried again a little later.
    pub(crate) fn checkpoint(&mut self) {
        let limit = self.wal_limit_bytes / FRAME_BYTES;
        let Some(connection) = &self.connection else {
            return;
        };
        match checkpoint(connection, limit, self.restart_frames) {
            Ok(frames) => {
                self.counters.wal_bytes.store(frames.saturating_mul(FRAME_BYTES), Relaxed);
                self.restart_frames =
                    if frames < limit { limit } else { frames.saturating_add(limit / 4) };
            }
            Err(error) => tracing::warn!(%error, "checkpoint failed"),
        }
    }

    fn connection(&mut self) -> Result<&Connection> {
        let connection = match (self.connection.take(), &self.file) {
            (Some(connection), _) => connection,
            (None, Some(path)) => open_writer(path, self.wal_limit_bytes)?,
            (None, None) => return Err(StoreError::Stopped),
        };
        Ok(self.connection.insert(connection))
    }

    /// After a failed commit nothing the connection believes can be trusted (its pages may differ
    /// from the disk's), so a file is opened anew. A full disk or a busy lock spoils nothing.
    fn give_up(&mut self, error: &StoreError) {
        tracing::error!(%error, cause = ?error, "the store cannot commit");
        self.counters.durable.store(false, Relaxed);
        let is_spoilt = !matches!(error, StoreError::DiskFull | StoreError::Begin { .. });
        if is_spoilt && self.file.is_some() {
            self.connection = None;
        }
    }
}

/// Runs a task in a read transaction, so that all its queries see one moment.
pub(crate) fn read(connection: &Connection, mut task: Box<dyn Task>) {
    let fate = run(connection, "BEGIN").map_err(cannot_begin).map(|()| {
        task.run(&mut SqliteTx::reading(connection));
        roll_back(connection);
    });
    task.answer(fate);
}

/// Runs the tasks of a group and commits it; returns how many were kept. Tasks are taken from
/// `next` while others run, so a group is what arrived until its last statement.
fn commit_group(
    connection: &Connection,
    group: &mut Vec<Box<dyn Task>>,
    mut next: impl FnMut() -> Option<Box<dyn Task>>,
) -> Result<usize> {
    run(connection, "BEGIN IMMEDIATE").map_err(cannot_begin)?;
    let mut kept = 0;
    while let Some(task) = group.last_mut() {
        match run_in_savepoint(connection, task.as_mut()) {
            Ok(Verdict::Keep) => kept += 1,
            Ok(Verdict::Undo) => {}
            Err(error) => {
                roll_back(connection);
                return Err(error);
            }
        }
        if group.len() == GROUP_LIMIT {
            break;
        }
        match next() {
            Some(task) => group.push(task),
            None => break,
        }
    }
    run(connection, "COMMIT").map_err(|error| {
        roll_back(connection);
        if is_disk_full(&error) {
            StoreError::DiskFull
        } else {
            StoreError::CommitUnknown { source: Arc::new(error) }
        }
    })?;
    Ok(kept)
}

/// Runs one task; an error means that the whole group is lost.
fn run_in_savepoint(connection: &Connection, task: &mut dyn Task) -> Result<Verdict> {
    if task.is_abandoned() {
        return Ok(Verdict::Undo);
    }
    run(connection, "SAVEPOINT task").map_err(cannot_begin)?;
    let mut tx = SqliteTx::writing(connection);
    let verdict = task.run(&mut tx);
    let failure = tx.into_failure();
    // SQLite ends the whole transaction on some failures, such as a full disk.
    if connection.is_autocommit() || matches!(failure, Some(StoreError::DiskFull)) {
        return Err(failure.unwrap_or(StoreError::Aborted));
    }
    if verdict == Verdict::Undo {
        run(connection, "ROLLBACK TO task").map_err(cannot_begin)?;
    }
    run(connection, "RELEASE task").map_err(cannot_begin)?;
    Ok(verdict)
}

/// Returns the length of the log in frames.
fn checkpoint(connection: &Connection, limit: u64, restart_frames: u64) -> rusqlite::Result<u64> {
    let (frames, copied) = wal_checkpoint(connection, "PRAGMA wal_checkpoint(NOOP)")?;
    if frames >= restart_frames {
        connection.busy_timeout(RESTART_TIMEOUT)?;
        let restarted = wal_checkpoint(connection, "PRAGMA wal_checkpoint(RESTART)");
        connection.busy_timeout(BUSY_TIMEOUT)?;
        let (frames, _) = restarted?;
        if frames >= limit {
            tracing::warn!(frames, "a reader keeps the write-ahead log from starting over");
        }
        return Ok(frames);
    }
    if frames.saturating_sub(copied) >= PASSIVE_FRAMES.min(limit / 4) {
        wal_checkpoint(connection, "PRAGMA wal_checkpoint(PASSIVE)")?;
    }
    Ok(frames)
}

/// Frames in the log, and how many of them the database has. In memory there is no log: 0.
fn wal_checkpoint(connection: &Connection, sql: &'static str) -> rusqlite::Result<(u64, u64)> {
    connection.prepare_cached(sql)?.query_row([], |row| {
        let frames: i64 = row.get(1)?;
        let copied: i64 = row.get(2)?;
        Ok((u64::try_from(frames).unwrap_or(0), u64::try_from(copied).unwrap_or(0)))
    })
}

fn run(connection: &Connection, sql: &'static str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(|_| ())
}

/// Ends a transaction that is not to be kept. If even that fails, the next one cannot begin, and
/// that error is told to somebody.
fn roll_back(connection: &Connection) {
    if !connection.is_autocommit()
        && let Err(error) = run(connection, "ROLLBACK")
    {
        tracing::error!(%error, "cannot roll back");
    }
}

fn cannot_begin(error: rusqlite::Error) -> StoreError {
    if is_disk_full(&error) {
        StoreError::DiskFull
    } else {
        StoreError::Begin { source: Arc::new(error) }
    }
}
