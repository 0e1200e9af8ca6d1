//! One HTTP/1.1 connection: how it is opened to an address already checked, and how one message
//! at a time is sent over it.

use std::io;
use std::sync::Arc;

use app::ports::HttpError;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::rt::{Read, Write};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use url::Host;

/// An answer's status line and headers must fit in here, in bytes.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// A request with its whole body.
pub(super) type Message = Request<Full<Bytes>>;

/// How sending a message went.
pub(super) enum Sent {
    /// The answer's head has come.
    Answered(Response<Incoming>),
    /// The connection was closed before a byte of the message left.
    GivenBack(Message),
}

/// An open connection. Dropping it closes it at once, whatever the other side is doing.
pub(super) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    driver: AbortHandle,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Connection {
    /// Speaks HTTP over a TCP connection, over TLS with the certificate of `name` if given.
    pub(super) async fn open(
        tcp: TcpStream,
        tls: Option<(&TlsConnector, &Host<String>)>,
    ) -> Result<Self, HttpError> {
        let Some((tls, name)) = tls else {
            return Self::handshake(TokioIo::new(tcp)).await;
        };
        let failed = |error: io::Error| HttpError::NotSent(format!("TLS: {error}"));
        let name = server_name(name).map_err(failed)?;
        Self::handshake(TokioIo::new(tls.connect(name, tcp).await.map_err(failed)?)).await
    }

    async fn handshake<I>(io: I) -> Result<Self, HttpError>
    where
        I: Read + Write + Unpin + Send + 'static,
    {
        let (sender, connection) = http1::Builder::new()
            .max_buf_size(HEAD_BYTES_MAX)
            .handshake(io)
            .await
            .map_err(|error| HttpError::NotSent(error.to_string()))?;
        let driver = tokio::spawn(async move {
            // What went wrong is told to whoever waits for the answer.
            let _closed = connection.await;
        });
        Ok(Self { sender, driver: driver.abort_handle() })
    }

    /// Whether the other side has closed the connection.
    pub(super) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    /// Sends `message`, starting before `started_by`, and waits until `deadline` for the answer's
    /// head.
    pub(super) async fn send(
        &mut self,
        message: Message,
        started_by: Instant,
        deadline: Instant,
    ) -> Result<Sent, HttpError> {
        if !matches!(timeout_at(started_by, self.sender.ready()).await, Ok(Ok(()))) {
            return Ok(Sent::GivenBack(message));
        }
        match timeout_at(deadline, self.sender.try_send_request(message)).await {
            Ok(Ok(response)) => Ok(Sent::Answered(response)),
            Ok(Err(mut error)) => match error.take_message() {
                Some(message) => Ok(Sent::GivenBack(message)),
                None => Err(HttpError::NoAnswer(error.into_error().to_string())),
            },
            Err(_elapsed) => Err(HttpError::NoAnswer("no answer in time".to_owned())),
        }
    }
}

/// TLS 1.2 and 1.3, trusting `roots`.
pub(super) fn tls(roots: RootCertStore) -> TlsConnector {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    #[expect(clippy::expect_used, reason = "a constant choice that every test makes")]
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider has the suites of TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

fn server_name(host: &Host<String>) -> io::Result<ServerName<'static>> {
    match host {
        Host::Domain(name) => ServerName::try_from(name.clone())
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error)),
        Host::Ipv4(address) => Ok(ServerName::from(std::net::IpAddr::V4(*address))),
        Host::Ipv6(address) => Ok(ServerName::from(std::net::IpAddr::V6(*address))),
    }
}
