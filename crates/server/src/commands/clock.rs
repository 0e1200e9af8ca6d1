//! `dwar clock`: moves the time of a platform in test mode, and of the sandboxes its projects use,
//! together and from one appointment to the next, so that everything happens in its order.

use std::collections::BTreeSet;
use std::fmt;
use std::net::SocketAddr;

use anyhow::{Context as _, bail};
use app::ports::{Http as _, HttpRequest, Peer};
use clap::{Args, Subcommand};
use domain::time::{Millis, Timestamp};
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::{Answer, when};
use crate::cli::{Shared, flag};
use crate::config::{Config, Egress};
use crate::http_client::HttpClient;
use crate::installation::{self, Missing};
use crate::output::progress::Progress;
use crate::output::{self, time};
use crate::test_clock::admin::{ADVANCE_MAX, ADVANCE_PATH, Advance, Moved};

/// Where a sandbox's clock is moved.
const SANDBOX_PATH: &str = "/sandbox/admin/clock/advance";

const TIMEOUT: Millis = Millis::minutes(1);
const ANSWER_BYTES_MAX: usize = 4 * 1024;

/// See the time of a server in test mode, and move it forward.
#[derive(Debug, Subcommand)]
pub(crate) enum Clock {
    Show(Show),
    Advance(AdvanceBy),
}

/// Show the time, and when something happens next.
#[derive(Debug, Args)]
pub(crate) struct Show {
    #[command(flatten)]
    server: Server,
}

/// Move the time forward, of the server and of the sandboxes that its projects use.
///
/// It stops at every moment at which the server has something to do, and goes on when that is
/// done. The server must allow it: `clock = true` in `[test]`, which `dwar demo` sets.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dwar clock advance 15m        to the limit time of a payment
  dwar clock advance 11d        through all tries of a callback
  dwar clock advance 1h30m --config dwar-demo/dwar.toml")]
pub(crate) struct AdvanceBy {
    /// How far: numbers with ms, s, m, h or d, such as 15m or 1d12h.
    #[arg(value_parser = length)]
    by: Millis,
    /// Go there at once, without stopping on the way.
    #[arg(long)]
    at_once: bool,
    #[command(flatten)]
    server: Server,
}

/// Which server.
#[derive(Debug, Args)]
struct Server {
    /// Where the server answers operators' machines [default: 127.0.0.1:8081].
    #[arg(long, value_name = "ADDRESS")]
    ops: Option<SocketAddr>,
}

/// The time, as it is now.
#[derive(Debug, Serialize)]
struct Report {
    now: String,
    now_ms: i64,
    next_due_ms: Option<i64>,
    moved_ms: i64,
    /// Moments at which it stopped, the last one counted.
    stops: u32,
    settled: bool,
    sandboxes: Vec<String>,
}

impl Clock {
    /// Asks for the time or moves it, and prints it.
    pub(crate) async fn run(self, shared: &Shared) -> anyhow::Result<Answer> {
        let report = match self {
            Self::Show(Show { server }) => {
                let clocks = Clocks { sandboxes: Vec::new(), ..Clocks::of(&server, shared).await? };
                Report::new(clocks.advance(Millis(0)).await?)
            }
            Self::Advance(AdvanceBy { by, at_once, server }) => {
                let clocks = Clocks::of(&server, shared).await?;
                clocks.walk(by, at_once).await?
            }
        };
        let answer = if report.settled { Answer::Yes } else { Answer::No };
        output::print(&report, shared.format())?;
        Ok(answer)
    }
}

/// The clocks that go together.
struct Clocks {
    http: HttpClient,
    platform: String,
    sandboxes: Vec<String>,
}

impl Clocks {
    async fn of(server: &Server, shared: &Shared) -> anyhow::Result<Self> {
        let ops = flag("--ops", ("listen", "ops"), server.ops);
        let config = shared.load(ops)?.config;
        // Operators say themselves where these are; they are on this machine as a rule.
        let egress = Egress { allow_private: true, allow_http: true };
        Ok(Self {
            http: HttpClient::new(egress, &[]),
            platform: format!("http://{}", config.listen.ops),
            sandboxes: sandboxes(&config).await?,
        })
    }

    async fn walk(&self, by: Millis, at_once: bool) -> anyhow::Result<Report> {
        let progress = Progress::new();
        let mut report = Report::new(self.ask(&self.platform, ADVANCE_PATH, Millis(0)).await?);
        report.sandboxes.clone_from(&self.sandboxes);
        while report.moved_ms < by.0 {
            let left = by.0.saturating_sub(report.moved_ms);
            let next = report.next_due_ms.filter(|_| !at_once);
            let step = next.map_or(left, |next| next.saturating_sub(report.now_ms).clamp(1, left));
            let moved = self.advance(Millis(step)).await?;
            report.stop_at(moved, step);
            progress.show(&format!("{}…", time::moment(Timestamp(report.now_ms))));
        }
        Ok(report)
    }

    /// Moves the sandboxes first, so that the platform finds them at its new time.
    async fn advance(&self, by: Millis) -> anyhow::Result<Moved> {
        for sandbox in &self.sandboxes {
            let _now: IgnoredAny = self.ask(sandbox, SANDBOX_PATH, by).await?;
        }
        self.ask(&self.platform, ADVANCE_PATH, by).await
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        server: &str,
        path: &str,
        by: Millis,
    ) -> anyhow::Result<T> {
        let url = format!("{server}{path}");
        let request = HttpRequest {
            url: url.clone(),
            peer: Peer::Provider,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: serde_json::to_vec(&Advance { ms: by.0 })?,
            connect_timeout: TIMEOUT,
            timeout: TIMEOUT,
            answer_bytes_max: ANSWER_BYTES_MAX,
        };
        let answer = self.http.send(request).await.with_context(|| url.clone())?;
        match answer.status {
            200 => serde_json::from_slice(&answer.body).context(url),
            404 => bail!("{url}: not found; time moves only in test mode ([test] clock)"),
            status => bail!("{url}: {status} {}", String::from_utf8_lossy(&answer.body)),
        }
    }
}

/// The sandboxes of the projects. Paytm itself is only reached over TLS and has no such address.
async fn sandboxes(config: &Config) -> anyhow::Result<Vec<String>> {
    let platform = installation::open(config, Missing::Refuse).await?;
    let projects = platform.projects_list().await?;
    let urls = projects.iter().map(|project| project.settings.paytm.base_url.as_str());
    let sandboxes: BTreeSet<&str> = urls.filter(|url| url.starts_with("http://")).collect();
    Ok(sandboxes.into_iter().map(str::to_owned).collect())
}

impl Report {
    fn new(moved: Moved) -> Self {
        let Moved { now_ms, next_due_ms, settled } = moved;
        let now = wire::date::format(now_ms);
        Self { now, now_ms, next_due_ms, moved_ms: 0, stops: 0, settled, sandboxes: Vec::new() }
    }

    fn stop_at(&mut self, moved: Moved, step: i64) {
        *self = Self {
            moved_ms: self.moved_ms.saturating_add(step),
            stops: self.stops.saturating_add(1),
            settled: self.settled && moved.settled,
            sandboxes: std::mem::take(&mut self.sandboxes),
            ..Self::new(moved)
        };
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let now = Timestamp(self.now_ms);
        writeln!(f, "It is {}.", time::moment(now))?;
        if self.moved_ms > 0 {
            let moved = time::length(Millis(self.moved_ms));
            writeln!(f, "Moved by {moved}; stops on the way: {}.", self.stops.saturating_sub(1))?;
            if !self.sandboxes.is_empty() {
                writeln!(f, "Moved with it: {}", self.sandboxes.join(", "))?;
            }
        }
        if !self.settled {
            writeln!(f, "Something that was due has not ended yet.")?;
        }
        match self.next_due_ms.map(Timestamp) {
            Some(next) => write!(
                f,
                "Something happens next at {}, {}.",
                time::moment(next),
                time::from_now(next, now)
            ),
            None => write!(f, "Nothing is planned."),
        }
    }
}

/// How far to move.
fn length(text: &str) -> Result<Millis, String> {
    let length = when::length(text).filter(|by| (1..=ADVANCE_MAX.0).contains(&by.0));
    length.ok_or_else(|| {
        let most = time::length(ADVANCE_MAX);
        format!("expected numbers with ms, s, m, h or d, such as 15m or 1d12h; at most {most}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_as_people_type_them() {
        let table = [
            ("15m", Some(900_000)),
            ("1d12h", Some(129_600_000)),
            ("250ms", Some(250)),
            ("31d", Some(ADVANCE_MAX.0)),
            ("31d1ms", None),
            ("0s", None),
            ("", None),
            ("15", None),
            ("m", None),
            ("-5m", None),
            ("1.5h", None),
            ("5 m", None),
            ("99999999999999999d", None),
        ];
        for (text, millis) in table {
            assert_eq!(length(text).ok().map(|it| it.0), millis, "{text}");
        }
    }
}
