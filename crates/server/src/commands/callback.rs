//! `dwar callback`: what merchants were told, telling them again, and endpoints that don't answer.

mod view;

use anyhow::bail;
use app::endpoints::endpoint_of;
use app::platform::Platform;
use app::verbs::{Replay as Which, Resent};
use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use domain::id::ProjectId;
use domain::time::Timestamp;
use store::callbacks::{CallbackState, Filter};

use self::view::{Endpoints as ShownEndpoints, List as Listed, Replayed, Resumed, Waits};
use super::when::When;
use super::{Answer, payment};
use crate::cli::Shared;
use crate::installation::{self, Missing};
use crate::output;
use crate::output::progress::Progress;

/// See what merchants were told, tell them again, and go on with endpoints that were cut off.
#[derive(Debug, Subcommand)]
pub(crate) enum Callback {
    List(List),
    Resend(Resend),
    Replay(Replay),
    Endpoints(Endpoints),
    Resume(Resume),
}

/// List callbacks, newest first.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dwar callback list
  dwar callback list --state expired --since 5d
  dwar callback list --project 200 --json

How each try went: dwar payment show PAYMENT")]
pub(crate) struct List {
    /// Of this project only.
    #[arg(long, value_name = "N")]
    project: Option<i64>,
    /// In this state only.
    #[arg(long, value_parser = states())]
    state: Option<String>,
    /// Made at or after this day or moment, or not longer ago than this: 2026-11-23, 2h.
    #[arg(long, value_name = "TIME")]
    since: Option<When>,
    /// How many at most.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(i64).range(1..=10_000))]
    limit: i64,
}

/// Send one callback again: the same bytes under the same id, on a schedule that begins anew.
///
/// A running server sends it within a second; one that is still being tried, within two minutes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dwar callback resend order-17            its newest callback
  dwar callback resend order-17 2          its second one; dwar payment show lists them")]
pub(crate) struct Resend {
    /// The merchant's id of the payment.
    payment: String,
    /// Its place among the payment's callbacks [default: the newest].
    seq: Option<i64>,
    /// The project's number [default: the only project].
    #[arg(long, value_name = "N")]
    project: Option<i64>,
}

/// Send everything again that was not acknowledged since a time.
///
/// Ids and bytes stay the same, so that a merchant who remembers ids takes nothing twice.
/// Redirects of sales that have ended are left out. An endpoint gets its backlog gently: one
/// callback at a time at first, more with every success.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dwar callback replay --since 2026-11-20
  dwar callback replay --since 6h --project 200
  dwar callback replay --since 1d --all    also what was acknowledged, after a loss of data")]
pub(crate) struct Replay {
    /// Made at or after this day or moment, or not longer ago than this: 2026-11-23, 2h.
    #[arg(long, value_name = "TIME")]
    since: When,
    /// Of this project only [default: all projects].
    #[arg(long, value_name = "N")]
    project: Option<i64>,
    /// Those that were acknowledged, too.
    #[arg(long)]
    all: bool,
}

/// List the endpoints that are cut off or paused, and why.
///
/// An endpoint (scheme, host and port) that keeps failing is cut off: one callback at a time probes
/// it. After five days it is paused: only its oldest callback is still tried, on its own schedule,
/// and all others are kept. Its first success ends both.
#[derive(Debug, Args)]
#[command(after_help = "Exit code 0 if there are none, 1 if there are some.")]
pub(crate) struct Endpoints {}

/// Go on with an endpoint that is cut off or paused, without waiting for the next probe.
#[derive(Debug, Args)]
#[command(after_help = "Example: dwar callback resume https://shop.example")]
pub(crate) struct Resume {
    /// Its scheme, host and port; a whole address is cut to that.
    url: String,
}

impl Callback {
    /// Carries out the command and prints what came of it.
    pub(crate) async fn run(self, shared: &Shared) -> anyhow::Result<Answer> {
        let platform = installation::open(&shared.config()?, Missing::Refuse).await?;
        let format = shared.format();
        match self {
            Self::List(list) => output::print(&list.run(&platform).await?, format)?,
            Self::Resend(resend) => output::print(&resend.run(&platform).await?, format)?,
            Self::Replay(replay) => output::print(&replay.run(&platform).await?, format)?,
            Self::Endpoints(Endpoints {}) => {
                let endpoints = platform.cut_off_endpoints().await?;
                output::print(&ShownEndpoints::of(&endpoints, platform.now()), format)?;
                return Ok(if endpoints.is_empty() { Answer::Yes } else { Answer::No });
            }
            Self::Resume(resume) => output::print(&resume.run(&platform).await?, format)?,
        }
        Ok(Answer::Yes)
    }
}

impl List {
    async fn run(self, platform: &Platform) -> anyhow::Result<Listed> {
        let filter = Filter {
            project: self.project.map(ProjectId),
            state: self.state.as_deref().and_then(CallbackState::from_name),
            since: self.since.map(|since| since.before(platform.now())),
        };
        Ok(Listed::of(&platform.callbacks(filter, self.limit).await?))
    }
}

impl Resend {
    async fn run(self, platform: &Platform) -> anyhow::Result<Waits> {
        let Self { payment, seq, project } = self;
        let key = payment::find(platform, payment.clone(), project).await?.payment.key;
        match platform.resend_callback(key, seq).await? {
            Resent::Waits(callback) => {
                let cut_off = platform.cut_off_endpoints().await?;
                let is_its = |url: &str| url == endpoint_of(&callback.url);
                Ok(Waits::of(&callback, cut_off.iter().find(|row| is_its(&row.url))))
            }
            Resent::Missing => match seq {
                Some(seq) => bail!("payment {payment} has no callback {seq}"),
                None => bail!("payment {payment} has no callback: its project has no address"),
            },
            Resent::Superseded(callback) => bail!(
                "callback {} of payment {payment} told where to send the customer, and the sale \
                 has ended since; it is not sent again",
                callback.seq
            ),
        }
    }
}

impl Replay {
    async fn run(self, platform: &Platform) -> anyhow::Result<Replayed> {
        let since: Timestamp = self.since.before(platform.now());
        let project = self.project.map(ProjectId);
        let progress = Progress::new();
        let count = platform
            .replay_callbacks(Which { since, project, all: self.all }, |count| {
                progress.show(&format!("{count} callbacks…"));
            })
            .await?;
        Ok(Replayed::new(count, since))
    }
}

impl Resume {
    async fn run(self, platform: &Platform) -> anyhow::Result<Resumed> {
        let url = endpoint_of(&self.url).to_owned();
        if !platform.resume_endpoint(url.clone()).await? {
            bail!("{url} is not cut off; see dwar callback endpoints");
        }
        Ok(Resumed { url })
    }
}

fn states() -> PossibleValuesParser {
    PossibleValuesParser::new(CallbackState::ALL.map(CallbackState::name))
}
