//! What an operator may ask about the database file itself. This is SQLite's own language: another
//! engine has other questions.

use crate::error::Result;
use crate::params;
use crate::tx::Tx;

/// How the engine works with the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Engine {
    /// The version of SQLite.
    pub version: String,
    /// `wal`, unless somebody changed it.
    pub journal_mode: String,
    /// The newest migration that was applied.
    pub migration: i64,
}

/// Asks the engine about itself.
pub fn engine(tx: &mut dyn Tx) -> Result<Engine> {
    let text = |row: &dyn crate::Row| Ok(row.text(0)?.to_owned());
    Ok(Engine {
        version: tx.query_one("SELECT sqlite_version()", params![], text)?,
        journal_mode: tx.query_one("PRAGMA journal_mode", params![], text)?,
        migration: tx
            .query_one("SELECT max(version) FROM migration", params![], |row| row.int(0))?,
    })
}

/// Reads the whole file and says what is broken in it: nothing, if all is well. It takes as long as
/// reading the file takes, and keeps the log from starting over meanwhile.
pub fn broken_parts(tx: &mut dyn Tx) -> Result<Vec<String>> {
    let mut found =
        tx.query_all("PRAGMA quick_check(20)", params![], |row| Ok(row.text(0)?.to_owned()))?;
    found.retain(|line| line != "ok");
    Ok(found)
}
