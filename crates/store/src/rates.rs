//! Exchange rates against the euro.

use domain::fx::Rate;
use domain::money::Currency;
use domain::time::Timestamp;

use crate::error::Result;
use crate::params;
use crate::tx::{Row, Tx};

/// A rate and the day it was published for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateRow {
    /// Which currency.
    pub currency: Currency,
    /// `YYYY-MM-DD`.
    pub day: String,
    /// Units of the currency for one euro.
    pub rate: Rate,
    /// Who said so: `ecb` or `operator`.
    pub source: String,
    /// When it was stored.
    pub set_at: Timestamp,
}

/// Stores a rate; one of the same day is replaced.
pub fn set(tx: &mut dyn Tx, row: &RateRow) -> Result<()> {
    tx.execute(
        "INSERT INTO rate (currency, day, value, source, set_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (currency, day) DO UPDATE SET value = excluded.value, \
         source = excluded.source, set_at = excluded.set_at",
        params![row.currency.code(), &row.day, &row.rate.to_string(), &row.source, row.set_at.0],
    )?;
    Ok(())
}

/// The rate of a currency in force on `day`: the newest that is not of a later day.
pub fn in_force(tx: &mut dyn Tx, currency: Currency, day: &str) -> Result<Option<RateRow>> {
    tx.query_opt(
        "SELECT currency, day, value, source, set_at FROM rate \
         WHERE currency = $1 AND day <= $2 ORDER BY day DESC LIMIT 1",
        params![currency.code(), day],
        read,
    )
}

/// The rates in force on `day`, in order of their currencies.
pub fn list(tx: &mut dyn Tx, day: &str) -> Result<Vec<RateRow>> {
    tx.query_all(
        "SELECT currency, day, value, source, set_at FROM rate AS newest WHERE day = \
         (SELECT max(day) FROM rate WHERE currency = newest.currency AND day <= $1) \
         ORDER BY currency",
        params![day],
        read,
    )
}

fn read(row: &dyn Row) -> Result<RateRow> {
    let code = row.text(0)?;
    Ok(RateRow {
        currency: Currency::from_code(code)
            .ok_or_else(|| row.malformed(0, format!("no such currency: {code}")))?,
        day: row.text(1)?.to_owned(),
        rate: row.parse(2)?,
        source: row.text(3)?.to_owned(),
        set_at: Timestamp(row.int(4)?),
    })
}
