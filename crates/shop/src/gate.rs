//! The shop's HTTP client for Gate: one POST at a time, with an end to waiting.
//!
//! It tells apart what Gate refused and what nobody knows: a lost answer is no refusal, because the
//! request may have arrived.

use std::time::Duration;

use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::StatusCode;
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use wire::client::Request;
use wire::gate::{Accepted, Refused};

/// From the first byte of the connection to the last one of the answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Longest answer read, in bytes.
const ANSWER_BYTES_MAX: usize = 256 * 1024;

#[derive(Debug, Clone)]
pub(crate) struct Gate {
    client: Client<HttpConnector, Full<Bytes>>,
}

/// What is known of a request once it has been sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reply {
    /// It is under way.
    Awaited,
    /// Gate has it: received, and correct. The outcome comes by callback.
    Accepted { request_id: String },
    /// Gate does not want it, and nothing was done.
    Refused { code: String, message: String },
    /// There was no answer, or none that can be read: it may or may not have been done.
    Unknown { why: String },
}

/// No answer came, so nothing is known.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GateError {
    #[error("the request cannot be put into HTTP")]
    Request(#[from] hyper::http::Error),
    #[error("Gate cannot be reached")]
    Connection(#[from] hyper_util::client::legacy::Error),
    #[error("Gate broke off in the middle of its answer")]
    Body(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("Gate's answer is longer than {ANSWER_BYTES_MAX} bytes")]
    TooLong,
    #[error("Gate did not answer within {} seconds", TIMEOUT.as_secs())]
    Timeout,
}

impl Gate {
    pub(crate) fn new() -> Self {
        Self { client: Client::builder(TokioExecutor::new()).build_http() }
    }

    /// Sends a sale or a refund.
    pub(crate) async fn submit(&self, request: Request) -> Reply {
        match self.post(request).await {
            Ok((status, body)) => read(status, &body),
            Err(error) => Reply::Unknown { why: error.to_string() },
        }
    }

    /// Sends any request; the answer's status and body.
    pub(crate) async fn post(&self, request: Request) -> Result<(StatusCode, Bytes), GateError> {
        let mut builder = hyper::Request::builder().method(request.method).uri(request.url);
        for (name, value) in request.headers {
            builder = builder.header(name, value);
        }
        let request = builder.body(Full::from(request.body))?;
        let exchange = async {
            let answer = self.client.request(request).await?;
            let status = answer.status();
            match Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await {
                Ok(body) => Ok((status, body.to_bytes())),
                Err(error) if error.is::<LengthLimitError>() => Err(GateError::TooLong),
                Err(error) => Err(GateError::Body(error)),
            }
        };
        tokio::time::timeout(TIMEOUT, exchange).await.map_err(|_| GateError::Timeout)?
    }
}

fn read(status: StatusCode, body: &[u8]) -> Reply {
    if let Ok(accepted) = serde_json::from_slice::<Accepted>(body) {
        return Reply::Accepted { request_id: accepted.request_id };
    }
    match serde_json::from_slice::<Refused>(body) {
        // A server in trouble may have done the work before it fell.
        Ok(refused) if !status.is_server_error() => {
            Reply::Refused { code: refused.code, message: refused.message }
        }
        Ok(_) | Err(_) => Reply::Unknown { why: format!("Gate answered HTTP {status}") },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_refusal_is_a_refusal() {
        let accepted =
            r#"{"status":"success","request_id":"a-1","project_id":200,"payment_id":"p"}"#;
        let refused = r#"{"status":"error","code":"3261","message":"Invalid signature"}"#;
        let unknown = |status: &str| Reply::Unknown { why: format!("Gate answered HTTP {status}") };
        for (status, body, expected) in [
            (200, accepted, Reply::Accepted { request_id: "a-1".to_owned() }),
            (
                401,
                refused,
                Reply::Refused { code: "3261".to_owned(), message: "Invalid signature".to_owned() },
            ),
            (500, refused, unknown("500 Internal Server Error")),
            (502, "<html>", unknown("502 Bad Gateway")),
            (200, "", unknown("200 OK")),
            (200, r#"{"status":"success"}"#, unknown("200 OK")),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(read(status, body.as_bytes()), expected);
        }
    }
}
