//! `dwar listen`: a receiver of callbacks on this machine, for those who write a shop.

mod received;

use std::collections::BTreeSet;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use app::ports::{Clock as _, Http as _, HttpAnswer, HttpRequest, Peer};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use clap::Args;
use domain::time::Millis;
use serde::Serialize;
use url::Url;

use self::received::{Known, Received};
use super::{Answer, Usage};
use crate::cli::Shared;
use crate::clock::SystemClock;
use crate::config::Egress;
use crate::http_client::HttpClient;
use crate::installation::{self, Missing};
use crate::listen::{Bounds, serve};
use crate::output::{self, Format};
use crate::stop::Stop;

const BODY_BYTES_MAX: usize = 1024 * 1024;
const FORWARD_TIMEOUT: Millis = Millis::seconds(14);
const FORWARD_ANSWER_BYTES: usize = 64 * 1024;

/// Headers that are passed on.
const HEADERS: [&str; 4] = ["content-type", "webhook-id", "webhook-timestamp", "webhook-signature"];

/// Receive callbacks on this machine: print, verify and forward each.
///
/// The platform must be allowed to send to this machine, as the demonstration's is.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dwar listen                                     verify with the secrets in ./dwar.db
  dwar listen --secret SECRET --forward http://127.0.0.1:3000/paid
  dwar listen --answer 500                        see how the platform tries again
  dwar project set 200 --callback-url http://127.0.0.1:8070     send callbacks here

With --json each callback is one line. Ctrl-C ends it.")]
pub(crate) struct Listen {
    /// The port to listen on; 0 for any that is free.
    #[arg(long, value_name = "N", default_value_t = 8070)]
    port: u16,
    /// Pass each callback on to this address, and its answer back.
    #[arg(long, value_name = "URL", conflicts_with = "answer")]
    forward: Option<Url>,
    /// The secret that callbacks are signed with [default: those of the projects in the database].
    #[arg(long, env = "DWAR_SECRET", hide_env_values = true)]
    secret: Option<String>,
    /// The status to answer with; only 200 acknowledges.
    #[arg(long, value_name = "STATUS", default_value_t = 200)]
    answer: u16,
}

#[derive(Debug, Serialize)]
struct Ready {
    listening: String,
}

impl Listen {
    /// Receives until the stop.
    pub(crate) async fn run(self, shared: &Shared) -> anyhow::Result<Answer> {
        let known = known(self.secret, shared).await?;
        let answer = StatusCode::from_u16(self.answer)
            .map_err(|_error| Usage("--answer is not a status of HTTP".to_owned()))?;
        let socket = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, self.port)))
            .with_context(|| format!("cannot listen on port {}", self.port))?;
        let stop = Stop::on_signals()?;
        let ready = Ready { listening: format!("http://{}", socket.local_addr()?) };
        output::print(&ready, shared.format())?;
        let receiver = Receiver {
            known,
            forward: self.forward,
            http: HttpClient::new(Egress { allow_private: true, allow_http: true }, &[]),
            answer,
            format: shared.format(),
            seen: Mutex::default(),
            stop: stop.clone(),
        };
        let router = Router::new()
            .fallback(receive)
            .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
            .with_state(Arc::new(receiver));
        serve(socket, router, Bounds::default(), stop.asked()).await?;
        Ok(Answer::Yes)
    }
}

/// The secret given, or else those of the projects in the database.
async fn known(secret: Option<String>, shared: &Shared) -> anyhow::Result<Known> {
    if let Some(secret) = secret {
        return Ok(Known::Secret(secret));
    }
    let platform = installation::open(&shared.config()?, Missing::Refuse).await;
    let platform =
        platform.context("--secret is not given, so secrets are looked for in the database")?;
    Ok(Known::Projects(platform.projects_list().await?))
}

impl fmt::Display for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Listening on {url}. Send callbacks here: dwar project set PROJECT \
                   --callback-url {url}",
            url = self.listening
        )
    }
}

struct Receiver {
    known: Known,
    forward: Option<Url>,
    http: HttpClient,
    answer: StatusCode,
    format: Format,
    /// `webhook-id` of what came before.
    seen: Mutex<BTreeSet<String>>,
    stop: Stop,
}

async fn receive(
    State(receiver): State<Arc<Receiver>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let id = headers.get("webhook-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
    let again = id.as_ref().is_some_and(|id| {
        !receiver.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone())
    });
    let now = SystemClock.now();
    let mut callback = Received::new(&receiver.known, &body, id, again, now);
    let answer = receiver.answer(&headers, body, &mut callback).await;
    callback.answered = answer.status().as_u16();
    if output::stream(&callback, receiver.format).is_err() {
        // Nobody reads any more.
        receiver.stop.ask();
    }
    answer
}

impl Receiver {
    async fn answer(&self, headers: &HeaderMap, body: Bytes, received: &mut Received) -> Response {
        let Some(url) = &self.forward else { return self.answer.into_response() };
        match self.forward(url, headers, body).await {
            Ok(HttpAnswer { status, body }) => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
                (status, body).into_response()
            }
            Err(error) => {
                received.problem = Some(format!("not forwarded: {error}"));
                StatusCode::BAD_GATEWAY.into_response()
            }
        }
    }

    async fn forward(
        &self,
        url: &Url,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Result<HttpAnswer, app::ports::HttpError> {
        let kept = HEADERS.iter().filter_map(|name| {
            let value = headers.get(*name)?.to_str().ok()?;
            Some(((*name).to_owned(), value.to_owned()))
        });
        let request = HttpRequest {
            url: url.to_string(),
            peer: Peer::Merchant,
            headers: kept.collect(),
            body: body.into(),
            connect_timeout: FORWARD_TIMEOUT,
            timeout: FORWARD_TIMEOUT,
            answer_bytes_max: FORWARD_ANSWER_BYTES,
        };
        self.http.send(request).await
    }
}
