//! The embedded engine: opening connections the way money needs them. [`writer`] commits groups,
//! [`threads`] puts writer and readers on threads of their own, [`tx`] is the port's
//! implementation.

pub(crate) mod threads;
pub(crate) mod tx;
pub(crate) mod writer;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::error::{Result, StoreError};
use crate::migrate::{Applied, Migration, pending};

/// The oldest SQLite that does not lose commits when the log is reset
/// (<https://www.sqlite.org/wal.html#walresetbug>).
const OLDEST_SQLITE: i32 = 3_051_003;

/// How long a connection waits for another process, such as a short command.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Prepared statements kept per connection; above the number of statements the program has.
const STATEMENTS: usize = 256;

const WRITER_CACHE_KIB: u32 = 32 * 1024;
const READER_CACHE_KIB: u32 = 8 * 1024;

/// The connection that writes `path`, created if it is missing.
pub(crate) fn open_writer(path: &Path, wal_limit_bytes: u64) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let open = || {
        let connection = open(path, flags, WRITER_CACHE_KIB)?;
        let journal: String =
            connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
        if journal != "wal" {
            return Err(rusqlite::Error::InvalidPath(path.to_owned()));
        }
        // Checkpoints are the writer's own: left alone, SQLite would run them inside commits.
        connection.execute_batch(&format!(
            "PRAGMA synchronous = FULL;
             PRAGMA wal_autocheckpoint = 0;
             PRAGMA journal_size_limit = {wal_limit_bytes};"
        ))?;
        Ok(connection)
    };
    refuse_old_sqlite()?;
    open().map_err(|error| cannot_open(path, error))
}

/// A connection that can only read `path`, which a writer has opened before.
pub(crate) fn open_reader(path: &Path) -> Result<Connection> {
    let open = || {
        let connection = open(path, OpenFlags::SQLITE_OPEN_READ_ONLY, READER_CACHE_KIB)?;
        connection.execute_batch("PRAGMA query_only = ON")?;
        Ok(connection)
    };
    open().map_err(|error| cannot_open(path, error))
}

/// A database of its own in memory.
pub(crate) fn open_memory() -> Result<Connection> {
    let path = Path::new(":memory:");
    refuse_old_sqlite()?;
    open(path, OpenFlags::SQLITE_OPEN_READ_WRITE, WRITER_CACHE_KIB)
        .map_err(|error| cannot_open(path, error))
}

fn open(path: &Path, flags: OpenFlags, cache_kib: u32) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Otherwise plans may depend on bound values, and each new value makes SQLite prepare anew.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.execute_batch(&format!(
        "PRAGMA foreign_keys = ON;
         PRAGMA trusted_schema = OFF;
         PRAGMA cell_size_check = ON;
         PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -{cache_kib};"
    ))?;
    Ok(connection)
}

fn refuse_old_sqlite() -> Result<()> {
    if rusqlite::version_number() < OLDEST_SQLITE {
        return Err(StoreError::SqliteTooOld { found: rusqlite::version() });
    }
    Ok(())
}

fn cannot_open(path: &Path, error: rusqlite::Error) -> StoreError {
    StoreError::Open { path: path.to_owned(), source: Arc::new(error) }
}

/// Brings the schema up to date in one transaction, so that a kill half-way leaves the old one.
pub(crate) fn migrate(connection: &mut Connection, known: &[Migration]) -> Result<()> {
    let failed = |version| {
        move |error: rusqlite::Error| -> StoreError {
            StoreError::Migrate { version, source: Arc::new(error) }
        }
    };
    let tx =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed(0))?;
    let applied = applied(&tx).map_err(failed(0))?;
    for migration in pending(known, &applied)? {
        tx.execute_batch(&migration.for_sqlite()).map_err(failed(migration.version))?;
        tx.execute(
            "INSERT INTO migration (version, name, checksum) VALUES ($1, $2, $3)",
            (migration.version, migration.name, migration.checksum()),
        )
        .map_err(failed(migration.version))?;
    }
    tx.commit().map_err(failed(0))
}

fn applied(connection: &Connection) -> rusqlite::Result<Vec<Applied>> {
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS migration (
             version INTEGER PRIMARY KEY,
             name TEXT NOT NULL,
             checksum TEXT NOT NULL
         ) STRICT",
    )?;
    let mut statement =
        connection.prepare("SELECT version, name, checksum FROM migration ORDER BY version")?;
    let rows = statement.query_map([], |row| {
        Ok(Applied { version: row.get(0)?, name: row.get(1)?, checksum: row.get(2)? })
    })?;
    rows.collect()
}
