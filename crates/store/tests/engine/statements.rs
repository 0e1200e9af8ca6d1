//! Parameters go in and rows come out as they are, or not at all.

use dwar_store::{Result, Store, StoreError, Tx, Value, params};

use crate::scratch::{Scratch, create_item, ids, insert};

/// Runs a closure in a transaction of a small table `t (a INTEGER, b TEXT, c BLOB)`.
async fn with_table<T: Send + 'static>(
    closure: impl FnOnce(&mut dyn Tx) -> Result<T> + Send + 'static,
) -> Result<T> {
    let store = Store::inline().unwrap();
    store
        .write(|tx| {
            tx.execute("CREATE TABLE t (a INTEGER, b TEXT, c BLOB) STRICT", &[])?;
            closure(tx)
        })
        .await
}

#[tokio::test]
async fn values_come_back_as_they_went() {
    with_table(|tx| {
        let insert = "INSERT INTO t (a, b, c) VALUES ($1, $2, $3)";
        let bytes = [0_u8, 255];
        tx.execute(insert, params![i64::MIN, "द्वार\0\"", bytes.as_slice()])?;
        tx.execute(insert, params![None::<i64>, None::<&str>, Value::Null])?;
        let rows = tx.query_all("SELECT a, b, c FROM t ORDER BY a", &[], |row| {
            Ok((
                row.opt_int::<i64>(0)?,
                row.opt_text(1)?.map(str::to_owned),
                row.opt_blob(2)?.map(<[u8]>::to_vec),
            ))
        })?;
        let expected = (Some(i64::MIN), Some("द्वार\0\"".to_owned()), Some(bytes.to_vec()));
        assert_eq!(rows, [(None, None, None), expected]);
        Ok(())
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_row_that_makes_no_sense_names_its_column() {
    type Read = fn(&dyn dwar_store::Row) -> Result<()>;
    let cases: [(Read, &str); 8] = [
        (|row| row.int::<i64>(1).map(drop), "column b: expected an integer, found text"),
        (|row| row.int::<u8>(0).map(drop), "column a: integer out of range"),
        (|row| row.text(0).map(drop), "column a: expected text, found an integer"),
        (|row| row.text(2).map(drop), "column c: expected text, found NULL"),
        (|row| row.blob(1).map(drop), "column b: expected bytes, found text"),
        (|row| row.parse::<u8>(1).map(drop), "column b: invalid digit found in string"),
        (|row| row.opt_parse::<u8>(2).map(drop), "no error"),
        (|row| row.value(3).map(drop), "column d: found a float"),
    ];
    for (read, expected) in cases {
        let error = with_table(move |tx| {
            tx.execute("INSERT INTO t (a, b) VALUES (1000, 'x')", &[])?;
            tx.query_one("SELECT a, b, c, 0.5 AS d FROM t", &[], read)
        })
        .await
        .map_or_else(|error| error.to_string(), |()| "no error".to_owned());
        let message = error.strip_suffix(", in a row of: SELECT a, b, c, 0.5 AS d FROM t");
        assert_eq!(message.unwrap_or(&error), expected);
    }
}

#[tokio::test]
async fn parameters_must_fit_their_statement() {
    let cases: [(&'static str, &'static [Value<'static>]); 4] = [
        ("SELECT $1", &[]),
        ("SELECT $1", &[Value::Int(1), Value::Int(2)]),
        ("SELECT $2, $1", &[Value::Int(1), Value::Int(2)]),
        ("SELECT ?", &[Value::Int(1)]),
    ];
    for (sql, params) in cases {
        let result = with_table(move |tx| tx.query(sql, params, &mut |_| Ok(()))).await;
        assert!(matches!(result, Err(StoreError::Parameters { .. })), "{sql}: {result:?}");
    }
    let again = with_table(|tx| {
        tx.query_one("SELECT $1 + $2 + $1", params![1, 2], |row| row.int::<i64>(0))
    });
    assert_eq!(again.await.unwrap(), 4);
}

#[tokio::test]
async fn a_query_tells_when_there_are_other_rows_than_meant() {
    for (sql, is_one, is_opt) in [
        ("SELECT 1 WHERE 1 = 0", false, true),
        ("SELECT 1", true, true),
        ("SELECT 1 UNION SELECT 2", false, false),
    ] {
        let one = with_table(move |tx| tx.query_one(sql, &[], |row| row.int::<i64>(0))).await;
        let opt = with_table(move |tx| tx.query_opt(sql, &[], |row| row.int::<i64>(0))).await;
        assert_eq!((one.is_ok(), opt.is_ok()), (is_one, is_opt), "{sql}: {one:?} {opt:?}");
    }
}

#[tokio::test]
async fn a_read_cannot_write() {
    let scratch = Scratch::new();
    for store in [scratch.open(), Store::inline().unwrap()] {
        create_item(&store).await;
        let result = store.read(|tx| insert(tx, 1)).await;
        assert!(matches!(result, Err(StoreError::Execute { .. })), "{result:?}");
        store.write(|tx| insert(tx, 2)).await.unwrap();
        assert_eq!(store.read(ids).await.unwrap(), [2]);
    }
}
