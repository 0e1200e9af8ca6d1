//! The ports of the demonstration: the ones of the last time if they are free, so that links and
//! open pages go on working; the usual ones at first; any others if those are taken.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

const FILE: &str = "addresses.json";

/// Where the parts listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Addresses {
    /// Gate, and whatever else the platform shows the world.
    pub(crate) gate: SocketAddr,
    /// Health and metrics.
    pub(crate) ops: SocketAddr,
    /// The shop.
    pub(crate) shop: SocketAddr,
    /// The sandbox.
    pub(crate) sandbox: SocketAddr,
}

impl Addresses {
    /// The ones of the last time, or the usual ones.
    pub(crate) fn wanted(folder: &Path) -> Self {
        let last = fs::read(folder.join(FILE)).ok();
        last.and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_else(|| {
            let usual = |port| SocketAddr::from(([127, 0, 0, 1], port));
            Self { gate: usual(8080), ops: usual(8081), shop: usual(8090), sandbox: usual(8095) }
        })
    }

    /// Remembers them for the next time.
    pub(crate) fn remember(&self, folder: &Path) -> anyhow::Result<()> {
        let path = folder.join(FILE);
        fs::write(&path, serde_json::to_vec(self)?)
            .with_context(|| format!("cannot write {}", path.display()))
    }
}

/// Opens a socket at this address, or where its port is taken, at any port of the same host.
pub(crate) fn open(wanted: SocketAddr) -> anyhow::Result<TcpListener> {
    let any = SocketAddr::new(wanted.ip(), 0);
    let opened = TcpListener::bind(wanted).or_else(|_taken| TcpListener::bind(any));
    opened.with_context(|| format!("cannot listen on {wanted}"))
}
