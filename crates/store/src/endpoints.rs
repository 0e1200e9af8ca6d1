//! Callback endpoints that are cut off, so that operators see them and a restart remembers them.

use domain::time::Timestamp;

use crate::error::Result;
use crate::params;
use crate::tx::{Row, Tx};

/// An endpoint that is cut off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointRow {
    /// Scheme, host and port.
    pub url: String,
    /// When the first of its failures in a row was.
    pub failing_since: Timestamp,
    /// When it was paused, if it was.
    pub paused_at: Option<Timestamp>,
    /// When an operator asked to go on, until that is done.
    pub resumed_at: Option<Timestamp>,
    /// How it failed when its state last changed.
    pub last_error: String,
}

/// Stores the state of an endpoint.
pub fn put(tx: &mut dyn Tx, row: &EndpointRow) -> Result<()> {
    tx.execute(
        "INSERT INTO endpoint (url, failing_since, paused_at, resumed_at, last_error) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (url) DO UPDATE SET \
         failing_since = excluded.failing_since, paused_at = excluded.paused_at, \
         resumed_at = excluded.resumed_at, last_error = excluded.last_error",
        params![
            &row.url,
            row.failing_since.0,
            row.paused_at.map(|at| at.0),
            row.resumed_at.map(|at| at.0),
            &row.last_error
        ],
    )?;
    Ok(())
}

/// Forgets an endpoint: it works.
pub fn remove(tx: &mut dyn Tx, url: &str) -> Result<()> {
    tx.execute("DELETE FROM endpoint WHERE url = $1", params![url])?;
    Ok(())
}

/// Asks to go on with an endpoint. Returns whether it is cut off at all.
pub fn resume(tx: &mut dyn Tx, url: &str, now: Timestamp) -> Result<bool> {
    let changed =
        tx.execute("UPDATE endpoint SET resumed_at = $1 WHERE url = $2", params![now.0, url])?;
    Ok(changed == 1)
}

/// All endpoints that are cut off, by their addresses.
pub fn list(tx: &mut dyn Tx) -> Result<Vec<EndpointRow>> {
    tx.query_all(
        "SELECT url, failing_since, paused_at, resumed_at, last_error FROM endpoint ORDER BY url",
        params![],
        read,
    )
}

fn read(row: &dyn Row) -> Result<EndpointRow> {
    Ok(EndpointRow {
        url: row.text(0)?.to_owned(),
        failing_since: Timestamp(row.int(1)?),
        paused_at: row.opt_int(2)?.map(Timestamp),
        resumed_at: row.opt_int(3)?.map(Timestamp),
        last_error: row.text(4)?.to_owned(),
    })
}
