//! Migrations: numbered SQL files, embedded, applied in order, never edited afterwards. One text
//! serves both engines. Here is what is true of any engine; each engine applies the text itself.

use crate::error::{Result, StoreError};

/// The schema, oldest migration first. Append only.
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "initial", sql: include_str!("../migrations/0001_initial.sql") },
    Migration { version: 2, name: "rates", sql: include_str!("../migrations/0002_rates.sql") },
    Migration {
        version: 3,
        name: "endpoints",
        sql: include_str!("../migrations/0003_endpoints.sql"),
    },
    Migration {
        version: 4,
        name: "attempts",
        sql: include_str!("../migrations/0004_attempts.sql"),
    },
];

/// One step of the schema.
///
/// The text is written with PostgreSQL's column types; on SQLite, whose STRICT tables know fewer,
/// `SMALLINT` and `BIGINT` become `INTEGER` and `BYTEA` becomes `BLOB`. What follows `-- sqlite:`
/// or `-- postgres:` at the beginning of a line is for that engine only.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Its number, from 1 upwards.
    pub version: i64,
    /// Its name, for people.
    pub name: &'static str,
    /// Its text.
    pub sql: &'static str,
}

/// A migration as the database remembers it.
pub(crate) struct Applied {
    pub(crate) version: i64,
    pub(crate) name: String,
    pub(crate) checksum: String,
}

impl Migration {
    /// FNV-1a, 64 bits: it tells an accidental edit, it is no defence against a deliberate one.
    pub(crate) fn checksum(&self) -> String {
        let hash = self.sql.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        format!("{hash:016x}")
    }

    /// The text for SQLite. The lines of the other engine stay as the comments they are.
    pub(crate) fn for_sqlite(&self) -> String {
        let lines: Vec<&str> =
            self.sql.lines().map(|line| line.strip_prefix("-- sqlite:").unwrap_or(line)).collect();
        lines
            .join("\n")
            .replace("SMALLINT", "INTEGER")
            .replace("BIGINT", "INTEGER")
            .replace("BYTEA", "BLOB")
    }
}

/// What is still to be applied. What was applied must be the beginning of `known`, unchanged.
pub(crate) fn pending<'k>(known: &'k [Migration], applied: &[Applied]) -> Result<&'k [Migration]> {
    for (index, past) in applied.iter().enumerate() {
        let (version, name) = (past.version, past.name.clone());
        match known.get(index) {
            Some(migration) if migration.version == version => {
                if migration.name != name || migration.checksum() != past.checksum {
                    return Err(StoreError::MigrationChanged { version, name });
                }
            }
            _ => return Err(StoreError::MigrationUnknown { version, name }),
        }
    }
    Ok(known.get(applied.len()..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::Migration;

    #[test]
    fn one_text_serves_both_engines() {
        let migration = Migration {
            version: 1,
            name: "init",
            sql: "CREATE TABLE t (lane SMALLINT NOT NULL, id BIGINT NOT NULL, body BYTEA\n\
                  -- sqlite: ) STRICT, WITHOUT ROWID;\n\
                  -- postgres: );",
        };
        assert_eq!(
            migration.for_sqlite(),
            "CREATE TABLE t (lane INTEGER NOT NULL, id INTEGER NOT NULL, body BLOB\n \
             ) STRICT, WITHOUT ROWID;\n\
             -- postgres: );"
        );
    }

    #[test]
    fn the_checksum_is_fnv_1a() {
        // The published vector of FNV-1a 64 for "foobar".
        let migration = Migration { version: 1, name: "", sql: "foobar" };
        assert_eq!(migration.checksum(), "85944171f73967e8");
    }
}
