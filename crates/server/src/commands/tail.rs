//! `dwar tail`: what happens to payments, as it happens.

use std::collections::BTreeSet;
use std::time::Duration;
use std::{fmt, io};

use app::platform::Platform;
use clap::Args;
use domain::decision::Event;
use domain::id::{PaymentKey, ProjectId};
use domain::time::{Millis, Timestamp};
use serde::Serialize;
use store::payments::Happening;

use super::Answer;
use super::payment::words;
use super::when::When;
use crate::cli::Shared;
use crate::installation::{self, Missing};
use crate::output::table::plain;
use crate::output::{self, time};
use crate::stop::Stop;

/// How often the history is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(300);

/// Events are dated when they are decided and seen when they are committed: so far back is looked
/// for what came later than its date says.
const OVERLAP: Millis = Millis::seconds(2);

/// Events read at one look.
const PAGE: i64 = 10_000;

/// Show what happens to payments, as it happens.
///
/// It reads the database beside the server, and may be started and ended at any time.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dwar tail
  dwar tail --project 200 --since 1h
  dwar tail --json | jq 'select(.alarm)'

With --json each event is one line. Ctrl-C ends it.")]
pub(crate) struct Tail {
    /// Of this project only.
    #[arg(long, value_name = "N")]
    project: Option<i64>,
    /// Begin with what happened since then: 2026-11-23, 10m [default: now].
    #[arg(long, value_name = "TIME")]
    since: Option<When>,
}

/// An event of a payment.
#[derive(Debug, Serialize)]
struct Line {
    at: String,
    project: i64,
    payment: String,
    seq: i64,
    alarm: bool,
    #[serde(flatten)]
    event: Event,
    #[serde(skip)]
    at_text: String,
}

impl Tail {
    /// Shows events until the stop.
    pub(crate) async fn run(self, shared: &Shared) -> anyhow::Result<Answer> {
        let platform = installation::open(&shared.config()?, Missing::Refuse).await?;
        let stop = Stop::on_signals()?;
        let now = platform.now();
        let since = self.since.map_or(now, |since| since.before(now));
        let mut follower = Follower::new(since, self.project.map(ProjectId));
        let following = async {
            loop {
                for happening in follower.look(&platform).await? {
                    output::stream(&Line::of(happening), shared.format())?;
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        let ended: anyhow::Result<()> = tokio::select! {
            ended = following => ended,
            () = stop.asked() => Ok(()),
        };
        match ended {
            Err(error) if is_broken_pipe(&error) => Ok(Answer::Yes),
            ended => ended.map(|()| Answer::Yes),
        }
    }
}

/// Whether the reader of our output has gone away, which ends a command that prints on and on.
pub(super) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let cause = error.downcast_ref::<io::Error>();
    cause.is_some_and(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}

/// Finds each event once.
struct Follower {
    since: Timestamp,
    newest: Timestamp,
    project: Option<ProjectId>,
    /// Events since [`OVERLAP`] before the newest that were shown.
    seen: BTreeSet<(Timestamp, PaymentKey, i64)>,
}

impl Follower {
    fn new(since: Timestamp, project: Option<ProjectId>) -> Self {
        Self { since, newest: since, project, seen: BTreeSet::new() }
    }

    async fn look(&mut self, platform: &Platform) -> anyhow::Result<Vec<Happening>> {
        let mut found = Vec::new();
        let mut from = self.newest.plus(Millis(-OVERLAP.0)).max(self.since);
        loop {
            let page = platform.happenings(from, self.project, PAGE).await?;
            let is_full = i64::try_from(page.len()).is_ok_and(|count| count >= PAGE);
            let Some(last) = page.last().map(|happening| happening.entry.at) else { break };
            found.extend(page.into_iter().filter(|happening| self.seen.insert(name(happening))));
            self.newest = self.newest.max(last);
            // A page that holds one moment only can't be turned.
            if !is_full || last <= from {
                break;
            }
            from = last;
        }
        let horizon = self.newest.plus(Millis(-OVERLAP.0));
        self.seen.retain(|(at, _, _)| *at >= horizon);
        Ok(found)
    }
}

fn name(happening: &Happening) -> (Timestamp, PaymentKey, i64) {
    (happening.entry.at, happening.payment.clone(), happening.entry.seq)
}

impl Line {
    fn of(happening: Happening) -> Self {
        let Happening { payment, entry } = happening;
        Self {
            at: wire::date::format(entry.at.0),
            project: payment.project().0,
            payment: payment.payment().0.clone(),
            seq: entry.seq,
            alarm: entry.event.is_alarm(),
            event: entry.event,
            at_text: time::precise(entry.at),
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (project, payment) = (self.project, plain(&self.payment));
        write!(f, "{}  {project}/{payment}  {}", self.at_text, words::event(&self.event))
    }
}
