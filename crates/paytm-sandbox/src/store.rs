//! The books on disk: one SQLite connection, owned by one thread.
//!
//! Callers hand the thread closures. It runs those that wait as one transaction, each in its own
//! savepoint, and answers them only after the commit, so many calls share one write to the disk.
//! Every group begins by applying what has become due, so nothing ever sees the past.

mod text_enum;

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, params};
use tokio::sync::{Notify, oneshot};

use crate::bank::due;
use crate::clock::{Clock, Millis};
use crate::config::{Config, Durability};

pub(crate) use text_enum::text_enum;

/// Calls in one transaction.
const GROUP_MAX: usize = 256;

/// How long the sandbox may oversleep when nobody calls.
const TICK: Duration = Duration::from_millis(25);

/// Distinct statements of the whole sandbox, so that each is prepared once.
const STATEMENTS_MAX: usize = 64;

/// Why the books could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite refused.
    #[error("the books: {0}")]
    Sql(#[from] rusqlite::Error),
    /// JSON of the books could not be read or written.
    #[error("JSON in the books: {0}")]
    Json(#[from] serde_json::Error),
    /// A message could not be signed.
    #[error("signing: {0}")]
    Checksum(#[from] paytm::checksum::ChecksumError),
    /// The thread of the books has ended, or a commit failed.
    #[error("the books are closed")]
    Closed,
    /// The thread of the books could not be started.
    #[error("the thread of the books: {0}")]
    Thread(#[source] std::io::Error),
}

/// A handle on the books; cheap to clone.
#[derive(Clone)]
pub(crate) struct Store {
    jobs: Sender<Job>,
}

/// What a closure may use: the open transaction, the time, and the settings.
pub(crate) struct Session<'a> {
    pub(crate) sql: &'a Connection,
    pub(crate) clock: &'a Clock,
    pub(crate) now: Millis,
    pub(crate) config: &'a Config,
}

/// Runs in the transaction; what it returns runs after the commit.
type Job = Box<dyn FnOnce(&Session<'_>) -> Reply + Send>;
type Reply = Box<dyn FnOnce() + Send>;

impl Store {
    /// Opens (or creates) the books and starts their thread. `webhook_due` is signalled whenever a
    /// notification is waiting to be sent.
    pub(crate) fn open(
        config: Arc<Config>,
        clock: Arc<Clock>,
        webhook_due: Arc<Notify>,
    ) -> Result<Self, StoreError> {
        let sql = connect(&config)?;
        clock.set_offset(setting(&sql, CLOCK_OFFSET)?.unwrap_or(0));
        let (jobs, waiting) = channel();
        let keeper = Keeper { sql, config, clock, webhook_due };
        std::thread::Builder::new()
            .name("books".to_owned())
            .spawn(move || keeper.run(&waiting))
            .map_err(StoreError::Thread)?;
        Ok(Self { jobs })
    }

    /// Runs `verb` in a transaction and returns its result once that is committed. If `verb`
    /// fails, what it wrote is undone.
    pub(crate) async fn call<T, F>(&self, verb: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Session<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |session| {
            let result = in_savepoint(session, verb);
            // Nobody waits any more if the caller's connection has closed; the effect stands.
            Box::new(move || drop(answer.send(result)))
        });
        self.jobs.send(job).map_err(|_| StoreError::Closed)?;
        answered.await.map_err(|_| StoreError::Closed)?
    }
}

struct Keeper {
    sql: Connection,
    config: Arc<Config>,
    clock: Arc<Clock>,
    webhook_due: Arc<Notify>,
}

impl Keeper {
    fn run(self, waiting: &Receiver<Job>) {
        loop {
            let first = match waiting.recv_timeout(TICK) {
                Ok(job) => Some(job),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let group = first.into_iter().chain(waiting.try_iter()).take(GROUP_MAX);
            // After a failed commit the replies are dropped, which tells the callers.
            if let Err(error) = self.commit(group) {
                eprintln!("paytm-sandbox: {error}");
                drop(self.sql.execute_batch("ROLLBACK"));
            }
        }
    }

    fn commit(&self, group: impl Iterator<Item = Job>) -> Result<(), StoreError> {
        let session = Session {
            sql: &self.sql,
            clock: &self.clock,
            now: self.clock.now(),
            config: &self.config,
        };
        run(&self.sql, "BEGIN")?;
        due::settle(&session)?;
        let replies: Vec<Reply> = group.map(|job| job(&session)).collect();
        run(&self.sql, "COMMIT")?;
        for reply in replies {
            reply();
        }
        if webhook_is_due(&session)? {
            self.webhook_due.notify_one();
        }
        Ok(())
    }
}

const CLOCK_OFFSET: &str = "clock_offset";

impl Session<'_> {
    /// Moves the sandbox's clock and does what becomes due by it.
    pub(crate) fn advance_clock(&self, by: Millis) -> Result<Millis, StoreError> {
        let offset = setting(self.sql, CLOCK_OFFSET)?.unwrap_or(0).saturating_add(by);
        self.sql
            .prepare_cached("INSERT OR REPLACE INTO settings (name, value) VALUES (?1, ?2)")?
            .execute(params![CLOCK_OFFSET, offset])?;
        self.clock.set_offset(offset);
        let later = Session { now: self.clock.now(), ..*self };
        due::settle(&later)?;
        Ok(later.now)
    }
}

fn connect(config: &Config) -> Result<Connection, StoreError> {
    let sql = match &config.database {
        Some(path) => Connection::open(path)?,
        None => Connection::open_in_memory()?,
    };
    sql.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    sql.pragma_update(None, "journal_mode", "WAL")?;
    sql.pragma_update(
        None,
        "synchronous",
        match config.durability {
            Durability::Full => "FULL",
            Durability::Normal => "NORMAL",
            Durability::Off => "OFF",
        },
    )?;
    sql.execute_batch(include_str!("store/schema.sql"))?;
    Ok(sql)
}

fn in_savepoint<T>(
    session: &Session<'_>,
    verb: impl FnOnce(&Session<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    run(session.sql, "SAVEPOINT call")?;
    let result = verb(session);
    if result.is_err() {
        run(session.sql, "ROLLBACK TO call")?;
    }
    run(session.sql, "RELEASE call")?;
    result
}

fn run(sql: &Connection, statement: &str) -> Result<(), rusqlite::Error> {
    sql.prepare_cached(statement)?.execute([]).map(drop)
}

fn setting(sql: &Connection, name: &str) -> Result<Option<i64>, rusqlite::Error> {
    sql.prepare_cached("SELECT value FROM settings WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()
}

fn webhook_is_due(session: &Session<'_>) -> Result<bool, rusqlite::Error> {
    session
        .sql
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM webhooks WHERE due_at <= ?1)")?
        .query_row([session.now], |row| row.get(0))
}
