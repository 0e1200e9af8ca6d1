//! The double-entry journal: every movement of money as postings that sum to zero in each
//! currency. Append-only, written in the transaction that changes the payment.

use serde::{Deserialize, Serialize};

use crate::id::OperationId;
use crate::money::Amount;

/// An account of the journal. A positive balance is money the account holds or is owed; the
/// balances of all accounts sum to zero in every currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Account {
    /// The paying side: falls by what customers paid, rises by what they got back.
    Customer,
    /// What is owed to the merchant.
    Merchant,
    /// Money that came after the decline and has not found its owner.
    Suspense,
    /// Reserved for refunds that have not ended.
    RefundsInFlight,
    /// The two sides of a conversion between currencies.
    Conversion,
}

impl Account {
    /// Every account.
    pub const ALL: [Self; 5] =
        [Self::Customer, Self::Merchant, Self::Suspense, Self::RefundsInFlight, Self::Conversion];

    /// The name it is stored and shown under.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Merchant => "merchant",
            Self::Suspense => "suspense",
            Self::RefundsInFlight => "refunds_in_flight",
            Self::Conversion => "conversion",
        }
    }

    /// The account of a stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|account| account.name() == name)
    }
}

/// One movement of money between two accounts, on behalf of an operation. It is zero-sum by
/// construction: the same amount leaves `from` and reaches `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transfer {
    /// The operation that moved it.
    pub operation: OperationId,
    /// Falls by the amount.
    pub from: Account,
    /// Rises by the amount.
    pub to: Account,
    /// How much.
    pub amount: Amount,
}
