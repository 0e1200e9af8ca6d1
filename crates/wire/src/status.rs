//! The answer to a status request: a payment with all its operations, signed like a callback.

use serde::{Deserialize, Serialize};

use crate::callback::{Customer, Operation, Payment, RedirectData};
use crate::field::WireError;
use crate::signature;

/// Public code and message for a payment that is not known (yet).
const NOT_FOUND: (&str, &str) = ("3061", "Transaction not found");

/// How a payment stands, without the signature. Always HTTP 200, even for an unknown payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusAnswer {
    /// The merchant's project.
    pub project_id: i64,
    /// The payment as it stands.
    pub payment: Payment,
    /// Who pays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<Customer>,
    /// All operations, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub operations: Vec<Operation>,
    /// Where to send the customer, while a redirect is awaited: a merchant that missed the callback
    /// can go on from here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect_data: Option<RedirectData>,
    /// Why there is nothing to tell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<WireError>,
}

impl StatusAnswer {
    /// Nothing is known of the payment: code 3061. Normal until the customer confirms Payment Page.
    pub fn not_found(project_id: i64, payment_id: String) -> Self {
        let (code, message) = NOT_FOUND;
        let error = WireError {
            code: code.to_owned(),
            field: None,
            message: message.to_owned(),
            description: None,
        };
        Self::of_refused_request(project_id, payment_id, vec![error])
    }

    /// The request that was asked about had been refused with these errors.
    pub fn of_refused_request(project_id: i64, payment_id: String, errors: Vec<WireError>) -> Self {
        Self {
            project_id,
            payment: Payment::in_error(payment_id),
            customer: None,
            operations: Vec::new(),
            redirect_data: None,
            errors,
        }
    }

    /// The body to answer with, its signature last.
    pub fn to_signed_json(&self, secret: &str) -> serde_json::Result<String> {
        signature::to_signed_json(self, secret)
    }
}
