//! A payment: what the merchant asked for, its one sale and its refunds.

use serde::{Deserialize, Serialize};

use crate::code::Code;
use crate::id::{OperationId, PaymentKey, ProviderReference, RequestId};
use crate::money::Amount;
use crate::provider::{Receipt, Redirect};
use crate::refund::{Refund, RefundOrigin, RefundState};
use crate::time::Timestamp;

/// A payment as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Its project, id and lane.
    pub key: PaymentKey,
    /// How many events it has had; rises by each.
    pub version: u32,
    /// What was agreed when the sale was accepted.
    pub terms: Terms,
    /// The sale.
    pub sale: Sale,
    /// All refunds, oldest first.
    pub refunds: Vec<Refund>,
}

/// What was agreed when the sale was accepted; never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// As asked.
    pub amount: Amount,
    /// The same in the project's settlement currency, at the rate of the day of the sale.
    pub converted: Amount,
    /// The merchant's words about the payment.
    pub description: Option<String>,
    /// Who pays.
    pub customer: Customer,
    /// Where and whether to tell the merchant.
    pub callback: CallbackPreference,
    /// Where the customer goes after the provider.
    pub return_urls: ReturnUrls,
    /// What happens to money that comes after the decline.
    pub late_success: LateSuccessPolicy,
    /// When the payment is declined unless it has ended.
    pub limit_at: Timestamp,
    /// A digest of what was asked, to tell a repeated request from a different one.
    pub request_digest: u64,
}

/// The paying person, as the merchant names them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Customer {
    /// The merchant's id.
    pub id: String,
    /// IPv4 or IPv6.
    pub ip_address: Option<String>,
    /// Digits.
    pub phone: Option<String>,
    /// As given.
    pub email: Option<String>,
    /// As given.
    pub first_name: Option<String>,
    /// As given.
    pub last_name: Option<String>,
}

/// Where and whether the merchant is told.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CallbackPreference {
    /// Instead of the project's address.
    pub url: Option<String>,
    /// Wait before the first try, in seconds, at most 600.
    pub delay_seconds: u32,
    /// No informational callbacks; those that tell the merchant to act are sent all the same.
    pub disabled: bool,
}

/// Where the customer is sent after the provider.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ReturnUrls {
    /// After a success.
    pub success: Option<String>,
    /// After a decline.
    pub decline: Option<String>,
    /// When the customer gave up, or nothing is known yet.
    pub unknown: Option<String>,
}

/// What happens to money that the provider took although the payment had been declined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LateSuccessPolicy {
    /// It is given back to the customer.
    GiveBack,
    /// The payment becomes a success.
    Promote,
}

/// The sale operation of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sale {
    /// Its number on the wire.
    pub id: OperationId,
    /// The request that asked for it.
    pub request: RequestId,
    /// Our name for it at the provider (`orderId`), the same at every try.
    pub reference: ProviderReference,
    /// When it was accepted.
    pub created: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
    /// Whether the last question before the limit has been answered, or has failed.
    pub last_question_asked: bool,
    /// What is true of it now.
    pub state: SaleState,
}

/// Where a sale stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SaleState {
    /// Accepted; the provider has not confirmed the order yet.
    Initiating,
    /// The customer may pay there.
    AwaitingRedirect(Redirect),
    /// Paid.
    Captured(Receipt),
    /// Declined.
    Declined {
        /// Why.
        code: Code,
        /// The provider's id of the transaction, where it made one.
        transaction_id: Option<String>,
    },
    /// Declined, and paid afterwards: the money is on the suspense account until it has gone
    /// back.
    DeclinedThenPaid {
        /// Why it had been declined.
        code: Code,
        /// The late success.
        receipt: Receipt,
    },
}

/// The status of a payment on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PaymentStatus {
    /// The platform works on it.
    Processing,
    /// The customer has to pay, or is paying.
    AwaitingRedirectResult,
    /// Paid.
    Success,
    /// Not paid.
    Decline,
    /// Paid, and a part given back.
    PartiallyRefunded,
    /// Paid, and all given back.
    Refunded,
}

impl PaymentStatus {
    /// Every status.
    pub const ALL: [Self; 6] = [
        Self::Processing,
        Self::AwaitingRedirectResult,
        Self::Success,
        Self::Decline,
        Self::PartiallyRefunded,
        Self::Refunded,
    ];

    /// The word for it, on the wire and in the store (spec/ecommpay §4.1).
    pub const fn name(self) -> &'static str {
        match self {
            Self::Processing => "processing",
            Self::AwaitingRedirectResult => "awaiting redirect result",
            Self::Success => "success",
            Self::Decline => "decline",
            Self::PartiallyRefunded => "partially refunded",
            Self::Refunded => "refunded",
        }
    }
}

/// How much of a payment is where, in minor units of its currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Balance {
    /// Taken from the customer.
    pub captured: i64,
    /// Given back.
    pub refunded: i64,
    /// Reserved for refunds that have not ended.
    pub refunding: i64,
}

impl Balance {
    /// What may still be given back.
    pub const fn remaining(self) -> i64 {
        self.captured.saturating_sub(self.refunded).saturating_sub(self.refunding)
    }

    /// Invariant I2: never more on its way back than was taken.
    pub const fn holds(self) -> bool {
        self.refunded >= 0 && self.refunding >= 0 && self.remaining() >= 0
    }
}

impl Payment {
    /// Captured, refunded and reserved sums, folded from the operations.
    pub fn balance(&self) -> Balance {
        let mut balance = Balance::default();
        match self.sale.state {
            SaleState::Captured(_) | SaleState::DeclinedThenPaid { .. } => {
                balance.captured = self.terms.amount.minor();
            }
            SaleState::Initiating | SaleState::AwaitingRedirect(_) | SaleState::Declined { .. } => {
            }
        }
        for refund in &self.refunds {
            let minor = refund.amount.minor();
            match refund.state {
                RefundState::Queued | RefundState::Sent { .. } | RefundState::Pending { .. } => {
                    balance.refunding = balance.refunding.saturating_add(minor);
                }
                RefundState::Refunded { .. } => {
                    balance.refunded = balance.refunded.saturating_add(minor);
                }
                RefundState::Declined { .. } => {}
            }
        }
        balance
    }

    /// The status that merchants see. It follows from the operations alone.
    pub fn status(&self) -> PaymentStatus {
        match self.sale.state {
            SaleState::Initiating => PaymentStatus::Processing,
            SaleState::AwaitingRedirect(_) => PaymentStatus::AwaitingRedirectResult,
            SaleState::Declined { .. } | SaleState::DeclinedThenPaid { .. } => {
                PaymentStatus::Decline
            }
            SaleState::Captured(_) => {
                let balance = self.balance();
                if balance.refunded == 0 {
                    PaymentStatus::Success
                } else if balance.refunded < balance.captured {
                    PaymentStatus::PartiallyRefunded
                } else {
                    PaymentStatus::Refunded
                }
            }
        }
    }

    /// When anything of it last changed.
    pub fn updated(&self) -> Timestamp {
        self.refunds.iter().map(|refund| refund.updated).fold(self.sale.updated, Ord::max)
    }

    /// The refund with this number.
    pub fn refund(&self, id: OperationId) -> Option<&Refund> {
        self.refunds.iter().find(|refund| refund.id == id)
    }

    /// What was converted of refunds that are not declined, in settlement minor units.
    pub fn converted_given_back(&self) -> i64 {
        self.refunds
            .iter()
            .filter(|refund| !matches!(refund.state, RefundState::Declined { .. }))
            .fold(0, |sum, refund| sum.saturating_add(refund.converted.minor()))
    }

    /// How often giving back late money was tried.
    pub fn give_back_attempts(&self) -> u32 {
        let late = |refund: &&Refund| refund.origin == RefundOrigin::LateSuccess;
        u32::try_from(self.refunds.iter().filter(late).count()).unwrap_or(u32::MAX)
    }

    /// Whether nothing of it is left to happen (apart from late news from the provider).
    pub fn is_settled(&self) -> bool {
        let sale_over = match self.sale.state {
            SaleState::Initiating | SaleState::AwaitingRedirect(_) => false,
            SaleState::Captured(_) | SaleState::Declined { .. } => true,
            SaleState::DeclinedThenPaid { .. } => {
                let balance = self.balance();
                balance.refunded == balance.captured
            }
        };
        sale_over && self.refunds.iter().all(|refund| refund.state.is_final())
    }
}
