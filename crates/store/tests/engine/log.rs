//! The write-ahead log stays bounded under constant writes, and shrinks after a slow reader.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;

use dwar_store::{Options, Store, Tx, params};

use crate::scratch::{Scratch, create_item, ids};

const LIMIT: u64 = 1024 * 1024;

fn log_bytes(scratch: &Scratch) -> u64 {
    std::fs::metadata(scratch.log_path()).unwrap().len()
}

/// Writes of 8 KiB in groups of about 64; returns the largest size of the log that was seen.
async fn write_megabytes(store: &Store, scratch: &Scratch, megabytes: usize) -> u64 {
    let mut largest = 0;
    for _ in 0..megabytes * 2 {
        let writes: Vec<_> = (0..64)
            .map(|_| {
                let store = store.clone();
                let write = |tx: &mut dyn Tx| {
                    let body = vec![7; 8 * 1024];
                    tx.execute("INSERT INTO item (body) VALUES ($1)", params![&body])
                };
                tokio::spawn(async move { store.write(write).await })
            })
            .collect();
        for write in writes {
            write.await.unwrap().unwrap();
        }
        largest = largest.max(log_bytes(scratch));
    }
    largest
}

#[tokio::test]
async fn the_log_stays_bounded_while_readers_come_and_go() {
    let scratch = Scratch::new();
    let options = Options { wal_limit_bytes: LIMIT, migrations: &[], ..Options::default() };
    let store = Store::open(&scratch.path(), &options).unwrap();
    create_item(&store).await;

    let done = Arc::new(AtomicBool::new(false));
    let reader = tokio::spawn({
        let (store, done) = (store.clone(), Arc::clone(&done));
        async move {
            let mut reads = 0;
            while !done.load(Ordering::Relaxed) {
                let count = |tx: &mut dyn Tx| {
                    tx.query_one("SELECT count(*) FROM item", &[], |row| row.int::<i64>(0))
                };
                store.read(count).await.unwrap();
                reads += 1;
            }
            reads
        }
    });
    let largest = write_megabytes(&store, &scratch, 16).await;
    done.store(true, Ordering::Relaxed);
    assert!(reader.await.unwrap() > 0);
    // Of the 16 MiB written; how often a reader is in the way depends on the machine.
    assert!(largest < 8 * LIMIT, "the log grew to {largest} bytes");
    assert!(store.stats().wal_bytes < 8 * LIMIT);
}

#[tokio::test]
async fn the_log_shrinks_after_a_slow_reader() {
    let scratch = Scratch::new();
    let options = Options { wal_limit_bytes: LIMIT, migrations: &[], ..Options::default() };
    let store = Store::open(&scratch.path(), &options).unwrap();
    create_item(&store).await;

    let (entered, has_entered) = channel();
    let (release, released) = channel::<()>();
    let slow = tokio::spawn({
        let store = store.clone();
        async move {
            let read = move |tx: &mut dyn Tx| {
                let before = ids(tx)?;
                entered.send(()).unwrap();
                assert!(released.recv().is_err(), "the release is a dropped sender");
                let after = ids(tx)?;
                assert_eq!(before, after, "a read sees one moment");
                Ok::<_, dwar_store::StoreError>(())
            };
            store.read(read).await
        }
    });
    tokio::task::yield_now().await;
    has_entered.recv().unwrap();
    let largest = write_megabytes(&store, &scratch, 4).await;
    assert!(largest > 3 * LIMIT, "the reader did not hold the log up, so this test shows nothing");

    drop(release);
    slow.await.unwrap().unwrap();
    write_megabytes(&store, &scratch, 4).await;
    let left = log_bytes(&scratch);
    assert!(left < 3 * LIMIT, "the log still has {left} bytes");
}
