//! What comes out of [`decide`](crate::decide::decide): the changed payment and everything that
//! has to be stored with it in one transaction.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::code::Code;
use crate::id::{OperationId, RequestId};
use crate::journal::Transfer;
use crate::payment::{Payment, PaymentStatus};
use crate::provider::Unclear;
use crate::time::Timestamp;

/// A change of a payment, to be stored as a whole or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The payment as it is from now on.
    pub payment: Payment,
    /// What happened, for the history.
    pub events: Vec<Event>,
    /// What has to happen later.
    pub jobs: Vec<JobChange>,
    /// What the merchant has to be told, in this order.
    pub callbacks: Vec<CallbackKind>,
    /// What money moved.
    pub transfers: Vec<Transfer>,
}

/// Something that happened to a payment. Append-only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The merchant's sale was accepted.
    SaleAccepted,
    /// The provider opened the order; the customer may go there.
    RedirectReady,
    /// The provider gave no usable answer.
    ProviderUnclear {
        /// Why not.
        reason: Unclear,
    },
    /// The provider has the money.
    SaleCaptured {
        /// The mode really used.
        mode: Option<String>,
    },
    /// The provider declined an attempt, and the customer may try again.
    AttemptDeclined {
        /// Why.
        code: Code,
    },
    /// The customer tries again.
    SaleRetried {
        /// The new attempt.
        operation: OperationId,
    },
    /// The sale was declined.
    SaleDeclined {
        /// Why.
        code: Code,
    },
    /// The provider has the money of a payment that had been declined.
    PaidAfterDecline,
    /// A late success made the payment a success, as the project wants it.
    SalePromoted,
    /// The provider contradicts what it said before. No money moves; an operator must look.
    ProviderContradiction {
        /// What it says now.
        now_says: String,
    },
    /// A refund was accepted and its sum reserved.
    RefundAccepted {
        /// Which.
        operation: OperationId,
    },
    /// A refund goes to the provider.
    RefundSent {
        /// Which.
        operation: OperationId,
    },
    /// The provider took a refund on.
    RefundPending {
        /// Which.
        operation: OperationId,
    },
    /// The money of a refund went back.
    RefundSucceeded {
        /// Which.
        operation: OperationId,
    },
    /// A refund was declined.
    RefundDeclined {
        /// Which.
        operation: OperationId,
        /// Why.
        code: Code,
    },
    /// Giving back late money failed for good; an operator must look.
    GiveBackAbandoned,
}

impl Event {
    /// Whether a person has to look at it.
    pub const fn is_alarm(&self) -> bool {
        match self {
            Self::ProviderContradiction { .. } | Self::GiveBackAbandoned => true,
            Self::ProviderUnclear { reason } => match reason {
                Unclear::Mismatch => true,
                Unclear::NotSent
                | Unclear::NoAnswer
                | Unclear::Unreadable
                | Unclear::NotAuthentic
                | Unclear::UnknownCode
                | Unclear::ProviderFault => false,
            },
            Self::SaleAccepted
            | Self::RedirectReady
            | Self::SaleCaptured { .. }
            | Self::AttemptDeclined { .. }
            | Self::SaleRetried { .. }
            | Self::SaleDeclined { .. }
            | Self::PaidAfterDecline
            | Self::SalePromoted
            | Self::RefundAccepted { .. }
            | Self::RefundSent { .. }
            | Self::RefundPending { .. }
            | Self::RefundSucceeded { .. }
            | Self::RefundDeclined { .. } => false,
        }
    }
}

/// Something to do later. A payment has each of them at most once, so scheduling it again moves
/// it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JobKind {
    /// Open the attempt's order at the provider.
    InitiateSale(OperationId),
    /// Ask the provider what became of the attempt's order.
    AskSale(OperationId),
    /// Ask it one last question shortly before the limit time; at the limit time, decline.
    LimitSale,
    /// Move the refund on: send it, or ask what became of it.
    Refund(OperationId),
    /// Try again to give back money that came by this attempt after its decline.
    GiveBack(OperationId),
}

/// A change of a payment's jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobChange {
    /// Run it at this time, whatever was planned before.
    Schedule {
        /// What.
        kind: JobKind,
        /// When.
        at: Timestamp,
    },
    /// Don't run it.
    Cancel(JobKind),
}

/// What a callback is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallbackKind {
    /// The customer has to be redirected. Can't be switched off, and is void once the sale ends.
    Redirect,
    /// The sale ended, or ended differently than told before; or an attempt did.
    Sale,
    /// A refund ended.
    Refund(OperationId),
}

/// Why a command was refused. Nothing changes.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Rejection {
    /// The payment id is taken.
    #[error("payment_id is taken: request {request:?} was accepted under it")]
    PaymentExists {
        /// The request that took it.
        request: RequestId,
        /// Whether that request asked for the same.
        same: bool,
    },
    /// No such payment.
    #[error("there is no such payment")]
    PaymentNotFound,
    /// The payment isn't one that can be refunded.
    #[error("a payment with status {status:?} can't be refunded")]
    NotRefundable {
        /// What it is.
        status: PaymentStatus,
    },
    /// The merchant used this refund id before.
    #[error("merchant_refund_id is taken: request {request:?} was accepted under it")]
    RefundExists {
        /// The request that used it.
        request: RequestId,
    },
    /// Another currency than the payment's.
    #[error("the refund's currency isn't the payment's")]
    RefundCurrency,
    /// A bound of [`limits`](crate::limits) is reached.
    #[error("the payment has too many refunds")]
    TooManyRefunds,
    /// The command does not belong to this state; programming error or stale job, harmless.
    #[error("the command came too late or too early")]
    OutOfPlace,
}
