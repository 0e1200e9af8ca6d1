//! What Gate answers at once: only that a request was received and is valid, or why it was not.
//!
//! The result of the payment comes by callback or by a status request. These answers carry no
//! signature; no client of the platform checks one.

use serde::{Deserialize, Serialize};

use crate::field::{FieldError, WireError};

/// HTTP 200: the request was received and is valid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    status: SuccessStatus,
    /// The platform's id of the request.
    pub request_id: String,
    /// The merchant's project.
    pub project_id: i64,
    /// The merchant's payment.
    pub payment_id: String,
}

/// HTTP 4xx or 5xx: the request was refused and nothing was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    status: ErrorStatus,
    /// Public code, decimal.
    pub code: String,
    /// The code's message, or a fuller sentence.
    pub message: String,
    /// The platform's id of the request, if it got one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The merchant's project, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_id: Option<i64>,
    /// The merchant's payment, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_id: Option<String>,
    /// One entry for each wrong parameter.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<WireError>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum SuccessStatus {
    #[serde(rename = "success")]
    Success,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum ErrorStatus {
    #[serde(rename = "error")]
    Error,
}

impl Accepted {
    /// The answer to a request that was recorded as `request_id`.
    pub fn new(project_id: i64, payment_id: String, request_id: String) -> Self {
        Self { status: SuccessStatus::Success, request_id, project_id, payment_id }
    }
}

impl Refused {
    /// A refusal with a public code, naming nothing else.
    pub fn new(code: u32, message: impl Into<String>) -> Self {
        Self {
            status: ErrorStatus::Error,
            code: code.to_string(),
            message: message.into(),
            request_id: None,
            project_id: None,
            payment_id: None,
            errors: Vec::new(),
        }
    }

    /// A refusal because of wrong parameters; its code is the first one's.
    pub fn for_fields(message: impl Into<String>, errors: &[FieldError]) -> Self {
        let code = errors.first().map_or(crate::field::INVALID, |error| error.code);
        Self { errors: errors.iter().map(WireError::from).collect(), ..Self::new(code, message) }
    }
}
