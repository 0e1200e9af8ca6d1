//! Reaching a server step by step, so that it can be said at which step it fails.

use std::time::Duration;

use domain::time::Timestamp;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, DATE, HOST, USER_AGENT};
use hyper::rt::{Read, Write};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use url::{Position, Url};

use crate::http_client::public_tls;

/// For each step.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is asked.
pub(super) struct Question<'a> {
    url: &'a str,
    method: Method,
    body: &'static str,
}

/// The head of an answer.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) status: u16,
    /// When the server says it answered, to the second.
    pub(super) date: Option<Timestamp>,
}

/// At which step it failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreached {
    #[error("not an address: {0}")]
    Address(String),
    #[error("its name can't be resolved: {0}")]
    Name(String),
    #[error("no connection: {0}")]
    Connection(String),
    #[error("TLS fails: {0}")]
    Tls(String),
    #[error("no answer of HTTP: {0}")]
    Answer(String),
}

impl<'a> Question<'a> {
    pub(super) fn get(url: &'a str) -> Self {
        Self { url, method: Method::GET, body: "" }
    }

    /// An empty document of JSON, which no signature belongs to.
    pub(super) fn post(url: &'a str) -> Self {
        Self { url, method: Method::POST, body: "{}" }
    }
}

/// Asks, and reads the head of the answer.
pub(super) async fn ask(question: &Question<'_>) -> Result<Head, Unreached> {
    let address = |error: &str| Unreached::Address(error.to_owned());
    let url = Url::parse(question.url).map_err(|error| address(&error.to_string()))?;
    let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
        return Err(address("it has no host"));
    };
    let host = host.trim_matches(['[', ']']);
    let tcp = connect(host, port).await?;
    if url.scheme() != "https" {
        return exchange(TokioIo::new(tcp), &url, question).await;
    }
    let name =
        ServerName::try_from(host.to_owned()).map_err(|error| address(&error.to_string()))?;
    let tls = within(public_tls().connect(name, tcp), Unreached::Tls).await?;
    exchange(TokioIo::new(tls), &url, question).await
}

async fn connect(host: &str, port: u16) -> Result<TcpStream, Unreached> {
    let found = within(lookup_host((host, port)), Unreached::Name).await?;
    let mut last = Unreached::Name("it has no address".to_owned());
    for address in found {
        match within(TcpStream::connect(address), Unreached::Connection).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

async fn exchange<I>(io: I, url: &Url, question: &Question<'_>) -> Result<Head, Unreached>
where
    I: Read + Write + Unpin + Send + 'static,
{
    let (mut sender, connection) = within(http1::handshake(io), Unreached::Answer).await?;
    let driver = tokio::spawn(connection);
    let request = Request::builder()
        .method(question.method.clone())
        .uri(&url[Position::BeforePath..Position::AfterQuery])
        .header(HOST, &url[Position::BeforeHost..Position::AfterPort])
        .header(USER_AGENT, "Dwar-doctor")
        .header(CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from_static(question.body.as_bytes())))
        .map_err(|error| Unreached::Address(error.to_string()))?;
    let answer = within(sender.send_request(request), Unreached::Answer).await;
    driver.abort();
    answer.map(|answer| head(&answer))
}

fn head(answer: &Response<Incoming>) -> Head {
    let date = answer.headers().get(DATE).and_then(|date| date.to_str().ok());
    Head { status: answer.status().as_u16(), date: date.and_then(moment) }
}

/// Reads a date of HTTP, `Tue, 03 Sep 2019 10:58:10 GMT`.
fn moment(text: &str) -> Option<Timestamp> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let fields: Vec<&str> = text.split(' ').collect();
    let [_weekday, day, month, year, time, "GMT"] = fields.as_slice() else { return None };
    let month = MONTHS.iter().position(|name| name == month)?.checked_add(1)?;
    wire::date::parse(&format!("{year}-{month:02}-{day}T{time}Z")).ok().map(Timestamp)
}

async fn within<T, E: std::fmt::Display>(
    step: impl Future<Output = Result<T, E>>,
    failed: impl Fn(String) -> Unreached,
) -> Result<T, Unreached> {
    match timeout(PATIENCE, step).await {
        Ok(done) => done.map_err(|error| failed(error.to_string())),
        Err(_elapsed) => Err(failed(format!("nothing within {} s", PATIENCE.as_secs()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_http_are_read() {
        let read = moment("Tue, 03 Sep 2019 10:58:10 GMT");
        assert_eq!(read, Some(Timestamp(1_567_508_290_000)));
        for wrong in ["", "Tuesday, 03-Sep-19 10:58:10 GMT", "Tue, 33 Sep 2019 10:58:10 GMT"] {
            assert_eq!(moment(wrong), None, "{wrong}");
        }
    }

    #[tokio::test]
    async fn each_step_has_its_own_failure() {
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let closed = silent.local_addr().unwrap();
        drop(silent);
        for (url, step) in [
            ("nonsense".to_owned(), "not an address"),
            ("http://no-such-host.invalid/".to_owned(), "its name"),
            (format!("http://{closed}/"), "no connection"),
        ] {
            let error = ask(&Question::get(&url)).await.unwrap_err().to_string();
            assert!(error.starts_with(step), "{url}: {error}");
        }
    }
}
