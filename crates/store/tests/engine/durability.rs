//! An answered write is on the disk; a store that cannot write says so.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use dwar_store::{Options, Result, Store, StoreError, Tx, params};

use crate::scratch::{Scratch, create_item, ids, insert};

/// Tells the child of [`answered_writes_survive_a_kill`] which database to write.
const VICTIM_DATABASE: &str = "DWAR_STORE_VICTIM_DATABASE";

#[tokio::test]
async fn an_answered_write_is_in_the_files() {
    let scratch = Scratch::new();
    let store = scratch.open();
    create_item(&store).await;
    for id in 1..=20 {
        store.write(move |tx| insert(tx, id)).await.unwrap();
        let copy = scratch.copy_as_it_is();
        assert_eq!(copy.open().read(ids).await.unwrap(), (1..=id).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn the_writer_synchronises_every_commit() {
    let scratch = Scratch::new();
    let store = scratch.open();
    for (pragma, expected) in [
        ("PRAGMA synchronous", 2),
        ("PRAGMA foreign_keys", 1),
        ("PRAGMA trusted_schema", 0),
        ("PRAGMA wal_autocheckpoint", 0),
    ] {
        let read = move |tx: &mut dyn Tx| tx.query_one(pragma, &[], |row| row.int::<i64>(0));
        assert_eq!(store.write(read).await.unwrap(), expected, "{pragma}");
    }
}

#[tokio::test]
async fn closing_puts_the_log_back_into_the_database() {
    let scratch = Scratch::new();
    let store = scratch.open();
    create_item(&store).await;
    store.write(|tx| insert(tx, 1)).await.unwrap();
    drop(store);
    assert!(!scratch.log_path().exists(), "the last connection did not close the database");
    assert_eq!(scratch.open().read(ids).await.unwrap(), [1]);
}

#[tokio::test]
async fn answered_writes_survive_a_kill() {
    let scratch = Scratch::new();
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "durability::the_victim_of_the_kill"])
        .env(VICTIM_DATABASE, scratch.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(victim.stdout.take().unwrap()).lines();
    let mut answered = Vec::new();
    while answered.len() < 500 {
        let line = lines.next().expect("the victim ended by itself").unwrap();
        answered.extend(answered_id(&line));
    }
    victim.kill().unwrap();
    victim.wait().unwrap();
    answered.extend(lines.filter_map(|line| answered_id(&line.unwrap())));

    let store = scratch.open();
    let kept = store.read(ids).await.unwrap();
    for id in answered {
        assert!(kept.binary_search(&id).is_ok(), "{id} was answered and is gone");
        assert!(kept.binary_search(&-id).is_ok(), "{id} was kept by half");
    }
    assert_eq!(kept.iter().sum::<i64>(), 0, "a write was kept by half");
    let check = |tx: &mut dyn Tx| {
        tx.query_one("PRAGMA integrity_check", &[], |row| Ok(row.text(0)?.to_owned()))
    };
    assert_eq!(store.read(check).await.unwrap(), "ok");
}

/// The kill can cut the last line short: without its full stop it is no answer.
fn answered_id(line: &str) -> Option<i64> {
    line.strip_prefix("answered ")?.strip_suffix('.')?.parse().ok()
}

/// Writes pairs of items and says so, until it is killed.
#[tokio::test]
#[ignore = "run in a process of its own by answered_writes_survive_a_kill"]
async fn the_victim_of_the_kill() {
    let path = std::env::var(VICTIM_DATABASE).expect("started by answered_writes_survive_a_kill");
    let options = Options { migrations: &[], ..Options::default() };
    let store = Store::open(Path::new(&path), &options).unwrap();
    create_item(&store).await;
    let writers = (0..16).map(|first| {
        let store = store.clone();
        tokio::spawn(async move {
            for id in (1 + first..).step_by(16) {
                let write = move |tx: &mut dyn Tx| {
                    insert(tx, id)?;
                    insert(tx, -id)
                };
                store.write(write).await.unwrap();
                println!("answered {id}.");
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
}

#[tokio::test]
async fn a_full_disk_is_told_and_left_behind() {
    let scratch = Scratch::new();
    let store = scratch.open();
    create_item(&store).await;
    store.write(|tx| insert(tx, 1)).await.unwrap();
    store.write(|tx| limit_pages(tx, "PRAGMA max_page_count = 20")).await.unwrap();

    let too_much = |tx: &mut dyn Tx| {
        let body = vec![0; 200_000];
        tx.execute("INSERT INTO item (id, body) VALUES ($1, $2)", params![2, &body])
    };
    assert!(matches!(store.write(too_much).await, Err(StoreError::DiskFull)));
    assert!(!store.is_durable());

    // A small write still fits, and does not prove that the next one will.
    store.write(|tx| insert(tx, 3)).await.unwrap();
    assert!(!store.is_durable());

    store.write(|tx| limit_pages(tx, "PRAGMA max_page_count = 100000")).await.unwrap();
    store.write(too_much).await.unwrap();
    assert!(store.is_durable());
    assert_eq!(store.read(ids).await.unwrap(), [1, 2, 3]);
}

/// SQLite's own way to have a disk that is too small.
fn limit_pages(tx: &mut dyn Tx, pragma: &'static str) -> Result<()> {
    tx.query(pragma, &[], &mut |_| Ok(()))
}

#[tokio::test]
async fn one_process_serves_and_others_may_write() {
    let scratch = Scratch::new();
    let server = scratch.open();
    let command = scratch.open();
    let lock = server.lock_exclusive().unwrap();
    let Err(StoreError::Locked { holder, .. }) = command.lock_exclusive() else {
        panic!("two processes serve")
    };
    assert_eq!(holder, std::process::id().to_string());

    create_item(&command).await;
    server.write(|tx| insert(tx, 1)).await.unwrap();
    command.write(|tx| insert(tx, 2)).await.unwrap();
    assert_eq!(server.read(ids).await.unwrap(), [1, 2]);

    drop(lock);
    drop(command.lock_exclusive().unwrap());
}
