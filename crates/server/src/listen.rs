//! Serving HTTP to the world: one listening socket, one router, and a bound on everything a client
//! can make us wait for. TLS and HTTP/2 are the reverse proxy's business.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, StatusCode, Version};
use axum::response::{IntoResponse as _, Response};
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tower_service::Service as _;

/// Request line and headers, in bytes: a Payment Page's query of 16 KiB and as much again.
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// How long accepting rests when the system is out of file descriptors.
const ACCEPT_REST: Duration = Duration::from_millis(100);
const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// What a client may take of us.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// For a request's head to arrive, counted from the connection's opening or the answer before:
    /// so also how long a connection may be idle.
    pub(crate) head: Duration,
    /// From a request's head to its answer's head: receiving the body, and our work.
    pub(crate) exchange: Duration,
    /// Connections open at once; more wait to be accepted.
    pub(crate) connections_max: usize,
    /// For requests under way to end when the server stops.
    pub(crate) drain: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            exchange: Duration::from_mins(1),
            connections_max: 8192,
            drain: Duration::from_secs(20),
        }
    }
}

/// Serves until `stop` comes, then lets the requests under way end, within the bound. Handlers get
/// the client's address as [`ConnectInfo<SocketAddr>`].
///
/// # Errors
/// When the socket can't be used at all; a connection's failure ends that connection only.
pub(crate) async fn serve(
    listener: std::net::TcpListener,
    router: Router,
    bounds: Bounds,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let slots = Arc::new(Semaphore::new(bounds.connections_max));
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        let accepting = async {
            let slot = Arc::clone(&slots).acquire_owned().await;
            (slot, accept(&listener).await)
        };
        let (slot, (stream, peer)) = tokio::select! {
            accepted = accepting => accepted,
            () = &mut stop => break,
        };
        let connection = graceful.watch(connection(stream, peer, router.clone(), bounds));
        connections.spawn(async move {
            // A client that goes away or sends nonsense has been answered by hyper already.
            let _ended = connection.await;
            drop(slot);
        });
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    if tokio::time::timeout(bounds.drain, graceful.shutdown()).await.is_err() {
        tracing::warn!(left = connections.len(), "requests were cut off by the stop");
    }
    connections.shutdown().await;
    Ok(())
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            // The client was gone before we looked.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                tracing::error!(%error, "could not accept a connection");
                tokio::time::sleep(ACCEPT_REST).await;
            }
        }
    }
}

fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    bounds: Bounds,
) -> impl hyper_util::server::graceful::GracefulConnection<Error = hyper::Error> + Send {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "could not set TCP_NODELAY");
    }
    let service = service_fn(move |request| answer(router.clone(), request, peer, bounds.exchange));
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.head)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service)
}

async fn answer(
    mut router: Router,
    mut request: Request<Incoming>,
    peer: SocketAddr,
    bound: Duration,
) -> Result<Response, Infallible> {
    let version = request.version();
    request.extensions_mut().insert(ConnectInfo(peer));
    let Ok(answered) = tokio::time::timeout(bound, router.call(request)).await else {
        return Ok((StatusCode::REQUEST_TIMEOUT, [(CONNECTION, CLOSE)]).into_response());
    };
    let mut response = answered?;
    if version == Version::HTTP_10 {
        // Keep-alive of HTTP/1.0 is an extension proxies disagree about.
        response.headers_mut().insert(CONNECTION, CLOSE);
    }
    Ok(response)
}

#[cfg(test)]
mod tests;
