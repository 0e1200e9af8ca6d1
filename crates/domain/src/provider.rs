//! What a provider can tell us, as values. The connector makes them; [`decide`](crate::decide)
//! believes them. Anything that is not clearly one of the definite answers is `Unknown`.

use serde::{Deserialize, Serialize};

use crate::code::Code;
use crate::time::Timestamp;

/// Where the customer has to go to pay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redirect {
    /// How the address must be opened.
    pub method: RedirectMethod,
    /// Absolute address at the provider.
    pub url: String,
    /// Fields of the form to send, in order; empty with `GET`.
    pub fields: Vec<(String, String)>,
}

/// HTTP method of a [`Redirect`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RedirectMethod {
    /// A plain link.
    Get,
    /// A form that is sent.
    Post,
}

/// The provider's word that a sale is paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The provider's id of the transaction.
    pub transaction_id: String,
    /// When the provider says it happened.
    pub date: Option<Timestamp>,
    /// The mode really used, in the provider's word: `PPI`, `UPI`…
    pub mode: Option<String>,
    /// The bank's or UPI's reference (RRN).
    pub bank_reference: Option<String>,
}

/// Answer to "open this order".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InitiateAnswer {
    /// The order is open; the customer may be sent.
    Redirect(Redirect),
    /// The provider refused and surely made nothing.
    Refused(Code),
    /// No usable answer, for the reason given; the same request may be sent again.
    Unknown(Unclear),
}

/// Answer to "what became of this order".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SaleAnswer {
    /// Paid, with amount, currency, merchant and order as asked.
    Paid(Receipt),
    /// Definitely not paid, and never will be.
    Failed {
        /// Our code for the provider's reason.
        code: Code,
        /// The provider's id of the transaction, where it made one.
        transaction_id: Option<String>,
    },
    /// The provider does not know yet, or the customer has not acted.
    Pending,
    /// No usable answer.
    Unknown(Unclear),
}

/// Answer to "refund this", and to "what became of this refund".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundAnswer {
    /// Taken on; the result comes later.
    Pending {
        /// The provider's id of the refund.
        refund_id: Option<String>,
    },
    /// The money went back.
    Refunded {
        /// The provider's id of the refund.
        refund_id: Option<String>,
    },
    /// Definitely refused.
    Refused(Code),
    /// The provider has no refund under our reference.
    NotFound,
    /// Another refund is in the way; the same one may be sent again later.
    Busy,
    /// No usable answer.
    Unknown(Unclear),
}

/// Why an answer could not be believed. For logs, history and alarms, never for decisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Unclear {
    /// Nothing could be sent.
    NotSent,
    /// Sent, but no whole answer came in time.
    NoAnswer,
    /// An answer that can't be read.
    Unreadable,
    /// An answer without a valid checksum.
    NotAuthentic,
    /// An answer about another amount, currency, merchant or order.
    Mismatch,
    /// A result code that is not in the tables.
    UnknownCode,
    /// The provider reports a fault of its own.
    ProviderFault,
}
