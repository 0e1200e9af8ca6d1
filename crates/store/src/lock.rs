//! The lock that lets one process at a time serve a database. Short commands of other processes
//! do not take it: SQLite's own locking is enough for them.

use std::fs::{File, TryLockError};
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

use crate::error::{Result, StoreError};

/// Held by the process that serves a database, until it is dropped or the process ends.
#[derive(Debug)]
#[must_use = "the lock is given back when it is dropped"]
pub struct ServeLock {
    _file: Option<File>,
}

impl ServeLock {
    /// Locks `path`, a file beside the database that holds nothing but the holder's process id.
    pub(crate) fn acquire(path: &Path) -> Result<Self> {
        let failed = |error| StoreError::Lock { path: path.to_owned(), source: Arc::new(error) };
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                file.read_to_string(&mut holder).map_err(failed)?;
                return Err(StoreError::Locked { path: path.to_owned(), holder });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        file.set_len(0).map_err(failed)?;
        write!(file, "{}", std::process::id()).map_err(failed)?;
        Ok(Self { _file: Some(file) })
    }

    /// The lock of a database that no other process can see.
    pub(crate) fn of_memory() -> Self {
        Self { _file: None }
    }
}
