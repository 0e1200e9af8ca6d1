//! Pages for people: templates, the one stylesheet, and the headers that keep them harmless.

use axum::http::header::{self, HeaderName, HeaderValue};
use axum::response::{Html, IntoResponse, Response};
use minijinja::{Environment, Value, context};

use crate::app::App;
use crate::http::reply::Failure;
use crate::message::token_digits;

/// Every page, compiled in.
pub(crate) fn pages() -> Result<Environment<'static>, minijinja::Error> {
    let mut pages = Environment::new();
    pages.add_template("base.html", include_str!("../../templates/base.html"))?;
    pages.add_template("visit.html", include_str!("../../templates/visit.html"))?;
    pages.add_template("choose.html", include_str!("../../templates/choose.html"))?;
    pages.add_template("otp.html", include_str!("../../templates/otp.html"))?;
    pages.add_template("balance.html", include_str!("../../templates/balance.html"))?;
    pages.add_template("approve.html", include_str!("../../templates/approve.html"))?;
    pages.add_template("return.html", include_str!("../../templates/return.html"))?;
    pages.add_template("problem.html", include_str!("../../templates/problem.html"))?;
    pages.add_template("index.html", include_str!("../../templates/index.html"))?;
    pages.add_template("scenarios.html", include_str!("../../templates/scenarios.html"))?;
    Ok(pages)
}

/// A page whose forms may only be sent to the sandbox itself, and which runs no script.
pub(crate) fn page(app: &App, name: &str, context: Value) -> Result<Response, Failure> {
    let html = app.pages.get_template(name)?.render(context)?;
    let policy = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; \
                  frame-ancestors 'none'";
    Ok(with_policy(html, HeaderValue::from_static(policy)))
}

/// The page that sends the browser back to the merchant: it runs one script, which submits its
/// form. No `form-action`, since browsers apply that to the redirects that follow, too.
pub(crate) fn return_page(app: &App, context: Value) -> Result<Response, Failure> {
    let nonce = token_digits();
    let context = context! { nonce => nonce.as_str(), ..context };
    let html = app.pages.get_template("return.html")?.render(context)?;
    let policy = format!(
        "default-src 'none'; style-src 'self'; script-src 'nonce-{nonce}'; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    let policy = HeaderValue::from_str(&policy).map_err(|error| Failure::new(&error))?;
    Ok(with_policy(html, policy))
}

fn with_policy(html: String, policy: HeaderValue) -> Response {
    const HEADERS: [(HeaderName, HeaderValue); 3] = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (HEADERS, [(header::CONTENT_SECURITY_POLICY, policy)], Html(html)).into_response()
}

pub(crate) async fn style() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "max-age=3600"),
    ];
    (headers, include_str!("../../static/style.css"))
}
