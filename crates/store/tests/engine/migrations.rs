//! A schema moves forward only, and never silently.

use dwar_store::{Migration, Options, Result, Store, StoreError, Tx};

use crate::scratch::Scratch;

const FIRST: Migration = Migration {
    version: 1,
    name: "first",
    sql: "CREATE TABLE t (lane SMALLINT NOT NULL, id BIGINT NOT NULL, body BYTEA,\n\
              PRIMARY KEY (lane, id)\n\
          -- postgres: );\n\
          -- sqlite: ) STRICT, WITHOUT ROWID;\n",
};
const SECOND: Migration =
    Migration { version: 2, name: "second", sql: "ALTER TABLE t ADD COLUMN note TEXT;" };
const EDITED: Migration =
    Migration { version: 2, name: "second", sql: "ALTER TABLE t ADD COLUMN remark TEXT;" };
const RENUMBERED: Migration =
    Migration { version: 3, name: "second", sql: "ALTER TABLE t ADD COLUMN note TEXT;" };
const BROKEN: Migration = Migration {
    version: 3,
    name: "broken",
    sql: "CREATE TABLE half (id BIGINT NOT NULL); CREATE TABEL other (id BIGINT);",
};

fn open(scratch: &Scratch, migrations: &'static [Migration]) -> Result<Store> {
    Store::open(&scratch.path(), &Options { migrations, ..Options::default() })
}

fn tables(tx: &mut dyn Tx) -> Result<Vec<String>> {
    tx.query_all("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name", &[], |row| {
        Ok(row.text(0)?.to_owned())
    })
}

#[tokio::test]
async fn migrations_are_applied_once_and_in_order() {
    let scratch = Scratch::new();
    drop(open(&scratch, &[FIRST]).unwrap());
    for _ in 0..2 {
        let store = open(&scratch, &[FIRST, SECOND]).unwrap();
        let insert = |tx: &mut dyn Tx| {
            tx.execute(
                "INSERT INTO t (lane, id, note) VALUES (1, 2, 'x') ON CONFLICT DO NOTHING",
                &[],
            )
        };
        store.write(insert).await.unwrap();
        assert_eq!(store.read(tables).await.unwrap(), ["migration", "t"]);
    }
}

#[test]
fn a_newer_schema_is_refused() {
    let scratch = Scratch::new();
    drop(open(&scratch, &[FIRST, SECOND]).unwrap());
    let unknown: [&'static [Migration]; 3] = [&[], &[FIRST], &[FIRST, RENUMBERED]];
    for known in unknown {
        assert!(matches!(open(&scratch, known), Err(StoreError::MigrationUnknown { .. })));
    }
}

#[test]
fn an_edited_migration_is_refused() {
    let scratch = Scratch::new();
    drop(open(&scratch, &[FIRST, SECOND]).unwrap());
    assert!(matches!(
        open(&scratch, &[FIRST, EDITED]),
        Err(StoreError::MigrationChanged { version: 2, .. })
    ));
    drop(open(&scratch, &[FIRST, SECOND]).unwrap());
}

#[tokio::test]
async fn a_broken_migration_leaves_the_schema_as_it_was() {
    let scratch = Scratch::new();
    drop(open(&scratch, &[FIRST]).unwrap());
    let broken = open(&scratch, &[FIRST, SECOND, BROKEN]);
    assert!(matches!(broken, Err(StoreError::Migrate { version: 3, .. })));
    let store = open(&scratch, &[FIRST]).unwrap();
    assert_eq!(store.read(tables).await.unwrap(), ["migration", "t"]);
}
