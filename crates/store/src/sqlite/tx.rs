//! [`Tx`] and [`Row`] over a SQLite connection.

use std::sync::Arc;

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, ErrorCode, ffi};

use crate::error::{Result, StoreError};
use crate::tx::{Row, Tx, Value};

/// A transaction, or the savepoint of one, that somebody else began and will end.
pub(crate) struct SqliteTx<'c> {
    connection: &'c Connection,
    access: Access,
    failure: Option<StoreError>,
}

/// What the statements of a transaction may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    Read,
    Write,
}

impl<'c> SqliteTx<'c> {
    pub(crate) fn writing(connection: &'c Connection) -> Self {
        Self { connection, access: Access::Write, failure: None }
    }

    /// Refuses statements that change something, on a connection that could.
    pub(crate) fn reading(connection: &'c Connection) -> Self {
        Self { connection, access: Access::Read, failure: None }
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// The first error of a statement, if there was one.
    pub(crate) fn into_failure(self) -> Option<StoreError> {
        self.failure
    }

    /// Runs one statement, or none if an earlier one failed.
    fn run<T>(
        &mut self,
        sql: &'static str,
        params: &[Value<'_>],
        work: impl FnOnce(&mut CachedStatement<'_>) -> Result<T>,
    ) -> Result<T> {
        if self.has_failed() {
            return Err(StoreError::Aborted);
        }
        let bound = prepare(self.connection, sql, params);
        let result = bound.and_then(|mut bound| match self.access {
            Access::Read if changes(&bound, sql) => Err(failed(sql, read_only())),
            Access::Read | Access::Write => work(&mut bound),
        });
        if let Err(error) = &result {
            self.failure = Some(error.clone());
        }
        result
    }
}

impl Tx for SqliteTx<'_> {
    fn execute(&mut self, sql: &'static str, params: &[Value<'_>]) -> Result<usize> {
        self.run(sql, params, |bound| bound.raw_execute().map_err(|error| failed(sql, error)))
    }

    fn query(
        &mut self,
        sql: &'static str,
        params: &[Value<'_>],
        each: &mut dyn FnMut(&dyn Row) -> Result<()>,
    ) -> Result<()> {
        self.run(sql, params, |bound| {
            let mut rows = bound.raw_query();
            while let Some(row) = rows.next().map_err(|error| failed(sql, error))? {
                each(&SqliteRow { row, sql })?;
            }
            Ok(())
        })
    }
}

fn prepare<'c>(
    connection: &'c Connection,
    sql: &'static str,
    params: &[Value<'_>],
) -> Result<CachedStatement<'c>> {
    let mut bound = connection.prepare_cached(sql).map_err(|error| failed(sql, error))?;
    let fits = bound.parameter_count() == params.len()
        && (!cfg!(debug_assertions) || parameters_ascend(&bound));
    if !fits {
        return Err(StoreError::Parameters { sql, given: params.len() });
    }
    for (index, param) in params.iter().enumerate() {
        bound.raw_bind_parameter(index + 1, param).map_err(|error| failed(sql, error))?;
    }
    Ok(bound)
}

/// To SQLite `$2` is a name like any other, numbered by its first appearance.
fn parameters_ascend(statement: &CachedStatement<'_>) -> bool {
    (1..=statement.parameter_count()).all(|index| {
        let number = statement.parameter_name(index).and_then(|name| name.strip_prefix('$'));
        number.and_then(|number| number.parse().ok()) == Some(index)
    })
}

fn failed(sql: &'static str, error: rusqlite::Error) -> StoreError {
    if is_disk_full(&error) {
        StoreError::DiskFull
    } else {
        StoreError::Execute { sql, source: Arc::new(error) }
    }
}

/// Whether a statement changes something. SQLite counts the question for the journal mode among
/// those that do.
fn changes(statement: &CachedStatement<'_>, sql: &str) -> bool {
    !statement.readonly() && !sql.starts_with("PRAGMA")
}

/// What SQLite itself says when a connection can only read.
fn read_only() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_READONLY), None)
}

pub(crate) fn is_disk_full(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DiskFull)
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match *self {
            Self::Null => ValueRef::Null,
            Self::Int(int) => ValueRef::Integer(int),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

struct SqliteRow<'r> {
    row: &'r rusqlite::Row<'r>,
    sql: &'static str,
}

impl Row for SqliteRow<'_> {
    fn value(&self, column: usize) -> Result<Value<'_>> {
        let value = self.row.get_ref(column).map_err(|error| failed(self.sql, error))?;
        match value {
            ValueRef::Null => Ok(Value::Null),
            ValueRef::Integer(int) => Ok(Value::Int(int)),
            ValueRef::Text(bytes) => std::str::from_utf8(bytes)
                .map(Value::Text)
                .map_err(|_| self.malformed(column, "text is not UTF-8".to_owned())),
            ValueRef::Blob(bytes) => Ok(Value::Blob(bytes)),
            ValueRef::Real(_) => Err(self.malformed(column, "found a float".to_owned())),
        }
    }

    fn malformed(&self, column: usize, reason: String) -> StoreError {
        let name = self.row.as_ref().column_name(column);
        StoreError::Malformed {
            sql: self.sql,
            column: name.map_or_else(|_| column.to_string(), str::to_owned),
            reason,
        }
    }
}
