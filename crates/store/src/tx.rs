//! The port to a database: a transaction, its values and its rows. SQL is written once, in the
//! common subset of SQLite and PostgreSQL, with parameters `$1, $2, …` that first appear in
//! ascending order. Nothing here knows an engine.

use std::fmt::Display;
use std::str::FromStr;

use crate::error::{Result, StoreError};

/// A value on its way into a statement or out of a row. It borrows, and there is no float in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// SQL's absence.
    Null,
    /// Any integer; booleans are 0 and 1.
    Int(i64),
    /// UTF-8 text.
    Text(&'a str),
    /// Bytes.
    Blob(&'a [u8]),
}

impl Value<'_> {
    fn kind(&self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Int(_) => "an integer",
            Self::Text(_) => "text",
            Self::Blob(_) => "bytes",
        }
    }
}

macro_rules! value_from_int {
    ($($int:ty)*) => {$(
        impl From<$int> for Value<'_> {
            fn from(value: $int) -> Self {
                Self::Int(i64::from(value))
            }
        }
    )*};
}
value_from_int!(i64 i32 i16 u32 u16 u8 bool);

impl<'a> From<&'a str> for Value<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(value: &'a String) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(value: &'a [u8]) -> Self {
        Self::Blob(value)
    }
}

impl<'a> From<&'a Vec<u8>> for Value<'a> {
    fn from(value: &'a Vec<u8>) -> Self {
        Self::Blob(value)
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// The parameters of a statement: `tx.execute("… $1 … $2", params![lane, name])`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::Value::from($value)),*] };
}

/// An open transaction. After a statement has failed, the others fail with
/// [`StoreError::Aborted`] and nothing of the transaction is kept.
pub trait Tx {
    /// Runs a statement and returns the number of rows it changed.
    fn execute(&mut self, sql: &'static str, params: &[Value<'_>]) -> Result<usize>;

    /// Runs a statement and gives every row to `each`, which ends the query by an error.
    fn query(
        &mut self,
        sql: &'static str,
        params: &[Value<'_>],
        each: &mut dyn FnMut(&dyn Row) -> Result<()>,
    ) -> Result<()>;
}

impl dyn Tx + '_ {
    /// The rows of a query, in its order.
    pub fn query_all<T>(
        &mut self,
        sql: &'static str,
        params: &[Value<'_>],
        mut read: impl FnMut(&dyn Row) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut rows = Vec::new();
        self.query(sql, params, &mut |row| {
            rows.push(read(row)?);
            Ok(())
        })?;
        Ok(rows)
    }

    /// The row of a query that finds at most one.
    pub fn query_opt<T>(
        &mut self,
        sql: &'static str,
        params: &[Value<'_>],
        read: impl FnMut(&dyn Row) -> Result<T>,
    ) -> Result<Option<T>> {
        let mut rows = self.query_all(sql, params, read)?;
        match rows.len() {
            0 | 1 => Ok(rows.pop()),
            found => Err(StoreError::RowCount { sql, expected: "at most one", found }),
        }
    }

    /// The row of a query that finds exactly one.
    pub fn query_one<T>(
        &mut self,
        sql: &'static str,
        params: &[Value<'_>],
        read: impl FnMut(&dyn Row) -> Result<T>,
    ) -> Result<T> {
        self.query_opt(sql, params, read)?.ok_or(StoreError::RowCount {
            sql,
            expected: "one",
            found: 0,
        })
    }
}

/// A row under the cursor. Columns count from 0.
pub trait Row {
    /// The value of a column.
    fn value(&self, column: usize) -> Result<Value<'_>>;

    /// The error of a column whose value makes no sense, for readers of richer types.
    fn malformed(&self, column: usize, reason: String) -> StoreError;
}

impl dyn Row + '_ {
    /// An integer that fits `T`.
    pub fn int<T: TryFrom<i64>>(&self, column: usize) -> Result<T> {
        self.opt_int(column)?.ok_or_else(|| self.mismatch(column, "an integer", Value::Null))
    }

    /// An integer that fits `T`, or NULL.
    pub fn opt_int<T: TryFrom<i64>>(&self, column: usize) -> Result<Option<T>> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Int(int) => T::try_from(int)
                .map(Some)
                .map_err(|_| self.malformed(column, "integer out of range".to_owned())),
            other @ (Value::Text(_) | Value::Blob(_)) => {
                Err(self.mismatch(column, "an integer", other))
            }
        }
    }

    /// A text.
    pub fn text(&self, column: usize) -> Result<&str> {
        self.opt_text(column)?.ok_or_else(|| self.mismatch(column, "text", Value::Null))
    }

    /// A text, or NULL.
    pub fn opt_text(&self, column: usize) -> Result<Option<&str>> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Text(text) => Ok(Some(text)),
            other @ (Value::Int(_) | Value::Blob(_)) => Err(self.mismatch(column, "text", other)),
        }
    }

    /// Bytes.
    pub fn blob(&self, column: usize) -> Result<&[u8]> {
        self.opt_blob(column)?.ok_or_else(|| self.mismatch(column, "bytes", Value::Null))
    }

    /// Bytes, or NULL.
    pub fn opt_blob(&self, column: usize) -> Result<Option<&[u8]>> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Blob(bytes) => Ok(Some(bytes)),
            other @ (Value::Int(_) | Value::Text(_)) => Err(self.mismatch(column, "bytes", other)),
        }
    }

    /// A text that reads as `T`, such as a currency or a state.
    pub fn parse<T: FromStr<Err: Display>>(&self, column: usize) -> Result<T> {
        self.text(column)?
            .parse()
            .map_err(|error: T::Err| self.malformed(column, error.to_string()))
    }

    /// A text that reads as `T`, or NULL.
    pub fn opt_parse<T: FromStr<Err: Display>>(&self, column: usize) -> Result<Option<T>> {
        self.opt_text(column)?
            .map(|text| {
                text.parse().map_err(|error: T::Err| self.malformed(column, error.to_string()))
            })
            .transpose()
    }

    fn mismatch(&self, column: usize, expected: &str, found: Value<'_>) -> StoreError {
        self.malformed(column, format!("expected {expected}, found {}", found.kind()))
    }
}
