//! How a call is answered: honestly, or as its scenario wants.

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use crate::app::App;
use crate::scenario::{Answer, Breakage, Lie, Seal};
use crate::server::Cut;
use crate::store::StoreError;

/// Size of the answer of [`Breakage::Huge`].
const HUGE_BYTES: usize = 10 * 1024 * 1024;

const GARBAGE: &str = "<html><body><h1>Something went wrong</h1>\
                       <p>Our system encountered an obstacle.</p></body></html>";

/// A handler could not do its work: our fault, HTTP 500.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) fn new(error: &impl std::error::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::new(&error)
    }
}

impl From<minijinja::Error> for Failure {
    fn from(error: minijinja::Error) -> Self {
        Self::new(&error)
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::new(&error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        eprintln!("paytm-sandbox: {}", self.0);
        (StatusCode::INTERNAL_SERVER_ERROR, "the sandbox failed").into_response()
    }
}

/// Answers in the way of the scenario. `write` makes the message, with a lie and a seal.
pub(crate) async fn send(
    app: &App,
    answer: Answer,
    write: impl FnOnce(Option<Lie>, Seal) -> Result<String, StoreError>,
) -> Result<Response, Failure> {
    let message = match answer {
        Answer::Honest => write(None, Seal::Right)?,
        Answer::Slow => {
            tokio::time::sleep(app.config.slow_answer).await;
            write(None, Seal::Right)?
        }
        Answer::Lying(lie) => write(Some(lie), Seal::Right)?,
        Answer::Sealed(seal) => write(None, seal)?,
        Answer::Broken(breakage, _) => return Ok(broken(breakage)),
    };
    Ok(json(message))
}

pub(crate) fn json(message: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json;charset=UTF-8")], message).into_response()
}

pub(crate) fn broken(breakage: Breakage) -> Response {
    match breakage {
        Breakage::ServerError => (StatusCode::SERVICE_UNAVAILABLE, Html(GARBAGE)).into_response(),
        Breakage::Html => Html(GARBAGE).into_response(),
        Breakage::Empty => StatusCode::OK.into_response(),
        Breakage::Huge => json(format!("{{\"body\":\"{}\"}}", "x".repeat(HUGE_BYTES))),
        Breakage::HangUp => cut(Cut::HangUp),
        Breakage::Reset => cut(Cut::Reset),
    }
}

fn cut(cut: Cut) -> Response {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(cut);
    response
}
