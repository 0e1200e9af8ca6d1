//! The frame around every request: it gets a number, a panic becomes an answer, faults are logged
//! once, and how long it took is measured. A function and not a stack of layers, because it runs
//! for every request and allocates nothing.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use tokio::time::Instant;

use crate::error::Problem;
use crate::request_id::{self, HttpRequestId};
use crate::shared::Shared;

/// Answers one request. `route` is its name in the metrics; `refuse` renders a problem the way
/// the face does.
pub(crate) async fn exchange(
    shared: &Shared,
    route: &'static str,
    answer: impl Future<Output = Result<Response, Problem>>,
    refuse: impl FnOnce(Problem, HttpRequestId) -> Response,
) -> Response {
    let id = shared.next_request_id();
    let began = Instant::now();
    let mut response = match caught(answer).await {
        Ok(response) => response,
        Err(problem) => {
            problem.record(shared.platform().metrics(), id);
            refuse(problem, id)
        }
    };
    response.headers_mut().insert(request_id::HEADER, id.header_value());
    shared.answered(route, response.status(), began.elapsed());
    response
}

/// Turns a panic into a problem. Nothing that a request touches outlives it half-changed: money is
/// changed in transactions only, and a panic rolls them back.
async fn caught<T>(answer: impl Future<Output = Result<T, Problem>>) -> Result<T, Problem> {
    let mut answer = pin!(answer);
    poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(context)));
        polled.unwrap_or_else(|_panic| Poll::Ready(Err(Problem::Panicked)))
    })
    .await
}

/// Reads a body of at most `bytes_max` bytes.
pub(crate) async fn read_body(body: Body, bytes_max: usize) -> Result<Vec<u8>, Problem> {
    match Limited::new(body, bytes_max).collect().await {
        Ok(collected) => Ok(collected.to_bytes().into()),
        Err(error) if error.is::<LengthLimitError>() => Err(Problem::body_too_large(bytes_max)),
        Err(_) => Err(Problem::body_broken()),
    }
}

/// An answer in JSON.
pub(crate) fn json(status: StatusCode, body: impl Into<Body>) -> Response {
    with_type(status, "application/json", body)
}

/// An answer in plain text.
pub(crate) fn text(status: StatusCode, body: impl Into<Body>) -> Response {
    with_type(status, "text/plain; charset=utf-8", body)
}

/// An answer of any type.
pub(crate) fn with_type(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Body>,
) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
