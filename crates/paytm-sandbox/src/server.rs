//! The accept loop. Its own, because some scenarios need a connection that is cut without a reply,
//! which no ordinary HTTP server offers.

use std::error::Error as _;
use std::fmt;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use axum::Router;
use axum::http::uri::{PathAndQuery, Uri};
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// In a response's extensions: do not send it, cut the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Close it (TCP FIN).
    HangUp,
    /// Reset it (TCP RST).
    Reset,
}

/// In a request's extensions: who is calling.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// After a failed accept (no file descriptors left, say), so as not to spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

const HEADER_TIMEOUT: Duration = Duration::from_secs(30);

/// Serves connections for ever. Dropping the future cuts them all.
pub(crate) async fn run(listener: TcpListener, router: Router) {
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                connections.spawn(connection(stream, Peer(peer), router.clone()));
            }
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn connection(stream: TcpStream, peer: Peer, router: Router) {
    // Without this a small answer can wait for the acknowledgement of the one before.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        single_slash(request.uri_mut());
        let answering = router.call(request);
        async move {
            let Ok(response) = answering.await;
            match response.extensions().get::<Cut>() {
                Some(cut) => Err(*cut),
                None => Ok::<Response<_>, Cut>(response),
            }
        }
    });
    let mut serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service);
    let served = Pin::new(&mut serving).await;
    let reset = served.is_err_and(|error| {
        error.source().and_then(|source| source.downcast_ref()) == Some(&Cut::Reset)
    });
    if reset {
        // Best effort: without it the connection is closed instead of reset.
        drop(serving.into_parts().io.into_inner().set_zero_linger());
    }
}

/// `//v3/order/status` is what clients send whose base URL ends in a slash.
fn single_slash(uri: &mut Uri) {
    let Some(path) = uri.path().strip_prefix("//") else { return };
    let rest = path.trim_start_matches('/');
    let path_and_query = match uri.query() {
        Some(query) => format!("/{rest}?{query}"),
        None => format!("/{rest}"),
    };
    if let Ok(path_and_query) = PathAndQuery::try_from(path_and_query) {
        let mut parts = std::mem::take(uri).into_parts();
        parts.path_and_query = Some(path_and_query);
        *uri = Uri::from_parts(parts).unwrap_or_default();
    }
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HangUp => "hung up on purpose",
            Self::Reset => "reset on purpose",
        })
    }
}

impl std::error::Error for Cut {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn double_slashes_are_forgiven() {
        let cases = [
            ("//v3/order/status", "/v3/order/status"),
            ("//v3/order/status?a=b", "/v3/order/status?a=b"),
            ("/v3/order/status?a=//b", "/v3/order/status?a=//b"),
        ];
        for (sent, served) in cases {
            let mut uri = Uri::builder().path_and_query(sent).build().unwrap();
            single_slash(&mut uri);
            assert_eq!(uri.to_string(), served);
        }
    }
}
