//! Operation numbers, handed out in blocks. A block that is only half used leaves a gap, which is
//! harmless; no number is ever given twice.

use crate::error::Result;
use crate::params;
use crate::tx::Tx;

/// Takes `count` operation numbers for the caller alone and returns the first.
pub fn take_block(tx: &mut dyn Tx, count: i64) -> Result<i64> {
    let next: i64 = tx.query_one(
        "UPDATE id_block SET next = next + $1 WHERE name = 'operation' RETURNING next",
        params![count],
        |row| row.int(0),
    )?;
    Ok(next.saturating_sub(count))
}
