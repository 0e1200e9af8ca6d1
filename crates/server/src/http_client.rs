//! Outgoing HTTP: to the provider, whose address the operator set, and to merchants' callback
//! addresses, which are hostile input. A request goes to an address that was checked after the
//! name was resolved, over TLS by name; redirects are not followed, proxies of the environment are
//! not used, and every wait and every size has a bound.

mod address;
mod connection;
mod pool;
mod resolver;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use app::ports::{BoxFuture, Http, HttpAnswer, HttpError, HttpRequest, Peer};
use domain::time::Millis;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::header::{HOST, HeaderName, HeaderValue, USER_AGENT};
use hyper::{Method, Request, Response};
use rustls::RootCertStore;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;

use address::{Rules, Target};
use connection::{Connection, Message, Sent};
use pool::Pool;

use crate::config::Egress;

const AGENT: HeaderValue = HeaderValue::from_static("Dwar/0.1");

/// Sends requests over connections that are kept and used again. Provider and merchants share
/// nothing: whatever merchants' servers do, the way to the provider stays free.
#[derive(Clone)]
pub(crate) struct HttpClient {
    provider: Arc<Pool>,
    merchants: Arc<Pool>,
}

impl HttpClient {
    /// A client that trusts the public certificate authorities and reaches no merchant at `own`,
    /// the addresses this program listens on.
    pub(crate) fn new(egress: Egress, own: &[SocketAddr]) -> Self {
        Self::trusting(public_roots(), egress, own)
    }

    fn trusting(roots: RootCertStore, egress: Egress, own: &[SocketAddr]) -> Self {
        let tls = connection::tls(roots);
        let pool = |peer| {
            let rules = Rules {
                peer,
                allow_private: egress.allow_private,
                allow_http: egress.allow_http,
                own: own.to_vec(),
            };
            Arc::new(Pool::new(rules, tls.clone()))
        };
        Self { provider: pool(Peer::Provider), merchants: pool(Peer::Merchant) }
    }
}

/// TLS as requests use it, for those who want to know why one fails.
pub(crate) fn public_tls() -> TlsConnector {
    connection::tls(public_roots())
}

/// The public certificate authorities.
fn public_roots() -> RootCertStore {
    webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect()
}

impl Http for HttpClient {
    fn send(&self, request: HttpRequest) -> BoxFuture<Result<HttpAnswer, HttpError>> {
        let pool = match request.peer {
            Peer::Provider => Arc::clone(&self.provider),
            Peer::Merchant => Arc::clone(&self.merchants),
        };
        Box::pin(exchange(pool, request))
    }
}

async fn exchange(pool: Arc<Pool>, request: HttpRequest) -> Result<HttpAnswer, HttpError> {
    let begun = Instant::now();
    let deadline = begun + duration(request.timeout);
    let connected_by = deadline.min(begun + duration(request.connect_timeout));

    let target = pool.rules.target(&request.url)?;
    let message = message(&target, request.headers, request.body)?;
    let (connection, response) = transmit(&pool, &target, message, connected_by, deadline).await?;
    let status = response.status().as_u16();
    let reading = read(response, request.answer_bytes_max);
    let (body, end) = timeout_at(deadline, reading)
        .await
        .map_err(|_elapsed| HttpError::NoAnswer("the answer did not end in time".to_owned()))?
        .map_err(|error| HttpError::NoAnswer(error.to_string()))?;
    match (end, request.peer) {
        (End::Whole, Peer::Provider | Peer::Merchant) => pool.keep(target.origin, connection),
        (End::CutOff, Peer::Merchant) => {}
        (End::CutOff, Peer::Provider) => {
            return Err(HttpError::NoAnswer("answer too large".to_owned()));
        }
    }
    Ok(HttpAnswer { status, body })
}

/// Sends the message over a kept connection, or over a new one. It is sent again only when the
/// connection gave it back untouched, so that no server can see it twice.
async fn transmit(
    pool: &Pool,
    target: &Target,
    mut message: Message,
    connected_by: Instant,
    deadline: Instant,
) -> Result<(Connection, Response<Incoming>), HttpError> {
    while let Some(mut connection) = pool.take(&target.origin) {
        match connection.send(message, connected_by, deadline).await? {
            Sent::Answered(response) => return Ok((connection, response)),
            Sent::GivenBack(unsent) => message = unsent,
        }
    }
    let mut connection = pool.connect(&target.origin, connected_by).await?;
    match connection.send(message, connected_by, deadline).await? {
        Sent::Answered(response) => Ok((connection, response)),
        Sent::GivenBack(_) => Err(HttpError::NotSent("the connection was closed".to_owned())),
    }
}

fn message(
    target: &Target,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
) -> Result<Message, HttpError> {
    let mut message = Request::new(Full::new(Bytes::from(body)));
    *message.method_mut() = Method::POST;
    *message.uri_mut() = target.path.clone();
    let into = message.headers_mut();
    into.insert(USER_AGENT, AGENT);
    for (name, value) in headers {
        let invalid = || HttpError::NotSent(format!("the header {name:?} is not valid"));
        let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_error| invalid())?;
        into.insert(header, HeaderValue::from_str(&value).map_err(|_error| invalid())?);
    }
    into.insert(HOST, target.authority.clone());
    Ok(message)
}

/// How far an answer's body was read.
enum End {
    /// To its end: the connection can be used again.
    Whole,
    /// To the bound; more was there.
    CutOff,
}

async fn read(response: Response<Incoming>, bytes_max: usize) -> hyper::Result<(Vec<u8>, End)> {
    let mut incoming = response.into_body();
    let expected = usize::try_from(incoming.size_hint().lower()).unwrap_or(bytes_max);
    let mut body = Vec::with_capacity(expected.min(bytes_max));
    while let Some(frame) = incoming.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        let room = bytes_max.saturating_sub(body.len());
        if let Some(fitting) = data.get(..room).filter(|fitting| fitting.len() < data.len()) {
            body.extend_from_slice(fitting);
            return Ok((body, End::CutOff));
        }
        body.extend_from_slice(&data);
    }
    Ok((body, End::Whole))
}

fn duration(millis: Millis) -> Duration {
    Duration::from_millis(u64::try_from(millis.0).unwrap_or(0))
}
