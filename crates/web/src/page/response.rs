//! Answers in HTML, and the headers that guard them.

use app::ports::Entropy;
use app::project::Project;
use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, LOCATION, REFERRER_POLICY};
use axum::http::header::{HeaderName, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use minijinja::{Value, context};

use super::Page;
use super::address::origin;
use crate::exchange::with_type;

/// A nonce has 128 bits, as CSP asks for.
const NONCE_BYTES: usize = 16;

const GUARDS: [(HeaderName, HeaderValue); 5] = [
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=()"),
    ),
];

/// The content security policy of one answer.
pub(super) struct Policy {
    nonce: String,
    ancestors: Vec<String>,
    logo: Option<String>,
    forms: Vec<String>,
}

impl Policy {
    /// The policy of a project's page. Who may frame it is the project's setting, never the link's.
    pub(super) fn new(entropy: &dyn Entropy, project: Option<&Project>) -> Self {
        let mut nonce = [0; NONCE_BYTES];
        entropy.fill(&mut nonce);
        let settings = project.map(|project| &project.settings);
        let registered = settings.map_or(&[][..], |settings| &settings.frame_ancestors);
        let logo = settings.and_then(|settings| settings.branding.logo_url.as_deref());
        Self {
            nonce: BASE64_STANDARD_NO_PAD.encode(nonce),
            ancestors: registered.iter().filter_map(|ancestor| origin(ancestor)).collect(),
            logo: logo.and_then(origin),
            forms: Vec::new(),
        }
    }

    /// Lets a form of the page lead to another origin: to the provider's, or to the shop's by a
    /// redirect, for browsers hold that to the policy too.
    pub(super) fn allow_form_to(&mut self, origin: Option<String>) {
        self.forms.extend(origin.filter(|origin| !self.forms.contains(origin)));
    }

    /// The origins of the pages that may show this one in a frame, separated by spaces.
    pub(super) fn ancestors(&self) -> String {
        self.ancestors.join(" ")
    }

    fn header(&self) -> String {
        let Self { nonce, ancestors, logo, forms } = self;
        let ancestors =
            if ancestors.is_empty() { "'none'".to_owned() } else { ancestors.join(" ") };
        let more = |origins: &[String]| {
            origins.iter().fold(String::new(), |all, origin| all + " " + origin)
        };
        format!(
            "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; \
             img-src data:{}; connect-src 'self'; form-action 'self'{}; \
             frame-ancestors {ancestors}; base-uri 'none'",
            more(logo.as_slice()),
            more(forms),
        )
    }
}

impl Page {
    /// Renders a page. Should the template fail, which its tests rule out, the answer is plain.
    pub(super) fn render(
        &self,
        status: StatusCode,
        template: &str,
        language: &str,
        project: Option<&Project>,
        policy: &Policy,
        content: &Value,
    ) -> Response {
        let content = context! { nonce => &policy.nonce, ..content.clone() };
        match self.renderer.page(template, language, project, content) {
            Ok(html) => guarded(with_type(status, "text/html; charset=utf-8", html), policy),
            Err(error) => {
                self.platform().metrics().fault();
                tracing::error!(%error, template, "a page could not be rendered");
                let status = StatusCode::INTERNAL_SERVER_ERROR;
                guarded(with_type(status, "text/plain", "Something went wrong here."), policy)
            }
        }
    }
}

fn guarded(mut response: Response, policy: &Policy) -> Response {
    let headers = response.headers_mut();
    headers.extend(GUARDS);
    // Origins and base64 are ASCII; if ever not, nothing may run at all.
    let policy = HeaderValue::try_from(policy.header())
        .unwrap_or(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    response
}

/// `303 See Other`: the browser goes on with `GET`, and going back does not send a form again.
pub(super) fn see_other(address: &str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let headers = response.headers_mut();
    headers.extend(GUARDS);
    match HeaderValue::try_from(address) {
        Ok(location) => {
            headers.insert(LOCATION, location);
        }
        // Every address here was written by the URL parser, so this is a bug; better no way.
        Err(_) => *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR,
    }
    response
}
