//! What can go wrong in the store, one variant per operation. A variant says what the caller may
//! conclude about its data; the engine's own error stays in `source`.

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

/// The engine's own error. Shared, because a failed commit answers a whole group at once.
pub type Cause = Arc<dyn Error + Send + Sync>;

/// The result of a storage operation.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// Why the store did not do what was asked.
///
/// Nothing was changed by a write that ends in an error, with two exceptions that are named:
/// [`CommitUnknown`](Self::CommitUnknown) and [`Stopped`](Self::Stopped).
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The database could not be opened.
    #[error("cannot open the database {path}")]
    Open {
        /// The database file.
        path: PathBuf,
        /// The engine's error.
        source: Cause,
    },
    /// The linked SQLite can lose commits when the write-ahead log is reset
    /// (<https://www.sqlite.org/wal.html#walresetbug>).
    #[error("SQLite {found} is too old: 3.51.3 is the oldest one that is safe in WAL mode")]
    SqliteTooOld {
        /// The linked version.
        found: &'static str,
    },
    /// Another process serves this database.
    #[error("{path} is held by process {holder}")]
    Locked {
        /// The lock file.
        path: PathBuf,
        /// The holder's process id as it wrote it.
        holder: String,
    },
    /// The lock file could not be made, read or written.
    #[error("cannot lock {path}")]
    Lock {
        /// The lock file.
        path: PathBuf,
        /// The file system's error.
        source: Cause,
    },
    /// The database holds a migration this program does not know: it is newer than the program.
    #[error("the database has migration {version} {name:?}, which this program does not know")]
    MigrationUnknown {
        /// The migration's number.
        version: i64,
        /// The name under which it was applied.
        name: String,
    },
    /// A migration was edited after it had been applied.
    #[error("migration {version} {name:?} differs from the one applied to the database")]
    MigrationChanged {
        /// The migration's number.
        version: i64,
        /// The name under which it was applied.
        name: String,
    },
    /// A migration failed; the schema is as it was.
    #[error("migration {version} failed")]
    Migrate {
        /// The migration's number, 0 for the table of migrations itself.
        version: i64,
        /// The engine's error.
        source: Cause,
    },
    /// The queue is full. Come back later; nothing was done.
    #[error("the store's queue is full")]
    Busy,
    /// The engine's thread is gone, so a write in flight may or may not have happened.
    #[error("the store has stopped")]
    Stopped,
    /// A transaction could not begin.
    #[error("cannot begin a transaction")]
    Begin {
        /// The engine's error.
        source: Cause,
    },
    /// A statement could not be prepared or run.
    #[error("statement failed: {sql}")]
    Execute {
        /// The statement.
        sql: &'static str,
        /// The engine's error.
        source: Cause,
    },
    /// The parameters do not fit the statement: their count differs, or `$1, $2, …` do not first
    /// appear in ascending order, which SQLite needs to read them by position.
    #[error("{given} parameters do not fit: {sql}")]
    Parameters {
        /// The statement.
        sql: &'static str,
        /// How many were given.
        given: usize,
    },
    /// A value could not be written as JSON.
    #[error("cannot encode a value")]
    Encode {
        /// The encoder's error.
        source: Cause,
    },
    /// A row makes no sense. The value itself is left out: it may be personal.
    #[error("column {column}: {reason}, in a row of: {sql}")]
    Malformed {
        /// The statement, which names the table.
        sql: &'static str,
        /// The column.
        column: String,
        /// What was expected and what was found.
        reason: String,
    },
    /// A statement gave another number of rows than its caller can mean.
    #[error("expected {expected}, found {found} rows: {sql}")]
    RowCount {
        /// The statement.
        sql: &'static str,
        /// What was expected.
        expected: &'static str,
        /// How many rows came.
        found: usize,
    },
    /// An earlier statement of this transaction failed, so all of it was rolled back, as
    /// PostgreSQL does.
    #[error("the transaction was rolled back after a failed statement")]
    Aborted,
    /// The closure panicked; its changes were rolled back.
    #[error("the transaction panicked and was rolled back")]
    Panicked,
    /// No room is left. Nothing was changed.
    #[error("no space is left for the database")]
    DiskFull,
    /// The commit failed half-way: the changes may or may not be there. Read before trying again.
    #[error("the commit failed and its outcome is unknown")]
    CommitUnknown {
        /// The engine's error.
        source: Cause,
    },
}
