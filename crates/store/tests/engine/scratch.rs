//! A database file of a test's own, and the few statements most tests share.

use std::fs;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::task::{Context, Poll, Waker};

use dwar_store::{Options, Result, Store, StoreError, Tx, params};

/// A directory that is removed with the test.
pub(crate) struct Scratch {
    directory: PathBuf,
}

impl Scratch {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("dwar-store-{}-{count}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        fs::create_dir_all(&directory).unwrap();
        Self { directory }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.join("dwar.db")
    }

    /// The write-ahead log beside the database.
    pub(crate) fn log_path(&self) -> PathBuf {
        self.directory.join("dwar.db-wal")
    }

    /// Opens the database with no schema of its own.
    pub(crate) fn open(&self) -> Store {
        Store::open(&self.path(), &Options { migrations: &[], ..Options::default() }).unwrap()
    }

    /// The files as they are at this moment, as a database of its own.
    pub(crate) fn copy_as_it_is(&self) -> Scratch {
        let copy = Scratch::new();
        for (from, to) in [(self.path(), copy.path()), (self.log_path(), copy.log_path())] {
            fs::copy(from, to).unwrap();
        }
        copy
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.directory).unwrap();
    }
}

pub(crate) async fn create_item(store: &Store) {
    let create = |tx: &mut dyn Tx| {
        tx.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, body BLOB) STRICT", &[])
    };
    store.write(create).await.unwrap();
}

pub(crate) fn insert(tx: &mut dyn Tx, id: i64) -> Result<usize> {
    tx.execute("INSERT INTO item (id) VALUES ($1)", params![id])
}

pub(crate) fn ids(tx: &mut dyn Tx) -> Result<Vec<i64>> {
    tx.query_all("SELECT id FROM item ORDER BY id", &[], |row| row.int(0))
}

/// Polls once, as an executor would.
pub(crate) fn poll<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

pub(crate) type Write<T> = Pin<Box<dyn Future<Output = Result<T, StoreError>>>>;

/// A write that has been queued but not awaited.
pub(crate) fn queue<T: Send + 'static>(
    store: &Store,
    closure: impl FnOnce(&mut dyn Tx) -> Result<T> + Send + 'static,
) -> Write<T> {
    let store = store.clone();
    let mut write: Write<T> = Box::pin(async move { store.write(closure).await });
    assert!(poll(write.as_mut()).is_pending(), "the write was answered at once");
    write
}

/// Keeps the writer inside a transaction until the sender is dropped; what is queued meanwhile
/// belongs to the same group.
pub(crate) fn hold_writer(store: &Store) -> (Sender<()>, Write<()>) {
    let (entered, has_entered) = channel();
    let (release, released) = channel::<()>();
    let write = queue(store, move |_| {
        entered.send(()).unwrap();
        assert!(released.recv().is_err(), "the release is a dropped sender");
        Ok(())
    });
    has_entered.recv().unwrap();
    (release, write)
}
