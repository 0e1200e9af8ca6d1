//! Names to addresses, by the system's resolver, remembered for a short while.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::lookup_host;
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// Long enough to spare the resolver, short enough to follow a server that moves.
const REMEMBERED: Duration = Duration::from_secs(30);
/// Names remembered at most; past it all are forgotten, which costs one look-up each.
const NAMES_MAX: usize = 10_000;
/// Look-ups at a time. Each one occupies a thread until the system's resolver gives up.
const LOOKUPS_MAX: usize = 64;

/// Finds and remembers addresses.
pub(super) struct Resolver {
    known: Mutex<HashMap<String, Known>>,
    lookups: Arc<Semaphore>,
}

#[derive(Clone)]
struct Known {
    addresses: Arc<[IpAddr]>,
    until: Instant,
}

impl Resolver {
    pub(super) fn new() -> Self {
        Self { known: Mutex::new(HashMap::new()), lookups: Arc::new(Semaphore::new(LOOKUPS_MAX)) }
    }

    /// The addresses of `name`, in the order the system prefers them; none if there is no such
    /// name.
    pub(super) async fn lookup(&self, name: &str) -> io::Result<Arc<[IpAddr]>> {
        if let Some(addresses) = self.remembered(name) {
            return Ok(addresses);
        }
        let permit = Arc::clone(&self.lookups).acquire_owned().await.map_err(io::Error::other)?;
        let asked = name.to_owned();
        // A task of its own, for the thread is busy, and counts, even when the caller gives up.
        let lookup = tokio::spawn(async move {
            let found = lookup_host((asked, 0)).await;
            drop(permit);
            found.map(|addresses| addresses.map(|address| address.ip()).collect())
        });
        let addresses: Arc<[IpAddr]> = lookup.await.map_err(io::Error::other)??;
        self.remember(name, Arc::clone(&addresses));
        Ok(addresses)
    }

    fn remembered(&self, name: &str) -> Option<Arc<[IpAddr]>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = known.get(name).filter(|entry| entry.until > Instant::now())?;
        Some(Arc::clone(&entry.addresses))
    }

    fn remember(&self, name: &str, addresses: Arc<[IpAddr]>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= NAMES_MAX {
            known.clear();
        }
        known.insert(name.to_owned(), Known { addresses, until: Instant::now() + REMEMBERED });
    }
}
