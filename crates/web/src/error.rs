//! Turns refusals into HTTP; no other place does. Statuses follow what the reader will do: change
//! the request (4xx), or send it again later (5xx).

use std::error::Error;
use std::time::Duration;

use app::metrics::Metrics;
use app::platform::Fault;
use app::verbs::{Refusal, VerbError};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use domain::code::Code;
use domain::id::ProjectId;
use serde_json::Value;
use wire::field::{FieldError, WireError};
use wire::gate::Refused;
use wire::json::JsonError;

use crate::exchange::json;
use crate::request_id::HttpRequestId;

/// Why a request was not carried out, or can't be answered.
#[derive(Debug)]
pub(crate) enum Problem {
    /// The sender has to change something, or to come back later.
    Refused {
        /// HTTP status.
        status: StatusCode,
        /// What is told.
        answer: Box<Refused>,
    },
    /// A fault of ours.
    Fault(Fault),
    /// A bug of ours.
    Panicked,
}

/// HTTP status of a public code when it is the reason to refuse a request.
const fn status_of(code: Code) -> StatusCode {
    match code {
        Code::ValidationError
        | Code::MalformedRequest
        | Code::InvalidJson
        | Code::RequiredField
        | Code::InvalidCurrency
        | Code::AmountRequired
        | Code::CurrencyRequired => StatusCode::BAD_REQUEST,
        Code::ProjectNotFound | Code::InvalidSignature | Code::EmptySignature => {
            StatusCode::UNAUTHORIZED
        }
        Code::AccessDenied | Code::ProjectSettings => StatusCode::FORBIDDEN,
        Code::UnknownMethod | Code::NotFound => StatusCode::NOT_FOUND,
        Code::PaymentExists | Code::RefundIdExists => StatusCode::CONFLICT,
        Code::AmountAboveLimit
        | Code::AmountBelowLimit
        | Code::CurrencyDisabled
        | Code::StatusForbids
        | Code::ConvertedTooSmall
        | Code::RefundTooLarge
        | Code::RefundCurrency
        | Code::RefundUnavailable => StatusCode::UNPROCESSABLE_ENTITY,
        Code::TryAgain | Code::ProviderUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        // Results of operations. They come by callback; refusing a request with one is our fault.
        Code::Success
        | Code::GeneralDecline
        | Code::InternalError
        | Code::AutoDecline
        | Code::Awaiting
        | Code::ProviderGeneral
        | Code::ProviderDecline
        | Code::CustomerLimit
        | Code::AccountData
        | Code::InsufficientFunds
        | Code::AccountGone
        | Code::AccountRestricted
        | Code::ProviderDown
        | Code::CustomerCancelled
        | Code::IncorrectAmount
        | Code::ProviderRisk
        | Code::AcquirerSettings
        | Code::AcquirerBalance
        | Code::ProviderTimeout
        | Code::ProviderRejected
        | Code::MerchantBlocked => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The message that belongs to the code, then what a developer needs to know.
fn told(code: Code, detail: &str) -> String {
    format!("{}: {detail}", code.message())
}

impl Problem {
    /// A refusal with a public code, whose status follows from it.
    pub(crate) fn refused(code: Code, detail: &str) -> Self {
        Self::with_status(status_of(code), code, detail)
    }

    fn with_status(status: StatusCode, code: Code, detail: &str) -> Self {
        Self::Refused { status, answer: Box::new(Refused::new(code.number(), told(code, detail))) }
    }

    /// No such path.
    pub(crate) fn unknown_route() -> Self {
        let detail = "there is nothing under this path; see /v2/payment/wallet/paytm/sale, \
                      /v2/payment/refund, /v2/payment/status and /v2/payment/status/request";
        Self::with_status(StatusCode::NOT_FOUND, Code::MalformedRequest, detail)
    }

    /// Another HTTP method than `POST`.
    pub(crate) fn method_not_allowed() -> Self {
        let detail = "this path is asked with the HTTP method POST and a JSON body";
        Self::with_status(StatusCode::METHOD_NOT_ALLOWED, Code::MalformedRequest, detail)
    }

    /// A body that is too long.
    pub(crate) fn body_too_large(bytes_max: usize) -> Self {
        let detail = format!("the body is longer than {bytes_max} bytes");
        Self::with_status(StatusCode::PAYLOAD_TOO_LARGE, Code::MalformedRequest, &detail)
    }

    /// A body that ended before its announced length.
    pub(crate) fn body_broken() -> Self {
        Self::refused(Code::MalformedRequest, "the body did not arrive whole")
    }

    /// A body that took too long to arrive.
    pub(crate) fn body_too_slow(within: Duration) -> Self {
        let detail = format!("the body did not arrive within {} ms", within.as_millis());
        Self::with_status(StatusCode::REQUEST_TIMEOUT, Code::MalformedRequest, &detail)
    }

    /// A body that is not acceptable JSON.
    pub(crate) fn not_json(error: &JsonError) -> Self {
        Self::refused(Code::InvalidJson, &error.to_string())
    }

    /// JSON, but no object.
    pub(crate) fn not_an_object() -> Self {
        Self::refused(Code::MalformedRequest, "the body is not a JSON object")
    }

    /// A signature that is missing or wrong. `expected` helps the developer of a test project.
    pub(crate) fn not_believed(code: Code, detail: &str, expected: Option<String>) -> Self {
        Self::refused(code, detail).at_field(code, "general.signature", expected)
    }

    /// Parameters that are missing or wrong, all of them.
    pub(crate) fn wrong_parameters(errors: &[FieldError]) -> Self {
        let paths: Vec<&str> = errors.iter().map(|error| error.path).collect();
        let message = format!("These parameters are missing or wrong: {}", paths.join(", "));
        Self::Refused {
            status: StatusCode::BAD_REQUEST,
            answer: Box::new(Refused::for_fields(message, errors)),
        }
    }

    /// More requests at once than may be.
    pub(crate) fn overloaded() -> Self {
        Self::refused(
            Code::TryAgain,
            "too many requests at this moment; nothing was done, send the same request later",
        )
    }

    /// No answer in time.
    pub(crate) fn too_late() -> Self {
        Self::refused(
            Code::TryAgain,
            "no answer in time. The request may have been recorded all the same: ask with \
             /v2/payment/status before sending it again",
        )
    }

    /// Adds which parameter it is about, and more about it.
    fn at_field(mut self, code: Code, path: &str, description: Option<String>) -> Self {
        if let Self::Refused { answer, .. } = &mut self {
            answer.errors.push(WireError {
                code: code.number().to_string(),
                field: Some(format!("/{}", path.replace('.', "/"))),
                message: code.message().to_owned(),
                description,
            });
        }
        self
    }

    /// Adds which payment it is about, for a sender who may know.
    pub(crate) fn about(mut self, project: ProjectId, document: &Value) -> Self {
        if let Self::Refused { answer, .. } = &mut self {
            let payment = document.pointer("/general/payment_id").and_then(Value::as_str);
            answer.project_id = Some(project.0);
            answer.payment_id = payment.filter(|id| !id.is_empty()).map(str::to_owned);
        }
        self
    }

    /// Counts it, and logs it if it is ours.
    pub(crate) fn record(&self, metrics: &Metrics, id: HttpRequestId) {
        let (_, answer) = self.answer(id);
        if let Ok(code) = answer.code.parse() {
            metrics.refused(code);
        }
        match self {
            Self::Refused { .. } => {}
            Self::Fault(fault) => {
                metrics.fault();
                let error: &(dyn Error + 'static) = fault;
                tracing::error!(request_id = %id, error, "a request could not be answered");
            }
            Self::Panicked => {
                metrics.fault();
                tracing::error!(request_id = %id, "answering a request panicked");
            }
        }
    }

    /// HTTP status.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Refused { status, .. } => *status,
            // Whatever the store could not do may be asked of it again: it forgets nothing that it
            // has done, and a payment id is accepted once.
            Self::Fault(Fault::Store(_)) => status_of(Code::TryAgain),
            Self::Fault(Fault::Project(_) | Fault::Encode(_)) | Self::Panicked => {
                status_of(Code::InternalError)
            }
        }
    }

    fn answer(&self, id: HttpRequestId) -> (StatusCode, Refused) {
        let ours = |code, what: &str| {
            let detail = format!("{what}. If it lasts, tell us the X-Request-Id {id}");
            Refused::new(Code::number(code), told(code, &detail))
        };
        let answer = match self {
            Self::Refused { answer, .. } => (**answer).clone(),
            Self::Fault(Fault::Store(_)) => ours(
                Code::TryAgain,
                "the request could not be recorded for certain; ask with /v2/payment/status, then \
                 send it again",
            ),
            Self::Fault(Fault::Project(_) | Fault::Encode(_)) | Self::Panicked => {
                ours(Code::InternalError, "the fault is ours")
            }
        };
        (self.status(), answer)
    }

    /// The answer in Gate's shape.
    pub(crate) fn into_json(self, id: HttpRequestId) -> Response {
        let (status, answer) = self.answer(id);
        let mut response = json(status, serde_json::to_vec(&answer).unwrap_or_default());
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let mut problem = Self::refused(refusal.code, &refusal.message);
        if let Some(field) = refusal.field {
            problem = problem.at_field(refusal.code, field, None);
        }
        if let Self::Refused { answer, .. } = &mut problem {
            answer.request_id = refusal.earlier.map(|earlier| earlier.0);
        }
        problem
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<VerbError> for Problem {
    fn from(error: VerbError) -> Self {
        match error {
            VerbError::Refused(refusal) => refusal.into(),
            VerbError::Fault(fault) => fault.into(),
        }
    }
}
