//! The connections to one kind of peer: opens new ones by the rules, keeps idle ones for the next
//! request to the same server.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use app::ports::HttpError;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;
use url::Host;

use super::address::{Origin, Rules};
use super::connection::Connection;
use super::resolver::Resolver;

/// Shorter than the five seconds after which the most impatient common servers (Apache, Node.js)
/// close: a request must not cross with their closing, for then nobody knows whether it arrived.
const IDLE_MAX: Duration = Duration::from_secs(4);
/// Idle connections to all servers together.
const IDLE_COUNT_MAX: usize = 1024;
/// Addresses of one name that are tried.
const ADDRESSES_MAX: usize = 4;

/// Connections, and how to open more.
pub(super) struct Pool {
    pub(super) rules: Rules,
    tls: TlsConnector,
    resolver: Resolver,
    idle: Mutex<Idle>,
}

struct Idle {
    by_origin: HashMap<Origin, Vec<Kept>>,
    count: usize,
    swept: Instant,
}

struct Kept {
    connection: Connection,
    since: Instant,
}

impl Kept {
    fn is_usable(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) < IDLE_MAX && !self.connection.is_closed()
    }
}

impl Pool {
    pub(super) fn new(rules: Rules, tls: TlsConnector) -> Self {
        let idle = Idle { by_origin: HashMap::new(), count: 0, swept: Instant::now() };
        Self { rules, tls, resolver: Resolver::new(), idle: Mutex::new(idle) }
    }

    /// An idle connection to `origin`: the one used last, so that what is too many grows old.
    pub(super) fn take(&self, origin: &Origin) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        loop {
            let kept = idle.by_origin.get_mut(origin)?.pop()?;
            idle.count = idle.count.saturating_sub(1);
            if kept.is_usable(now) {
                return Some(kept.connection);
            }
        }
    }

    /// Keeps a connection whose last answer was read to its end.
    pub(super) fn keep(&self, origin: Origin, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if now.saturating_duration_since(idle.swept) > IDLE_MAX {
            idle.sweep(now);
        }
        if idle.count < IDLE_COUNT_MAX {
            idle.count = idle.count.saturating_add(1);
            idle.by_origin.entry(origin).or_default().push(Kept { connection, since: now });
        }
    }

    /// Opens a connection, TLS included.
    pub(super) async fn connect(
        &self,
        origin: &Origin,
        connected_by: Instant,
    ) -> Result<Connection, HttpError> {
        let opening = async {
            let tcp = self.dial(origin, connected_by).await?;
            let tls = origin.https.then_some((&self.tls, &origin.host));
            Connection::open(tcp, tls).await
        };
        timeout_at(connected_by, opening)
            .await
            .map_err(|_elapsed| HttpError::NotSent("no connection in time".to_owned()))?
    }

    /// Connects to the first of the allowed addresses that answers. Whether there was none, or
    /// none that is allowed, or none that answered, only the log tells: a merchant must not learn
    /// from us what exists in the operator's network.
    async fn dial(&self, origin: &Origin, connected_by: Instant) -> Result<TcpStream, HttpError> {
        let addresses = self.addresses(origin).await;
        let tries = u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
        let patience = connected_by.saturating_duration_since(Instant::now()) / tries;
        for address in addresses {
            match timeout(patience, TcpStream::connect(address)).await {
                Ok(Ok(tcp)) if tcp.set_nodelay(true).is_ok() => return Ok(tcp),
                Ok(Ok(_broken)) => {}
                Ok(Err(error)) => tracing::debug!(%address, %error, "could not connect"),
                Err(_elapsed) => tracing::debug!(%address, "could not connect in time"),
            }
        }
        Err(HttpError::NotSent("the server cannot be reached".to_owned()))
    }

    async fn addresses(&self, origin: &Origin) -> Vec<SocketAddr> {
        let found: Vec<IpAddr> = match &origin.host {
            Host::Ipv4(address) => vec![IpAddr::V4(*address)],
            Host::Ipv6(address) => vec![IpAddr::V6(*address)],
            Host::Domain(name) => match self.resolver.lookup(name).await {
                Ok(addresses) => addresses.to_vec(),
                Err(error) => {
                    tracing::debug!(name, %error, "could not resolve");
                    Vec::new()
                }
            },
        };
        found
            .into_iter()
            .map(|ip| SocketAddr::new(ip, origin.port))
            .filter(|address| {
                let allowed = self.rules.may_reach(*address);
                if !allowed {
                    tracing::warn!(%address, "a merchant's callback address is not public");
                }
                allowed
            })
            .take(ADDRESSES_MAX)
            .collect()
    }
}

impl Idle {
    /// Closes what has been idle too long and forgets servers without connections.
    fn sweep(&mut self, now: Instant) {
        self.by_origin.retain(|_origin, connections| {
            connections.retain(|kept| kept.is_usable(now));
            !connections.is_empty()
        });
        self.count = self.by_origin.values().map(Vec::len).sum();
        self.swept = now;
    }
}
