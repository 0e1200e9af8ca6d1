//! `dwar serve`: the platform, until it is asked to stop.

use std::fmt;
use std::net::SocketAddr;

use clap::Args;
use serde::Serialize;

use super::Answer;
use crate::cli::{Shared, flag};
use crate::config::Flag;
use crate::installation::{self, Missing};
use crate::server::{Server, Sockets};
use crate::stop::Stop;
use crate::{output, telemetry};

/// Serve: take merchants' requests, call Paytm, deliver callbacks.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dwar serve
  dwar serve --config /etc/dwar.toml
  DWAR_LOG__FORMAT=json dwar serve --database /var/lib/dwar/dwar.db \\
      --public-url https://pay.example

SIGTERM and Ctrl-C end it after what is under way has ended. A database that is missing is made.
One process at a time serves a database; the other commands work beside it.")]
pub(crate) struct Serve {
    /// Listen here with every face but the operators' [default: 127.0.0.1:8080].
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Answer operators' machines here: health, metrics [default: 127.0.0.1:8081].
    #[arg(long, value_name = "ADDRESS")]
    ops: Option<SocketAddr>,
    /// How customers' browsers and Paytm reach this server [default: port 8080 here].
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    #[command(flatten)]
    logging: Logging,
}

/// What is logged.
#[derive(Debug, Default, Args)]
pub(crate) struct Logging {
    /// error, warn, info, debug or trace; also by module, as in `info,dwar_store=debug`.
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<String>,
}

impl Logging {
    /// As a flag of the configuration.
    pub(crate) fn flag(&self, otherwise: Option<&str>) -> Option<Flag> {
        flag("--log-level", ("log", "level"), self.log_level.as_deref().or(otherwise))
    }
}

#[derive(Debug, Serialize)]
struct Ready {
    gate: String,
    payment_page: String,
    provider: String,
    ops: String,
    public_url: String,
    database: String,
    projects: usize,
}

impl Serve {
    /// Serves until the stop.
    pub(crate) async fn run(self, shared: &Shared) -> anyhow::Result<Answer> {
        let config = shared.load(self.flags())?.config;
        telemetry::init(&config.log)?;
        let stop = Stop::on_signals()?;
        let store = installation::open_store(&config, Missing::Create)?;
        let lock = installation::lock(&store)?;
        let sockets = Sockets::open(&config.listen)?;
        let url = |address| format!("http://{}", sockets.address(address));
        let listen = &config.listen;
        let [gate, payment_page, provider, ops] =
            [listen.gate, listen.page, listen.provider, listen.ops].map(url);
        let server = Server::new(&config, store, lock, sockets).await?;
        let ready = Ready {
            gate,
            payment_page,
            provider,
            ops,
            public_url: config.public.url.as_str().to_owned(),
            database: config.database.path.display().to_string(),
            projects: server.platform().projects_list().await?.len(),
        };
        output::print(&ready, shared.format())?;
        server.run(&stop).await?;
        Ok(Answer::Yes)
    }

    fn flags(&self) -> Vec<Flag> {
        let all_faces = ["gate", "data_api", "page", "provider", "dashboard"];
        let faces = all_faces.map(|face| flag("--listen", ("listen", face), self.listen));
        let others = [
            flag("--ops", ("listen", "ops"), self.ops),
            flag("--public-url", ("public", "url"), self.public_url.as_ref()),
            self.logging.flag(None),
        ];
        faces.into_iter().chain(others).flatten().collect()
    }
}

impl fmt::Display for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { gate, ops, public_url, database, .. } = self;
        write!(
            f,
            "Dwar is ready: Gate {gate}, customers and Paytm come to {public_url}, health and \
             metrics {ops}, database {database}"
        )?;
        if self.projects == 0 {
            write!(f, "\nThere is no project yet; make one: dwar project create --help")?;
        }
        Ok(())
    }
}
