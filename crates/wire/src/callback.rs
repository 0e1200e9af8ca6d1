//! Callbacks: what the platform posts to the merchant, and how a merchant reads it.
//!
//! The order of members is that of the method's document: a sale names its provider before the
//! code, a refund after the message. What is `None` is left out, as the document's examples do.

use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::date;
use crate::field::WireError;
use crate::json::{self, JsonError};
use crate::limits::EMITTED_LIST_ITEMS;
use crate::signature::{self, VerifyError};
use crate::vocabulary::{
    OperationStatus, OperationType, PaymentStatus, PaymentType, RedirectMethod,
};

/// One callback, without its signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Callback {
    /// The merchant's project.
    pub project_id: i64,
    /// The payment as it stands.
    pub payment: Payment,
    /// Who pays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<Customer>,
    /// The operation that the callback is about; none if the request never became one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<Operation>,
    /// Where to send the customer, while a redirect is awaited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect_data: Option<RedirectData>,
    /// Why the request was invalid. At most ten are sent, so that every client verifies them.
    #[serde(default, skip_serializing_if = "Vec::is_empty", serialize_with = "first_errors")]
    pub errors: Vec<WireError>,
}

/// The payment as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// The merchant's id of it.
    pub id: String,
    /// What kind of payment; absent when the request was invalid.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<PaymentType>,
    /// Where it stands.
    pub status: PaymentStatus,
    /// When it last changed, in unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "date::optional")]
    pub date: Option<i64>,
    /// Display name of the method: `Paytm Wallet`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The original amount; refunds leave it as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sum: Option<Sum>,
    /// The merchant's id of the refund that the callback is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merchant_refund_id: Option<String>,
    /// The merchant's description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// An amount with its currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    /// Minor units.
    pub amount: i64,
    /// ISO 4217 code.
    pub currency: String,
}

/// Who pays.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Customer {
    /// The merchant's id of the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Telephone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

/// One operation of a payment.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Operation {
    /// The platform's id, below 2^53.
    pub id: i64,
    /// What it does.
    #[serde(rename = "type")]
    pub kind: OperationType,
    /// Where it stands.
    pub status: OperationStatus,
    /// When it last changed, in unix milliseconds.
    #[serde(with = "date::wire")]
    pub date: i64,
    /// When it began, in unix milliseconds.
    #[serde(with = "date::wire")]
    pub created_date: i64,
    /// The platform's id of the request that began it.
    pub request_id: String,
    /// As asked for.
    pub sum_initial: Sum,
    /// In the currency of the provider.
    pub sum_converted: Sum,
    /// Public code, decimal: `0`, `603`.
    pub code: String,
    /// The code's message.
    pub message: String,
    /// What the provider knows; absent when it was never asked.
    #[serde(default)]
    pub provider: Option<Provider>,
}

/// What the provider knows of an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provider {
    /// The platform's number of the provider: 2469 for Paytm.
    pub id: i64,
    /// The provider's id of the payment; empty if it gave none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_id: Option<String>,
    /// When the provider answered, in unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "date::optional")]
    pub date: Option<i64>,
    /// The bank's authorisation code; empty for wallets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_code: Option<String>,
}

/// How to send the customer's browser to the provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedirectData {
    /// Form fields to post, in order; written as `[]` when there are none.
    #[serde(serialize_with = "write_fields", deserialize_with = "read_fields")]
    pub body: Vec<(String, String)>,
    /// How to open `url`.
    pub method: RedirectMethod,
    /// Where to go.
    #[serde(serialize_with = "write_url")]
    pub url: String,
}

/// Why a callback is not to be believed, or cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CallbackError {
    /// The body is not an acceptable JSON document.
    #[error("the callback is not JSON: {0}")]
    Json(#[from] JsonError),
    /// The signature is missing or wrong. Answer HTTP 400 and do nothing.
    #[error(transparent)]
    Signature(#[from] VerifyError),
    /// It is signed, but has not the shape of a callback.
    #[error("the callback has an unknown shape")]
    Shape(#[source] serde_json::Error),
}

impl Callback {
    /// Tells that a request was invalid and nothing was processed.
    pub fn of_invalid_request(
        project_id: i64,
        payment_id: String,
        customer: Option<Customer>,
        errors: Vec<WireError>,
    ) -> Self {
        let payment = Payment::in_error(payment_id);
        Self { project_id, payment, customer, operation: None, redirect_data: None, errors }
    }

    /// The body to post, its signature last.
    pub fn to_signed_json(&self, secret: &str) -> serde_json::Result<String> {
        signature::to_signed_json(self, secret)
    }

    /// Reads a body received by a merchant, if one of the `secrets` signed it.
    pub fn verify_and_parse(body: &[u8], secrets: &[&str]) -> Result<Self, CallbackError> {
        let document = json::parse_strict(body)?;
        let given = signature::given(&document).unwrap_or_default();
        signature::verify(&document, given, secrets)?;
        serde_json::from_value(document).map_err(CallbackError::Shape)
    }
}

impl Payment {
    /// A payment that does not exist, or never will: only its id and the status `error`.
    pub fn in_error(id: String) -> Self {
        Self {
            id,
            kind: None,
            status: PaymentStatus::Error,
            date: None,
            method: None,
            sum: None,
            merchant_refund_id: None,
            description: None,
        }
    }
}

impl Serialize for Operation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let provider = self.provider.as_ref();
        let (before_code, after_message) =
            if self.kind == OperationType::Sale { (provider, None) } else { (None, provider) };
        let members = OperationMembers {
            id: self.id,
            kind: self.kind,
            status: self.status,
            date: self.date,
            created_date: self.created_date,
            request_id: &self.request_id,
            sum_initial: &self.sum_initial,
            sum_converted: &self.sum_converted,
            before_code,
            code: &self.code,
            message: &self.message,
            after_message,
        };
        members.serialize(serializer)
    }
}

/// An [`Operation`] with both places where its provider may stand.
#[derive(Serialize)]
struct OperationMembers<'a> {
    id: i64,
    #[serde(rename = "type")]
    kind: OperationType,
    status: OperationStatus,
    #[serde(with = "date::wire")]
    date: i64,
    #[serde(with = "date::wire")]
    created_date: i64,
    request_id: &'a str,
    sum_initial: &'a Sum,
    sum_converted: &'a Sum,
    #[serde(rename = "provider", skip_serializing_if = "Option::is_none")]
    before_code: Option<&'a Provider>,
    code: &'a str,
    message: &'a str,
    #[serde(rename = "provider", skip_serializing_if = "Option::is_none")]
    after_message: Option<&'a Provider>,
}

fn first_errors<S: Serializer>(errors: &[WireError], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(errors.iter().take(EMITTED_LIST_ITEMS))
}

fn write_fields<S: Serializer>(
    fields: &[(String, String)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    if fields.is_empty() {
        return serializer.collect_seq([(); 0]);
    }
    let mut object = serializer.serialize_map(Some(fields.len()))?;
    for (name, value) in fields {
        object.serialize_entry(name, value)?;
    }
    object.end()
}

fn read_fields<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<(String, String)>, D::Error> {
    let Value::Object(fields) = Value::deserialize(from)? else {
        // The platform writes "no fields" as an empty list.
        return Ok(Vec::new());
    };
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Ok(fields.iter().map(|(name, value)| (name.clone(), text(value))).collect())
}

/// No emitted value holds a `;`; in a URL its escape means the same.
fn write_url<S: Serializer>(url: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&url.replace(';', "%3B"))
}
