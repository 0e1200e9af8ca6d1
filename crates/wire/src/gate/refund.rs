//! `POST /v2/payment/wallet/{method}/refund`: give a payment back, whole or in part.

use serde_json::Value;

use super::{CallbackOptions, General};
use crate::field::{FieldError, Fields};
use crate::limits::{DESCRIPTION_CHARACTERS, IDENTIFIER_CHARACTERS};
use crate::rule;

/// Public code of a currency without an amount: "The property amount is required".
const AMOUNT_REQUIRED: u32 = 3286;
/// Public code of an amount without a currency: "The property currency is required".
const CURRENCY_REQUIRED: u32 = 3287;

/// A request to give money back to the customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundRequest {
    /// Which payment of which project.
    pub general: General,
    /// How much and why.
    pub payment: RefundPayment,
    /// How the merchant wants to be told.
    pub callback: CallbackOptions,
    /// Which interface the request came through.
    pub interface_type: Option<u32>,
}

/// The refund asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundPayment {
    /// Minor units and ISO 4217 code; `None` for all that remains.
    pub sum: Option<(i64, String)>,
    /// Why. Optional here, though the method's document lists it, because plug-ins leave it out.
    pub description: Option<String>,
    /// The merchant's id of this refund, unique in the project.
    pub merchant_refund_id: Option<String>,
}

impl RefundRequest {
    /// Reads a request, or says everything that is wrong with it.
    pub fn parse(document: &Value) -> Result<Self, Vec<FieldError>> {
        let mut fields = Fields::new(document);
        let identifier = rule::text(IDENTIFIER_CHARACTERS);
        let read = Self {
            general: General::read(&mut fields),
            payment: RefundPayment {
                sum: read_sum(&mut fields),
                description: fields
                    .optional("payment.description", rule::text(DESCRIPTION_CHARACTERS)),
                merchant_refund_id: fields.optional("payment.merchant_refund_id", identifier),
            },
            callback: CallbackOptions::read(&mut fields),
            interface_type: fields.optional("interface_type", rule::interface_type),
        };
        fields.finish(read)
    }
}

fn read_sum(fields: &mut Fields<'_>) -> Option<(i64, String)> {
    const AMOUNT: &str = "payment.amount";
    const CURRENCY: &str = "payment.currency";
    match (fields.has(AMOUNT), fields.has(CURRENCY)) {
        (true, false) => fields.refuse(CURRENCY, "the currency of the amount", CURRENCY_REQUIRED),
        (false, true) => fields.refuse(AMOUNT, "an amount in that currency", AMOUNT_REQUIRED),
        (true, true) | (false, false) => {}
    }
    let amount = fields.optional(AMOUNT, rule::amount);
    amount.zip(fields.optional(CURRENCY, rule::currency))
}
