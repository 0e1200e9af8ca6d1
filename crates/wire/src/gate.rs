//! Gate: requests that start a sale or a refund or ask for a status, and their immediate answers.
//!
//! A request is read from a strictly parsed document (see [`crate::json`]) whose signature has been
//! verified. Reading collects every wrong parameter; members nobody knows are ignored.

mod answer;
mod refund;
mod sale;
mod status;

use crate::field::Fields;
use crate::limits::{IDENTIFIER_CHARACTERS, NAME_CHARACTERS, SAFE_INTEGER};
use crate::rule;

pub use answer::{Accepted, Refused};
pub use refund::{RefundPayment, RefundRequest};
pub use sale::{Customer, ReturnUrls, SalePayment, SaleRequest};
pub use status::{RequestStatusRequest, StatusRequest};

/// The `general` object: which payment of which project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct General {
    /// The merchant's project.
    pub project_id: i64,
    /// The merchant's payment, unique in the project.
    pub payment_id: String,
    /// Where callbacks go instead of the project's URL.
    pub merchant_callback_url: Option<String>,
}

impl General {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            project_id: fields.required("general.project_id", rule::integer(1..=SAFE_INTEGER)),
            payment_id: fields.required("general.payment_id", rule::text(IDENTIFIER_CHARACTERS)),
            merchant_callback_url: fields.optional("general.merchant_callback_url", rule::url),
        }
    }
}

/// The `callback` object: how the merchant wants to be told about this request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CallbackOptions {
    /// Hold callbacks back by so many seconds, 0 to 600.
    pub delay_seconds: u32,
    /// Send no informational callbacks; those that the payment needs to go on are sent regardless.
    pub force_disable: bool,
}

impl CallbackOptions {
    fn read(fields: &mut Fields<'_>) -> Self {
        let delay = rule::integer(crate::limits::CALLBACK_DELAY_SECONDS);
        let delay_seconds = fields.optional("callback.delay", delay).unwrap_or_default();
        Self {
            delay_seconds: u32::try_from(delay_seconds).unwrap_or_default(),
            force_disable: fields
                .optional("callback.force_disable", rule::flag)
                .unwrap_or_default(),
        }
    }
}

/// What may be known of a customer besides the id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the names say it; formats are in the rules they are read by")]
pub struct CustomerDetails {
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub middle_name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    /// ISO 3166-1 alpha-2 in capitals.
    pub country: Option<String>,
    pub state: Option<String>,
    pub city: Option<String>,
    pub address: Option<String>,
    pub zip: Option<String>,
    /// `DD-MM-YYYY`.
    pub day_of_birth: Option<String>,
}

/// Where a face of the platform finds each of the [`CustomerDetails`].
pub(crate) struct DetailPaths {
    pub(crate) first_name: &'static str,
    pub(crate) last_name: &'static str,
    pub(crate) middle_name: &'static str,
    pub(crate) email: &'static str,
    pub(crate) phone: &'static str,
    pub(crate) country: &'static str,
    pub(crate) state: &'static str,
    pub(crate) city: &'static str,
    pub(crate) address: &'static str,
    pub(crate) zip: &'static str,
    pub(crate) day_of_birth: &'static str,
}

impl CustomerDetails {
    pub(crate) fn read(fields: &mut Fields<'_>, paths: &DetailPaths) -> Self {
        let name = rule::text(NAME_CHARACTERS);
        Self {
            first_name: fields.optional(paths.first_name, &name),
            last_name: fields.optional(paths.last_name, &name),
            middle_name: fields.optional(paths.middle_name, &name),
            email: fields.optional(paths.email, rule::email),
            phone: fields.optional(paths.phone, rule::phone),
            country: fields.optional(paths.country, rule::country),
            state: fields.optional(paths.state, &name),
            city: fields.optional(paths.city, &name),
            address: fields.optional(paths.address, &name),
            zip: fields.optional(paths.zip, &name),
            day_of_birth: fields.optional(paths.day_of_birth, rule::day_of_birth),
        }
    }
}
