//! `POST /v2/payment/wallet/{method}/sale`: start a payment.

use serde_json::Value;

use super::{CallbackOptions, CustomerDetails, DetailPaths, General};
use crate::field::{FieldError, Fields};
use crate::limits::{DESCRIPTION_CHARACTERS, IDENTIFIER_CHARACTERS};
use crate::rule;

const DETAILS: DetailPaths = DetailPaths {
    first_name: "customer.first_name",
    last_name: "customer.last_name",
    middle_name: "customer.middle_name",
    email: "customer.email",
    phone: "customer.phone",
    country: "customer.country",
    state: "customer.state",
    city: "customer.city",
    address: "customer.address",
    zip: "customer.zip",
    day_of_birth: "customer.day_of_birth",
};

/// A request to take a payment from a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaleRequest {
    /// Which payment of which project.
    pub general: General,
    /// Who pays.
    pub customer: Customer,
    /// How much and for what.
    pub payment: SalePayment,
    /// Where the customer's browser goes after the provider.
    pub return_url: ReturnUrls,
    /// How the merchant wants to be told.
    pub callback: CallbackOptions,
    /// Which interface the request came through.
    pub interface_type: Option<u32>,
}

/// The customer who pays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    /// The merchant's id of the customer.
    pub id: String,
    /// IPv4 or IPv6, as written.
    pub ip_address: String,
    /// What else is known.
    pub details: CustomerDetails,
}

/// The payment asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SalePayment {
    /// Minor units of `currency`, at least 1.
    pub amount: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// Echoed in callbacks.
    pub description: Option<String>,
    /// Free text for reports.
    pub extra_param: Option<String>,
    /// When the payment must be finished, in unix milliseconds.
    pub best_before: Option<i64>,
}

/// Where the customer's browser goes after the provider, by outcome.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReturnUrls {
    /// The payment succeeded.
    pub success: Option<String>,
    /// The payment was declined.
    pub decline: Option<String>,
    /// The customer gave up, or the outcome is not known yet.
    pub returned: Option<String>,
}

impl SaleRequest {
    /// Reads a request, or says everything that is wrong with it.
    pub fn parse(document: &Value) -> Result<Self, Vec<FieldError>> {
        let mut fields = Fields::new(document);
        let description = rule::text(DESCRIPTION_CHARACTERS);
        let read = Self {
            general: General::read(&mut fields),
            customer: Customer {
                id: fields.required("customer.id", rule::text(IDENTIFIER_CHARACTERS)),
                ip_address: fields.required("customer.ip_address", rule::ip_address),
                details: CustomerDetails::read(&mut fields, &DETAILS),
            },
            payment: SalePayment {
                amount: fields.required("payment.amount", rule::amount),
                currency: fields.required("payment.currency", rule::currency),
                description: fields.optional("payment.description", &description),
                extra_param: fields.optional("payment.extra_param", &description),
                best_before: fields.optional("payment.best_before", rule::moment),
            },
            return_url: ReturnUrls {
                success: fields.optional("return_url.success", rule::url),
                decline: fields.optional("return_url.decline", rule::url),
                returned: fields.optional("return_url.return", rule::url),
            },
            callback: CallbackOptions::read(&mut fields),
            interface_type: fields.optional("interface_type", rule::interface_type),
        };
        fields.finish(read)
    }
}
