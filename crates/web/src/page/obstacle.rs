//! Why the page can't be shown, and the page that says so: clear words for the customer, the exact
//! reason for the log, and for the developer of a test project.

use std::sync::Arc;

use app::platform::Fault;
use app::project::Project;
use app::verbs::Refusal;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::code::Code;
use minijinja::context;
use wire::field::FieldError;

use super::Page;
use super::response::Policy;

/// What the customer is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// The link is wrong; the shop has to make another one.
    Link,
    /// The link's time is over.
    Expired,
    /// The payment id stands for another payment.
    Taken,
    /// There is no such page.
    Unknown,
    /// Not now.
    Unavailable,
}

impl Told {
    /// How the translations name it.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Expired => "expired",
            Self::Taken => "taken",
            Self::Unknown => "unknown",
            Self::Unavailable => "unavailable",
        }
    }
}

/// Something stands between the customer and the page.
#[derive(Debug)]
pub(super) struct Obstacle {
    pub(super) told: Told,
    pub(super) status: StatusCode,
    /// The public code, if one fits.
    pub(super) code: Option<u32>,
    /// For the developer, one line each. It may repeat what was sent, so it is not logged.
    pub(super) details: Vec<String>,
    /// For the log.
    pub(super) reason: String,
    pub(super) project: Option<Arc<Project>>,
    /// The language the link asks for, if we speak it.
    pub(super) language: Option<&'static str>,
    /// Where the customer may go; believed only if it stood in a link whose signature was right.
    pub(super) back: Option<String>,
    /// A fault of ours behind it.
    pub(super) fault: Option<Box<Fault>>,
}

impl Obstacle {
    fn new(told: Told, status: StatusCode, reason: impl Into<String>) -> Self {
        Self {
            told,
            status,
            code: None,
            details: Vec::new(),
            reason: reason.into(),
            project: None,
            language: None,
            back: None,
            fault: None,
        }
    }

    /// The parameters can't be read at all.
    pub(super) fn unreadable(reason: impl Into<String>) -> Self {
        Self::new(Told::Link, StatusCode::BAD_REQUEST, reason)
    }

    /// The signature isn't right, or the project does not exist.
    pub(super) fn untrusted(code: u32, reason: impl Into<String>) -> Self {
        let obstacle = Self::new(Told::Link, StatusCode::FORBIDDEN, reason);
        Self { code: Some(code), ..obstacle }
    }

    /// Parameters are missing or wrong.
    pub(super) fn wrong_parameters(errors: &[FieldError]) -> Self {
        let paths: Vec<&str> = errors.iter().map(|error| error.path).collect();
        let told = |error: &FieldError| {
            format!("{}: expected {}, got {}", error.path, error.expected, error.sent)
        };
        Self {
            code: errors.first().map(|error| error.code),
            details: errors.iter().map(told).collect(),
            ..Self::unreadable(format!("missing or wrong: {}", paths.join(", ")))
        }
    }

    /// The project or the time does not allow the payment.
    pub(super) fn refused(refusal: &Refusal) -> Self {
        let (told, status) = match refusal.field {
            Some(_) => (Told::Link, StatusCode::BAD_REQUEST),
            None => (Told::Unavailable, StatusCode::SERVICE_UNAVAILABLE),
        };
        let code = refusal.code.number();
        Self {
            code: Some(code),
            details: vec![refusal.message.clone()],
            ..Self::new(told, status, format!("refused with code {code}"))
        }
    }

    /// The link's time is over.
    pub(super) fn expired() -> Self {
        Self::new(Told::Expired, StatusCode::GONE, "best_before has passed")
    }

    /// The payment id was used for another payment.
    pub(super) fn taken() -> Self {
        let reason = "payment_id was used before, with other parameters";
        let obstacle = Self::new(Told::Taken, StatusCode::CONFLICT, reason);
        Self { code: Some(Code::PaymentExists.number()), ..obstacle }
    }

    /// No payment has this page.
    pub(super) fn unknown() -> Self {
        Self::new(Told::Unknown, StatusCode::NOT_FOUND, "no such payment page")
    }

    /// It is our fault.
    pub(super) fn ours(status: StatusCode, reason: impl Into<String>) -> Self {
        Self::new(Told::Unavailable, status, reason)
    }

    /// Adds whose page it would have been.
    pub(super) fn of(self, project: &Arc<Project>) -> Self {
        Self { project: Some(Arc::clone(project)), ..self }
    }
}

impl Page {
    /// The page that explains an obstacle.
    pub(super) fn explain(&self, obstacle: &Obstacle, headers: &HeaderMap) -> Response {
        let project = obstacle.project.as_deref();
        let told = obstacle.told.key();
        tracing::info!(
            project = project.map(|project| project.id.0),
            code = obstacle.code,
            status = obstacle.status.as_u16(),
            reason = obstacle.reason,
            "payment page not shown: {told}"
        );
        let reveal = project.is_some_and(|project| project.settings.test_mode);
        let policy = Policy::new(&*self.config.entropy, project);
        let content = context! {
            told,
            code => obstacle.code,
            reason => reveal.then_some(&obstacle.reason),
            details => if reveal { obstacle.details.clone() } else { Vec::new() },
            back => &obstacle.back,
        };
        let language = self.renderer.language(obstacle.language, headers);
        self.render(obstacle.status, "obstacle.html", language, project, &policy, &content)
    }
}
