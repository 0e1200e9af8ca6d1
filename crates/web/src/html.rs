//! Pages for customers' browsers, and the headers that every page leaves with. A page loads
//! nothing, runs nothing, can't be framed and tells no other site where the customer was.

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;

use crate::exchange::with_type;

/// The one style sheet, written into each page.
const STYLE: &str = include_str!("html.css");

/// Allows [`STYLE`], by its hash, and nothing else.
const POLICY: &str = "default-src 'none'; \
     style-src 'sha256-defovF6pgAtVtU8qFiskhJHT4ypDBWrzoW98LPpChyA='; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const SECURITY_HEADERS: [(HeaderName, &str); 4] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (REFERRER_POLICY, "no-referrer"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (CACHE_CONTROL, "no-store"),
];

/// What a page says. All of it is ours: nothing that a request or a merchant brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Words {
    /// The heading.
    pub(crate) title: &'static str,
    /// What the customer should know, or do.
    pub(crate) text: &'static str,
}

/// A page. `reload` asks the browser to look again at that path, which must need no escaping.
pub(crate) fn page(status: StatusCode, words: Words, reload: Option<&str>) -> Response {
    let Words { title, text } = words;
    let reload = reload.map_or_else(String::new, |path| {
        format!("<meta http-equiv=\"refresh\" content=\"5; url={path}\">\n")
    });
    let html = format!(
        "<!doctype html>\n\
         <html lang=\"en\">\n\
         <meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         {reload}\
         <title>{title}</title>\n\
         <style>{STYLE}</style>\n\
         <main>\n\
         <h1>{title}</h1>\n\
         <p>{text}</p>\n\
         </main>\n\
         </html>\n"
    );
    secured(with_type(status, "text/html; charset=utf-8", html))
}

/// Adds what every answer to a browser leaves with.
pub(crate) fn secured(mut response: Response) -> Response {
    for (name, value) in SECURITY_HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;

    use super::*;

    #[test]
    fn the_policy_allows_the_style_sheet_as_it_is() {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, STYLE.as_bytes());
        let hash = BASE64_STANDARD.encode(digest);
        assert!(POLICY.contains(&format!("style-src 'sha256-{hash}';")), "the hash is {hash}");
    }
}
