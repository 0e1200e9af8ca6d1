//! `dwar demo`: a whole world on one machine. The platform with a project, a shop that uses it and
//! a Paytm to pay at; what happens in it is kept in a folder.

mod paytm;
pub(super) mod ports;
mod report;

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::{fs, io};

use ::paytm::account::Mode;
use anyhow::{Context as _, bail};
use app::platform::Platform;
use app::project::{PaytmSettings, Project, Settings};
use app::verbs::NewProject;
use clap::Args;
use store::{ServeLock, Store};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use self::paytm::Sandbox;
use self::ports::Addresses;
use self::report::Ready;
use super::Answer;
use super::serve::Logging;
use crate::cli::{Shared, flag};
use crate::config::{Config, Flag, Loaded};
use crate::installation::{self, Missing};
use crate::server::{Server, Sockets};
use crate::stop::Stop;
use crate::{output, telemetry};

const DATABASE: &str = "dwar.db";
const SANDBOX_DATABASE: &str = "paytm.db";

/// The options in force, so that other commands work as the demonstration does.
pub(super) const OPTIONS: &str = "dwar.toml";

/// The number of the project.
const PROJECT: i64 = 200;

/// Try everything on this machine: the platform, a shop that uses it, and a Paytm to pay at.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dwar demo
  dwar demo --fresh
  dwar trigger low-balance --config dwar-demo/dwar.toml      in another terminal
  dwar payment why ORDER --config dwar-demo/dwar.toml

Time can be moved: dwar clock advance 15m --config dwar-demo/dwar.toml
Data is kept in the folder, so that the next start goes on where this one ended. No real money is
moved and nothing is sent to other machines. Ctrl-C ends it.")]
pub(crate) struct Demo {
    /// The folder to keep everything in.
    #[arg(long, value_name = "DIR", default_value = "dwar-demo")]
    data: PathBuf,
    /// Forget what happened before.
    #[arg(long)]
    fresh: bool,
    #[command(flatten)]
    logging: Logging,
}

impl Demo {
    /// Runs the demonstration until the stop.
    pub(crate) async fn run(self, shared: &Shared) -> anyhow::Result<Answer> {
        let folder = &self.data;
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let wanted = Addresses::wanted(folder);
        let gate = ports::open(wanted.gate)?;
        let ops = ports::open(wanted.ops)?;
        let counter = ports::open(wanted.shop)?;

        let options = self.options(&gate, &ops)?;
        let file = folder.join(OPTIONS);
        fs::write(&file, options.print())
            .with_context(|| format!("cannot write {}", file.display()))?;
        let config = options.config;
        telemetry::init(&config.log)?;
        let stop = Stop::on_signals()?;
        let (store, lock) = self.open_store(&config)?;

        let public_url = config.public.url.as_str();
        let notification_url = format!("{public_url}{}", web::provider::NOTIFICATION_PATH);
        let sandbox = Sandbox::start(wanted.sandbox, folder, &notification_url).await?;
        let addresses = Addresses {
            gate: gate.local_addr()?,
            ops: ops.local_addr()?,
            shop: counter.local_addr()?,
            sandbox: sandbox.address,
        };
        addresses.remember(folder)?;

        let server = Server::new(&config, store, lock, Sockets::of([gate, ops])?).await?;
        let project = project(server.platform(), &addresses).await?;
        let ready = Ready::new(&addresses, &project, folder);
        let world = World { server, sandbox, counter, shop: shop_config(&project, &addresses) };
        let announce = async {
            for address in [addresses.shop, addresses.gate, addresses.ops, addresses.sandbox] {
                answers(address).await.with_context(|| format!("{address} does not answer"))?;
            }
            Ok(output::print(&ready, shared.format())?)
        };
        world.run(&stop, announce).await?;
        Ok(Answer::Yes)
    }

    /// The defaults, changed for one machine. Variables of the environment count as ever.
    fn options(&self, gate: &TcpListener, ops: &TcpListener) -> anyhow::Result<Loaded> {
        let (gate, ops) = (gate.local_addr()?, ops.local_addr()?);
        let set = |section, key, value: String| flag("demo", (section, key), Some(value));
        let all_faces = ["gate", "data_api", "page", "provider", "dashboard"];
        let faces = all_faces.map(|face| set("listen", face, gate.to_string()));
        let flags: [Option<Flag>; 7] = [
            set("listen", "ops", ops.to_string()),
            set("public", "url", url(gate)),
            set("database", "path", self.data.join(DATABASE).display().to_string()),
            // Shop and sandbox are on this machine.
            set("egress", "allow_private", true.to_string()),
            set("egress", "allow_http", true.to_string()),
            set("test", "clock", true.to_string()),
            self.logging.flag(Some("warn")),
        ];
        let flags = faces.into_iter().chain(flags).flatten();
        Ok(Loaded::read(None, std::env::vars_os(), flags)?)
    }

    fn open_store(&self, config: &Config) -> anyhow::Result<(Store, ServeLock)> {
        let store = installation::open_store(config, Missing::Create)?;
        let lock = installation::lock(&store)?;
        if !self.fresh {
            return Ok((store, lock));
        }
        drop(store);
        forget(&self.data)?;
        Ok((installation::open_store(config, Missing::Create)?, lock))
    }
}

/// Deletes the databases of a demonstration and their keys, and nothing else that may be in its
/// folder.
fn forget(folder: &Path) -> anyhow::Result<()> {
    for database in [DATABASE, SANDBOX_DATABASE] {
        for ending in ["", "-wal", "-shm", ".key", ".clock"] {
            let file = folder.join(format!("{database}{ending}"));
            if file.exists() {
                fs::remove_file(&file)
                    .with_context(|| format!("cannot delete {}", file.display()))?;
            }
        }
    }
    Ok(())
}

/// All parts, ready to run.
struct World {
    server: Server,
    sandbox: Sandbox,
    counter: TcpListener,
    shop: shop::Config,
}

impl World {
    /// Runs all parts, and `announce` beside them. When a part ends or the announcement fails, all
    /// end; the sandbox last, so that calls to it end.
    async fn run(
        self,
        stop: &Stop,
        announce: impl Future<Output = anyhow::Result<()>>,
    ) -> anyhow::Result<()> {
        let Self { server, mut sandbox, counter, shop } = self;
        let mut parts = JoinSet::new();
        let until = stop.clone();
        parts.spawn(async move { server.run(&until).await });
        parts.spawn(shop::serve(counter, shop, stop.asked()));
        let mut announce = pin!(announce);
        let (mut announced, mut can_pay) = (false, true);
        let mut result = Ok(());
        while !parts.is_empty() {
            let ended = tokio::select! {
                answered = &mut announce, if !announced => {
                    announced = true;
                    if answered.is_ok() {
                        continue;
                    }
                    answered
                }
                Some(ended) = parts.join_next() => ended.context("a part panicked").flatten(),
                ended = sandbox.ended(), if can_pay => {
                    can_pay = false;
                    ended.and_then(|status| bail!("the sandbox ended by itself: {status}"))
                }
            };
            stop.ask();
            result = result.and(ended);
        }
        sandbox.stop().await?;
        result
    }
}

/// Waits until whoever listens there answers a request, whatever the answer is.
async fn answers(address: SocketAddr) -> io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n").await?;
    stream.read_u8().await.map(drop)
}

/// The project, made if it is missing, with today's addresses.
async fn project(platform: &Platform, addresses: &Addresses) -> anyhow::Result<Project> {
    let settings = settings(addresses);
    let known = platform.projects_list().await?.into_iter().find(|it| it.id.0 == PROJECT);
    let Some(mut project) = known else {
        let new = NewProject {
            id: Some(PROJECT),
            name: shop::NAME.to_owned(),
            secret: None,
            paytm_key: paytm::MERCHANT_KEY.to_owned(),
            settings,
        };
        return Ok(platform.create_project(new).await?);
    };
    // What was changed by hand stays; only addresses follow the ports.
    project.settings.callback_url = settings.callback_url;
    project.settings.frame_ancestors = settings.frame_ancestors;
    project.settings.paytm.base_url = settings.paytm.base_url;
    platform.save_project(&project).await?;
    Ok(project)
}

fn settings(addresses: &Addresses) -> Settings {
    let account = PaytmSettings {
        mid: paytm::MID.to_owned(),
        base_url: url(addresses.sandbox),
        website: "WEBSTAGING".to_owned(),
        modes: [Mode::wallet(), Mode::upi()].map(|mode| mode.to_string()).to_vec(),
    };
    Settings {
        callback_url: Some(format!("{}/callback", url(addresses.shop))),
        test_mode: true,
        frame_ancestors: vec![url(addresses.shop)],
        ..Settings::new(account)
    }
}

fn shop_config(project: &Project, addresses: &Addresses) -> shop::Config {
    shop::Config {
        name: project.name.clone(),
        public_url: url(addresses.shop),
        project_id: project.id.0,
        secret: project.signing_secret().to_owned(),
        gate_url: url(addresses.gate),
        page_url: Some(url(addresses.gate)),
    }
}

fn url(address: SocketAddr) -> String {
    format!("http://{address}")
}
