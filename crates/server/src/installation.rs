//! One installation of the platform: its database, its master key and the platform over them, as
//! the server and every command that looks into the database open it.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use app::platform::{Parts, Platform};
use app::ports::Clock;
use app::project::new_secret;
use app::scheduler::Places;
use app::secrets::{MASTER_KEY_BYTES, Vault};
use domain::id::ProjectId;
use store::{Options, ServeLock, Store, projects};
use tokio::sync::Notify;

use crate::config::Config;
use crate::entropy::SystemEntropy;
use crate::http_client::HttpClient;
use crate::test_clock::TestClock;

/// Whether a database that is not there is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    /// It is made, with its master key.
    Create,
    /// It is an error.
    Refuse,
}

/// Opens the database.
pub(crate) fn open_store(config: &Config, missing: Missing) -> anyhow::Result<Store> {
    let path = &config.database.path;
    if missing == Missing::Refuse && !path.exists() {
        bail!(
            "there is no database {}; name another one with --database, or begin one with \
             `dwar project create`",
            path.display()
        );
    }
    // It names customers: nobody else on the machine has to read it. SQLite gives the files beside
    // it the same mode.
    let made = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
    made.with_context(|| format!("cannot open the database {}", path.display()))?;
    Ok(Store::open(path, &Options::default())?)
}

/// Takes the lock of the one process that serves the database.
pub(crate) fn lock(store: &Store) -> anyhow::Result<ServeLock> {
    store.lock_exclusive().context("this database is being served already")
}

/// Opens the platform for one command. Nothing runs in it: jobs that a command plans are found by
/// the server, which looks every second.
pub(crate) async fn open(config: &Config, missing: Missing) -> anyhow::Result<Platform> {
    let store = open_store(config, missing)?;
    let work = Arc::new(Notify::new());
    let clock = Arc::new(TestClock::of(&config.database.path)?);
    platform(config, store, clock, &[], &work).await
}

/// Puts the platform together. `own` are the addresses this process listens on, `work` is told
/// whenever there may be something to do.
pub(crate) async fn platform(
    config: &Config,
    store: Store,
    clock: Arc<dyn Clock>,
    own: &[SocketAddr],
    work: &Arc<Notify>,
) -> anyhow::Result<Platform> {
    let vault = Vault::new(&master_key(config, &store).await?)?;
    let parts = Parts {
        store,
        vault,
        clock,
        entropy: Arc::new(SystemEntropy),
        http: Arc::new(HttpClient::new(config.egress, own)),
        public_url: config.public.url.as_str().to_owned(),
        places: Places {
            provider: config.workers.provider_concurrency.get(),
            callbacks: config.workers.callback_concurrency.get(),
            ..Places::default()
        },
    };
    let work = Arc::clone(work);
    Ok(Platform::new(parts, Box::new(move || work.notify_one())))
}

/// The project that a command is about: the one named, or else the only one there is.
pub(crate) async fn project_id(
    platform: &Platform,
    named: Option<i64>,
) -> anyhow::Result<ProjectId> {
    if let Some(id) = named {
        return Ok(ProjectId(id));
    }
    let projects = platform.projects_list().await?;
    match projects.as_slice() {
        [only] => Ok(only.id),
        [] => bail!("there is no project yet; make one with `dwar project create`"),
        several => {
            let ids: Vec<String> = several.iter().map(|one| one.id.0.to_string()).collect();
            bail!("there are several projects ({}); choose one with --project", ids.join(", "))
        }
    }
}

/// The master key. A key file that is not there is made as long as there is nothing sealed yet.
async fn master_key(config: &Config, store: &Store) -> anyhow::Result<[u8; MASTER_KEY_BYTES]> {
    let (source, database) = (&config.master_key.from, &config.database.path);
    if let Some(file) = source.file(database).filter(|file| !file.exists()) {
        let sealed = store.read(|tx| projects::list(tx)).await?;
        if !sealed.is_empty() {
            bail!(
                "the master key {} is missing, and without it the secrets in the database can't \
                 be opened; put it back from its copy",
                file.display()
            );
        }
        create_key(&file).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(source.read(database)?)
}

/// Writes a new random key that only the owner of the process can read.
fn create_key(path: &Path) -> io::Result<()> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut file = match file {
        // Another command was quicker: its key is as good.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        file => file?,
    };
    writeln!(file, "{}", new_secret(&SystemEntropy))?;
    file.sync_all()
}
