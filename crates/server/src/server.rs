//! The running platform: its faces on their addresses and the loop that starts its jobs, from the
//! database's lock to the drained stop.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use app::platform::Platform;
use app::ports::Clock;
use axum::Router;
use domain::time::Millis;
use store::{ServeLock, Store};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use web::gate::GateConfig;
use web::ops::Heartbeat;
use web::page::{BrokenAsset, PageConfig};
use web::provider::ProviderConfig;

use crate::clock::SystemClock;
use crate::config::{Config, Listen};
use crate::entropy::SystemEntropy;
use crate::stop::Stop;
use crate::test_clock::{self, TestClock};
use crate::{installation, listen, worker_loop};

/// Customers who watch their payment's progress live; the others' pages reload themselves.
const LIVE_MAX: usize = 4_096;

/// Open sockets by the address they were configured with; several faces may share one.
#[derive(Debug, Default)]
pub(crate) struct Sockets(BTreeMap<SocketAddr, TcpListener>);

impl Sockets {
    /// Opens the sockets of all faces.
    pub(crate) fn open(listen: &Listen) -> anyhow::Result<Self> {
        let mut sockets = BTreeMap::new();
        for address in [listen.gate, listen.page, listen.provider, listen.ops] {
            if let Entry::Vacant(place) = sockets.entry(address) {
                let socket = TcpListener::bind(address);
                place.insert(socket.with_context(|| format!("cannot listen on {address}"))?);
            }
        }
        Ok(Self(sockets))
    }

    /// Sockets that are open already, by the addresses they have.
    pub(crate) fn of(open: impl IntoIterator<Item = TcpListener>) -> io::Result<Self> {
        open.into_iter()
            .map(|socket| Ok((socket.local_addr()?, socket)))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Where the socket configured as `address` really is: another port where that is 0.
    pub(crate) fn address(&self, address: SocketAddr) -> SocketAddr {
        self.0.get(&address).and_then(|socket| socket.local_addr().ok()).unwrap_or(address)
    }
}

/// A platform that is ready to be run.
pub(crate) struct Server {
    platform: Platform,
    work: Arc<Notify>,
    heartbeat: Heartbeat,
    faces: Vec<(TcpListener, Router)>,
    _lock: ServeLock,
}

impl Server {
    /// Puts the platform over its database and its sockets. `lock` keeps others from serving the
    /// same database.
    pub(crate) async fn new(
        config: &Config,
        store: Store,
        lock: ServeLock,
        sockets: Sockets,
    ) -> anyhow::Result<Self> {
        let work = Arc::new(Notify::new());
        let own: Vec<SocketAddr> = sockets.0.keys().map(|it| sockets.address(*it)).collect();
        let test_clock = Arc::new(TestClock::of(&config.database.path)?);
        let clock = clock(config, &test_clock)?;
        let platform = installation::platform(config, store, clock, &own, &work).await?;
        let heartbeat = Heartbeat::new(platform.now());
        let mut routers = routers(config, &platform, &heartbeat)?;
        if config.test.clock {
            let face = test_clock::admin::router(platform.clone(), test_clock);
            serve_too(&mut routers, config.listen.ops, face);
        }
        let faces = sockets
            .0
            .into_iter()
            .map(|(address, socket)| (socket, routers.remove(&address).unwrap_or_default()))
            .collect();
        Ok(Self { platform, work, heartbeat, faces, _lock: lock })
    }

    /// The platform.
    pub(crate) const fn platform(&self) -> &Platform {
        &self.platform
    }

    /// Serves until `stop` is asked for and what is under way has ended, or until a part fails.
    pub(crate) async fn run(self, stop: &Stop) -> anyhow::Result<()> {
        let mut parts = JoinSet::new();
        for (socket, router) in self.faces {
            let bounds = listen::Bounds::default();
            parts.spawn(listen::serve(socket, router, bounds, stop.asked()));
        }
        let jobs = worker_loop::run(self.platform, self.work, self.heartbeat, stop.asked());
        parts.spawn(async move {
            jobs.await;
            Ok(())
        });
        let mut result = Ok(());
        while let Some(ended) = parts.join_next().await {
            let ended = ended.context("a part of the server panicked");
            if let Err(error) = ended.and_then(|ended| ended.context("cannot serve")) {
                stop.ask();
                result = Err(error);
            }
        }
        result
    }
}

/// The faces by the address they are configured to listen on.
fn routers(
    config: &Config,
    platform: &Platform,
    heartbeat: &Heartbeat,
) -> Result<BTreeMap<SocketAddr, Router>, BrokenAsset> {
    let shared = web::Shared::new(platform.clone());
    let gate =
        GateConfig { body_bytes_max: config.limits.body_bytes.get(), ..GateConfig::default() };
    let page = PageConfig {
        entropy: Arc::new(SystemEntropy),
        trusted_proxies: config.public.trusted_proxies.0.clone(),
        live_max: LIVE_MAX,
    };
    let listen = &config.listen;
    let faces = [
        (listen.gate, web::gate::router(&shared, gate)),
        (listen.page, web::page::router(&shared, page)?),
        (listen.provider, web::provider::router(&shared, ProviderConfig::default())),
        (listen.ops, web::ops::router(&shared, Some(heartbeat.clone()))),
    ];
    let mut routers: BTreeMap<SocketAddr, Router> = BTreeMap::new();
    for (address, face) in faces {
        serve_too(&mut routers, address, face);
    }
    Ok(routers)
}

fn serve_too(routers: &mut BTreeMap<SocketAddr, Router>, address: SocketAddr, face: Router) {
    let router = routers.remove(&address).unwrap_or_default();
    routers.insert(address, router.merge(face));
}

/// The time of day, unless the test mode is on. A database whose clock was moved knows of things
/// that have not happened yet, so nobody else may serve it.
fn clock(config: &Config, test_clock: &Arc<TestClock>) -> anyhow::Result<Arc<dyn Clock>> {
    if config.test.clock {
        let clock: Arc<TestClock> = Arc::clone(test_clock);
        return Ok(clock);
    }
    if test_clock.ahead() != Millis(0) {
        bail!(
            "the clock of this database was moved ({}): it can only be served in test mode, with \
             DWAR_TEST__CLOCK=true",
            test_clock.file().display()
        );
    }
    Ok(Arc::new(SystemClock))
}
