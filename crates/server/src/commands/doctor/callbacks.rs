//! Where callbacks go: whether the addresses can be reached, refuse what is not signed, and keep
//! up.

use app::platform::Platform;
use app::ports::{Http as _, HttpError, HttpRequest, Peer};
use app::project::Project;
use domain::time::Millis;
use store::callbacks::{CallbackState, Filter};

use super::findings::Findings;
use super::reach::{self, Question};
use crate::config::Config;
use crate::http_client::HttpClient;
use crate::output::time;

const TIMEOUT: Millis = Millis::seconds(15);
const ANSWER_BYTES: usize = 4 * 1024;

/// How far back callbacks are looked for that were given up.
const RECENTLY: Millis = Millis::hours(30 * 24);
const LISTED: i64 = 1_000;

const CHECK: &str = "callback address";

/// Sends an empty, unsigned document the way callbacks are sent.
pub(super) async fn check_address(config: &Config, project: &Project, findings: &mut Findings) {
    let id = project.id.0;
    let Some(url) = &project.settings.callback_url else {
        findings.doubtful(
            CHECK,
            format!("project {id} has none: it learns results only where its requests name one"),
            format!("dwar project set {id} --callback-url URL"),
        );
        return;
    };
    let request = HttpRequest {
        url: url.clone(),
        peer: Peer::Merchant,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: b"{}".to_vec(),
        connect_timeout: TIMEOUT,
        timeout: TIMEOUT,
        answer_bytes_max: ANSWER_BYTES,
    };
    let whose = format!("project {id}, {url}");
    match HttpClient::new(config.egress, &[]).send(request).await {
        Ok(answer) => judge(&whose, answer.status, findings),
        Err(error) => explain(&whose, url, &error, findings).await,
    }
}

fn judge(whose: &str, status: u16, findings: &mut Findings) {
    match status {
        200 => findings.doubtful(
            CHECK,
            format!("{whose} acknowledged an empty document that nobody signed"),
            "its shop must verify the signature before it believes a callback, and answer 4xx \
             where it is wrong",
        ),
        300..=399 => findings.wrong(
            CHECK,
            format!("{whose} redirects ({status}), and callbacks are never redirected"),
            "set the address it redirects to",
        ),
        404 | 405 => findings.wrong(
            CHECK,
            format!("{whose} answers {status}: there is nothing that takes a POST"),
            "compare the path with the shop's",
        ),
        500..=599 => findings.doubtful(
            CHECK,
            format!("{whose} fails ({status}) at a document it should refuse"),
            "see the shop's log; callbacks that fail so are sent again for eleven days",
        ),
        _ => findings.fine(CHECK, format!("{whose} refuses what is not signed ({status})")),
    }
}

/// Says at which step it fails.
async fn explain(whose: &str, url: &str, error: &HttpError, findings: &mut Findings) {
    match reach::ask(&Question::post(url)).await {
        Ok(_) => findings.wrong(
            CHECK,
            format!("{whose} can be reached, but not by callbacks: {error}"),
            "callbacks go to public addresses over TLS; [egress] opens others, for tests",
        ),
        Err(unreached) => findings.wrong(
            CHECK,
            format!("{whose}: {unreached}"),
            "see the shop's server: its name in DNS, its firewall, its certificate with the \
             whole chain",
        ),
    }
}

/// Endpoints that don't answer, and callbacks that were given up.
pub(super) async fn check_backlog(platform: &Platform, findings: &mut Findings) {
    let now = platform.now();
    let Ok(endpoints) = platform.cut_off_endpoints().await else { return };
    for row in &endpoints {
        let (url, age) = (&row.url, time::length(now.since(row.failing_since)));
        if row.paused_at.is_some() {
            findings.wrong(
                "endpoint",
                format!("{url} is paused: it has failed for {age} ({})", row.last_error),
                format!(
                    "tell the merchant; it goes on by itself at the first success, or by \
                         dwar callback resume {url}"
                ),
            );
        } else {
            findings.doubtful(
                "endpoint",
                format!("{url} is cut off: it has failed for {age} ({})", row.last_error),
                "it is probed every few seconds; after five days it is paused",
            );
        }
    }
    let expired = Filter {
        state: Some(CallbackState::Expired),
        since: Some(now.plus(Millis(-RECENTLY.0))),
        project: None,
    };
    let Ok(expired) = platform.callbacks(expired, LISTED).await else { return };
    if expired.is_empty() {
        findings.fine("callbacks", "none was given up within 30 days");
    } else {
        findings.doubtful(
            "callbacks",
            format!("{} were given up within 30 days", expired.len()),
            "dwar callback list --state expired; when the shop works: dwar callback replay",
        );
    }
}
