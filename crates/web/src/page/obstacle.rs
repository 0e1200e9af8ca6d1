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
    /// The link is broken; the shop has to make another one.
    Link,
    /// The shop asks for what can't be; it has to mend that.
    Shop,
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
            Self::Shop => "shop",
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
    /// Whose page it would have been.
    pub(super) project: Option<Arc<Project>>,
    /// Whether the page may show the project. Who can't sign for it may just be looking for it.
    pub(super) is_believed: bool,
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
            is_believed: true,
            language: None,
            back: None,
            fault: None,
        }
    }

    /// The parameters can't be read at all.
    pub(super) fn unreadable(reason: impl Into<String>) -> Self {
        Self::new(Told::Link, StatusCode::BAD_REQUEST, reason)
    }

    /// The parameters are too long to be read.
    pub(super) fn too_long() -> Self {
        Self::unreadable("the parameters are too long")
    }

    /// The signature isn't right, or the project does not exist.
    pub(super) fn untrusted(code: u32, reason: impl Into<String>) -> Self {
        let obstacle = Self::new(Told::Link, StatusCode::FORBIDDEN, reason);
        Self { code: Some(code), is_believed: false, ..obstacle }
    }

    /// Parameters are missing or wrong. The log tells which, and never their values.
    pub(super) fn wrong_parameters(errors: &[FieldError]) -> Self {
        let expected = |error: &FieldError| format!("{} (expected {})", error.path, error.expected);
        let expected: Vec<_> = errors.iter().map(expected).collect();
        let reason = format!("missing or wrong: {}", expected.join(", "));
        Self {
            code: errors.first().map(|error| error.code),
            details: errors.iter().map(ToString::to_string).collect(),
            ..Self::new(Told::Shop, StatusCode::BAD_REQUEST, reason)
        }
    }

    /// The project or the time does not allow the payment.
    pub(super) fn refused(refusal: &Refusal) -> Self {
        let (told, status) = match refusal.field {
            Some(_) => (Told::Shop, StatusCode::BAD_REQUEST),
            None => (Told::Unavailable, StatusCode::SERVICE_UNAVAILABLE),
        };
        let code = refusal.code.number();
        let about = refusal.field.unwrap_or("the project");
        let reason = format!("{about} refused with code {code}: {}", refusal.code.message());
        Self {
            code: Some(code),
            details: vec![refusal.message.clone()],
            ..Self::new(told, status, reason)
        }
    }

    /// The link's time is over.
    pub(super) fn expired() -> Self {
        Self::new(Told::Expired, StatusCode::GONE, "best_before has passed")
    }

    /// The payment id was used for another payment.
    pub(super) fn taken() -> Self {
        let reason = "payment_id was used before, for another payment";
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
        let project = project.filter(|_| obstacle.is_believed);
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

#[cfg(test)]
mod tests {
    use super::*;
    use wire::page::PageParams;
    use wire::query::Params;

    #[test]
    fn the_log_tells_which_parameters_were_wrong_and_not_what_they_were() {
        let sent = [("payment_amount", "my secret"), ("best_before", "my secret")];
        let errors = PageParams::parse(Params::from_pairs(sent).unwrap()).unwrap_err();
        let reason = Obstacle::wrong_parameters(&errors).reason;
        assert!(reason.contains("payment_amount (expected an integer from 1"), "{reason}");
        assert!(reason.contains("best_before (expected an ISO 8601"), "{reason}");
        assert!(reason.contains("customer_id (expected a value)"), "{reason}");
        assert!(!reason.contains("secret"), "{reason}");
    }
}
