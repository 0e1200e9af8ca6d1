//! A refund: money on its way back to the customer.

use serde::{Deserialize, Serialize};

use crate::code::Code;
use crate::id::{OperationId, ProviderReference, RequestId};
use crate::money::Amount;
use crate::payment::CallbackPreference;
use crate::time::Timestamp;

/// One refund of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// Its number on the wire.
    pub id: OperationId,
    /// The attempt at the sale whose money it gives back.
    pub sale: OperationId,
    /// The request that asked for it.
    pub request: RequestId,
    /// Our name for it at the provider (`refId`), the same at every try.
    pub reference: ProviderReference,
    /// The merchant's own id, which makes a retry safe.
    pub merchant_refund_id: Option<String>,
    /// Who wanted it.
    pub origin: RefundOrigin,
    /// As asked, in the payment's currency.
    pub amount: Amount,
    /// The same in the project's settlement currency.
    pub converted: Amount,
    /// The merchant's words.
    pub description: Option<String>,
    /// Where and whether to tell the merchant.
    pub callback: CallbackPreference,
    /// When it was accepted.
    pub created: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
    /// What is true of it now.
    pub state: RefundState,
}

/// Who wanted a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RefundOrigin {
    /// The merchant or an operator.
    Merchant,
    /// The platform, because the money came after the decline.
    LateSuccess,
}

/// Where a refund stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum RefundState {
    /// Accepted and reserved; waits for its turn, because Paytm takes one refund of an order at
    /// a time. Nothing was sent.
    Queued,
    /// Sent, or about to be: the provider may know it.
    Sent {
        /// When it was first sent.
        since: Timestamp,
    },
    /// The provider took it on.
    Pending {
        /// When it was first sent.
        since: Timestamp,
        /// The provider's id.
        provider_id: Option<String>,
    },
    /// The money went back.
    Refunded {
        /// The provider's id.
        provider_id: Option<String>,
    },
    /// Refused, by the rules or by the provider.
    Declined {
        /// Why.
        code: Code,
    },
}

impl RefundState {
    /// Whether nothing will change any more.
    pub const fn is_final(&self) -> bool {
        match self {
            Self::Queued | Self::Sent { .. } | Self::Pending { .. } => false,
            Self::Refunded { .. } | Self::Declined { .. } => true,
        }
    }

    /// Whether the provider is busy with it.
    pub const fn is_at_provider(&self) -> bool {
        match self {
            Self::Sent { .. } | Self::Pending { .. } => true,
            Self::Queued | Self::Refunded { .. } | Self::Declined { .. } => false,
        }
    }
}
