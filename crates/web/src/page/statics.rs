//! What browsers load besides the pages: the page's own style and script, and the widget for
//! merchants' pages, under the paths of `ECommPay`'s.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use axum::Router;
use axum::extract::RawQuery;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, ETAG, HeaderName, IF_NONE_MATCH,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
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

/// The page asks for its files in the version that it was made for.
const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// Another version was asked for: while a new program replaces an old one, each may be asked for
/// the other's.
const NOT_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");
/// The widget's address is in merchants' pages and stays.
const FIVE_MINUTES: HeaderValue = HeaderValue::from_static("public, max-age=300");

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

pub(super) fn router() -> Router<Arc<Page>> {
    let current = Arc::new(format!("v={}", version()));
    let own = |content_type, text| {
        let (file, current) = (File::new(content_type, text), Arc::clone(&current));
        get(async move |RawQuery(asked): RawQuery, headers: HeaderMap| {
            let is_current = asked.is_some_and(|asked| asked == *current);
            file.answer(&headers, if is_current { FOREVER } else { NOT_AGAIN })
        })
    };
    let widget = |content_type, text| {
        let file = File::new(content_type, text);
        get(async move |headers: HeaderMap| shared(file.answer(&headers, FIVE_MINUTES)))
    };
    Router::new()
        .route("/shared/page.css", own(CSS, PAGE_STYLE))
        .route("/shared/page.js", own(JS, PAGE_SCRIPT))
        .route("/shared/merchant.css", widget(CSS, WIDGET_STYLE))
        .route("/shared/merchant.js", widget(JS, WIDGET_SCRIPT))
}

/// Changes whenever one of the page's files does.
pub(super) fn version() -> String {
    hash(&[PAGE_STYLE, PAGE_SCRIPT].concat())
}

fn hash(text: &str) -> String {
    let hash = digest(&SHA256, text.as_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(hash.as_ref().first_chunk::<9>().copied().unwrap_or_default())
}

/// A file that is part of the program.
#[derive(Clone)]
struct File {
    content_type: &'static str,
    text: &'static str,
    /// An `ETag`: the hash of the text, in quotes.
    tag: String,
}

impl File {
    fn new(content_type: &'static str, text: &'static str) -> Self {
        Self { content_type, text, tag: format!("\"{}\"", hash(text)) }
    }

    /// The file, or only word that the browser has it already.
    fn answer(&self, headers: &HeaderMap, cached: HeaderValue) -> Response {
        let (status, text) = if self.is_known(headers) {
            (StatusCode::NOT_MODIFIED, "")
        } else {
            (StatusCode::OK, self.text)
        };
        let mut response = with_type(status, self.content_type, text);
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, cached);
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.extend(HeaderValue::try_from(&self.tag).ok().map(|tag| (ETAG, tag)));
        response
    }

    /// Whether a browser has this very text. Proxies that compress make tags weak (`W/`).
    fn is_known(&self, headers: &HeaderMap) -> bool {
        let known = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        known
            .flat_map(|tags| tags.split(',').map(str::trim))
            .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == self.tag)
    }
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
