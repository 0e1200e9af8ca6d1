//! What browsers load besides the pages: the page's own style and script, and the widget for
//! merchants' pages, under the paths of `ECommPay`'s.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use axum::Router;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, HeaderName, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use axum::routing::get;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::Page;
use crate::exchange::with_type;

const PAGE_STYLE: &str = include_str!("../../static/page.css");
const PAGE_SCRIPT: &str = include_str!("../../static/page.js");
const WIDGET_STYLE: &str = include_str!("../../static/merchant.css");
const WIDGET_SCRIPT: &str = include_str!("../../static/merchant.js");

/// The page's files change their address with their content.
const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// The widget's address is in merchants' pages and stays.
const AN_HOUR: HeaderValue = HeaderValue::from_static("public, max-age=3600");

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

pub(super) fn router() -> Router<Arc<Page>> {
    let own = |kind, text| get(async move || file(kind, text, FOREVER));
    let widget = |kind, text| get(async move || shared(file(kind, text, AN_HOUR)));
    Router::new()
        .route("/shared/page.css", own(CSS, PAGE_STYLE))
        .route("/shared/page.js", own(JS, PAGE_SCRIPT))
        .route("/shared/merchant.css", widget(CSS, WIDGET_STYLE))
        .route("/shared/merchant.js", widget(JS, WIDGET_SCRIPT))
}

/// Changes whenever one of the page's files does.
pub(super) fn version() -> String {
    let hash = digest(&SHA256, [PAGE_STYLE, PAGE_SCRIPT].concat().as_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(hash.as_ref().first_chunk::<9>().copied().unwrap_or_default())
}

fn file(kind: &'static str, text: &'static str, cached: HeaderValue) -> Response {
    let mut response = with_type(StatusCode::OK, kind, text);
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, cached);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Lets other origins load a file, with an integrity hash if they like.
fn shared(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("cross-origin"),
    );
    response
}
