//! `POST /v2/payment/status` and `/v2/payment/status/request`: ask how a payment or request stands.

use serde_json::Value;

use super::General;
use crate::field::{FieldError, Fields};
use crate::limits::{IDENTIFIER_CHARACTERS, SAFE_INTEGER};
use crate::rule;

/// A question about a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusRequest {
    /// Which payment of which project.
    pub general: General,
}

impl StatusRequest {
    /// Reads a request, or says everything that is wrong with it.
    pub fn parse(document: &Value) -> Result<Self, Vec<FieldError>> {
        let mut fields = Fields::new(document);
        let general = General::read(&mut fields);
        fields.finish(Self { general })
    }
}

/// A question about one request, by the id that its answer carried. The body is flat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestStatusRequest {
    /// The merchant's project.
    pub project_id: i64,
    /// The platform's id of the request.
    pub request_id: String,
}

impl RequestStatusRequest {
    /// Reads a request, or says everything that is wrong with it.
    pub fn parse(document: &Value) -> Result<Self, Vec<FieldError>> {
        let mut fields = Fields::new(document);
        let read = Self {
            project_id: fields.required("project_id", rule::integer(1..=SAFE_INTEGER)),
            request_id: fields.required("request_id", rule::text(IDENTIFIER_CHARACTERS)),
        };
        fields.finish(read)
    }
}
