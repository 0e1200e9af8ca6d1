//! A small blocking HTTP client: no redirects followed, no status taken for an error, no cookies
//! kept, so that a test sees exactly what the server said.

use anyhow::{Context as _, Result};
use serde_json::Value;
use ureq::Agent;
use ureq::http::{HeaderMap, Request};

use crate::wait::DEADLINE;

/// What a server answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as text.
    pub body: String,
}

impl Answer {
    /// The body as JSON.
    ///
    /// # Errors
    /// When the body is something else; the message shows it.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.body)
            .with_context(|| format!("{} with a body that is not JSON: {}", self.status, self.body))
    }

    /// A header's text, or nothing if it is missing or not text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Sends one request. `headers` are name and value.
///
/// # Errors
/// When there is no HTTP answer at all: refused, reset, timed out, malformed.
pub fn send(method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> Result<Answer> {
    let mut request = Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(body.to_owned())?;
    let agent: Agent = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_global(Some(DEADLINE))
        .allow_non_standard_methods(true)
        .build()
        .into();
    let mut response = agent.run(request).with_context(|| format!("{method} {url}"))?;
    Ok(Answer {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        body: response.body_mut().read_to_string()?,
    })
}

/// `GET url`.
///
/// # Errors
/// As [`send`].
pub fn get(url: &str) -> Result<Answer> {
    send("GET", url, &[], "")
}

/// `POST url` with a JSON body.
///
/// # Errors
/// As [`send`].
pub fn post_json(url: &str, body: &Value) -> Result<Answer> {
    send("POST", url, &[("content-type", "application/json")], &body.to_string())
}

/// `POST url` with a form, already encoded.
///
/// # Errors
/// As [`send`].
pub fn post_form(url: &str, form: &str) -> Result<Answer> {
    send("POST", url, &[("content-type", "application/x-www-form-urlencoded")], form)
}
