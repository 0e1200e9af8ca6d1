//! Pages for people: templates, and the headers that keep them harmless.

use axum::http::StatusCode;
use axum::http::header::{self, HeaderName, HeaderValue, InvalidHeaderValue};
use axum::response::{Html, IntoResponse, Response};
use minijinja::{Environment, Value, context};

use super::Shop;
use crate::payment_page::LinkError;
use crate::rupees;

/// Every page, compiled in.
pub(crate) fn pages() -> Result<Environment<'static>, minijinja::Error> {
    let mut pages = Environment::new();
    pages.add_filter("rupees", rupees::format);
    pages.add_template("base.html", include_str!("../../templates/base.html"))?;
    pages.add_template("pictures.html", include_str!("../../templates/pictures.html"))?;
    pages.add_template("shelf.html", include_str!("../../templates/shelf.html"))?;
    pages.add_template("order.html", include_str!("../../templates/order.html"))?;
    pages.add_template("orders.html", include_str!("../../templates/orders.html"))?;
    pages.add_template("hand_over.html", include_str!("../../templates/hand_over.html"))?;
    pages.add_template("status.html", include_str!("../../templates/status.html"))?;
    pages.add_template("problem.html", include_str!("../../templates/problem.html"))?;
    Ok(pages)
}

/// What a page may do in the browser. No page has a script or style in itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Policy<'a> {
    /// Its forms go to the shop only.
    Own,
    /// Its form goes to the provider. `form-action` would also bind the provider's own redirects,
    /// which nobody but the provider knows.
    HandOver,
    /// It runs the widget of Payment Page, which is at `origin`: its script and style come from
    /// there, and it opens a frame of it by sending a form.
    Widget { origin: &'a str },
}

impl Policy<'_> {
    fn header(self) -> Result<HeaderValue, InvalidHeaderValue> {
        match self {
            Self::Own => Ok(HeaderValue::from_static(
                "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
                 connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
            )),
            Self::HandOver => Ok(HeaderValue::from_static(
                "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
                 base-uri 'none'; frame-ancestors 'none'",
            )),
            Self::Widget { origin } => HeaderValue::try_from(format!(
                "default-src 'none'; style-src 'self' {origin}; script-src 'self' {origin}; \
                 img-src 'self'; connect-src 'self'; frame-src {origin}; \
                 form-action 'self' {origin}; base-uri 'none'; frame-ancestors 'none'"
            )),
        }
    }
}

/// A page could not be made, or a handler's task broke: our fault, HTTP 500.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("a page cannot be rendered: {0}")]
    Page(#[from] minijinja::Error),
    #[error("a request to the platform cannot be signed: {0}")]
    Signing(#[from] wire::signature::Folded),
    #[error("a link to Payment Page cannot be signed: {0}")]
    Link(#[from] LinkError),
    #[error("a content security policy cannot be a header: {0}")]
    Policy(#[from] InvalidHeaderValue),
    #[error("a task broke off: {0}")]
    Task(#[from] tokio::task::JoinError),
    #[error("the system gives no randomness")]
    Randomness,
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        eprintln!("shop: {self}");
        (StatusCode::INTERNAL_SERVER_ERROR, "The shop has a problem.").into_response()
    }
}

/// Renders a page.
pub(super) fn page(
    shop: &Shop,
    policy: Policy<'_>,
    name: &str,
    content: Value,
) -> Result<Response, Failure> {
    const HEADERS: [(HeaderName, HeaderValue); 3] = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    let everything = context! { shop => shop.name.as_str(), ..content };
    let html = shop.pages.get_template(name)?.render(everything)?;
    let policy = [(header::CONTENT_SECURITY_POLICY, policy.header()?)];
    Ok((HEADERS, policy, Html(html)).into_response())
}

/// A page that says what is wrong.
pub(super) fn problem(shop: &Shop, status: StatusCode, text: &str) -> Result<Response, Failure> {
    let page = page(shop, Policy::Own, "problem.html", context! { text })?;
    Ok((status, page).into_response())
}
