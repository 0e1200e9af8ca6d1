//! Everything that may be asked of a payment.

use crate::id::{NewOperation, OperationId, PaymentKey};
use crate::money::Amount;
use crate::payment::{CallbackPreference, Terms};
use crate::provider::{InitiateAnswer, RefundAnswer, SaleAnswer};

/// Something that is asked of a payment, or told about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// The merchant wants a sale.
    AcceptSale {
        /// Which payment it makes.
        key: PaymentKey,
        /// The identities of the sale.
        operation: NewOperation,
        /// What was asked.
        terms: Box<Terms>,
    },
    /// The provider answered to the opening of an attempt's order.
    SaleInitiated {
        /// Which attempt.
        sale: OperationId,
        /// What it said.
        answer: InitiateAnswer,
    },
    /// The provider, or the customer's browser, says that something happened to this attempt's
    /// order. Never believed; it makes us ask.
    ProviderHint(OperationId),
    /// The provider's status API answered.
    SaleAnswered {
        /// About which attempt.
        sale: OperationId,
        /// What it said.
        answer: SaleAnswer,
        /// Whether this was the last question before the limit time.
        last: bool,
        /// The identities of a refund, should the money have to go back.
        give_back: NewOperation,
    },
    /// The limit time has come.
    LimitReached,
    /// The customer tries again to pay, after an attempt that failed.
    RetrySale(NewOperation),
    /// The customer does not want to try again.
    GiveUp,
    /// The merchant wants money given back.
    AcceptRefund(RefundRequest),
    /// A refund is about to be sent for the first time.
    RefundSending(OperationId),
    /// The provider answered about a refund.
    RefundAnswered {
        /// Which.
        operation: OperationId,
        /// What it said.
        answer: RefundAnswer,
    },
    /// It is time to try again to give back late money.
    RetryGiveBack {
        /// The attempt that it came by.
        sale: OperationId,
        /// The identities of the new refund.
        operation: NewOperation,
    },
}

/// What a merchant asks when it wants money given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundRequest {
    /// The identities of the refund.
    pub operation: NewOperation,
    /// How much; all that is left when nothing is said.
    pub amount: Option<Amount>,
    /// The merchant's own id, which makes a retry safe.
    pub merchant_refund_id: Option<String>,
    /// The merchant's words.
    pub description: Option<String>,
    /// Where and whether to tell the merchant.
    pub callback: CallbackPreference,
}
