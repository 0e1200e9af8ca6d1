//! Requests to Paytm, and what its answers mean.
//!
//! The same request may be made any number of times: its `body` depends on the arguments alone
//! and is the same to the byte, so that a repetition is the same order to Paytm and not another.
//! No answer is an error. Whatever does not clearly and authentically say what happened is
//! `Unknown`, and asking goes on.

mod account;
mod customer;
mod refund;
mod sale;

use domain::id::ProviderReference;
use domain::money::{Amount, Currency};
use domain::provider::Unclear;

use crate::checksum::ChecksumError;

pub use account::{AccountAnswer, account_answered};
pub use refund::{Refund, ask_refund, refund, refund_answered, refund_status_answered};
pub use sale::{ask_sale, initiate, initiated, sale_answered};

/// A sale, as Paytm knows it.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    /// `orderId`.
    pub reference: &'a ProviderReference,
    /// What the customer is to pay.
    pub amount: Amount,
}

/// Why a request could not be made.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The amount is not in Indian rupees.
    #[error("Paytm takes rupees, not {}", .0.code())]
    Currency(Currency),
    /// The body could not be signed.
    #[error("the request could not be signed")]
    Checksum(#[from] ChecksumError),
    /// The body could not be written.
    #[error("the request could not be written")]
    Json(#[from] serde_json::Error),
}

/// An amount as Paytm writes it: rupees with two decimals, as text.
fn rupees(amount: Amount) -> Result<String, BuildError> {
    if amount.currency() == Currency::INR {
        Ok(amount.to_decimal())
    } else {
        Err(BuildError::Currency(amount.currency()))
    }
}

/// What an answer says of one thing that was asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Echo {
    /// The same.
    Same,
    /// Nothing.
    Absent,
    /// Something else.
    Different,
}

impl Echo {
    fn of_text(given: Option<&str>, asked: &str) -> Self {
        match given.filter(|given| !says_nothing(given)) {
            None => Self::Absent,
            Some(given) if given == asked => Self::Same,
            Some(_) => Self::Different,
        }
    }

    /// Amounts are compared as numbers: Paytm writes `10` and `10.00`.
    fn of_amount(given: Option<&str>, asked: Amount) -> Self {
        match given.filter(|given| !says_nothing(given)) {
            None => Self::Absent,
            Some(given) if Amount::from_decimal(given, Currency::INR) == Some(asked) => Self::Same,
            Some(_) => Self::Different,
        }
    }
}

/// Refuses an answer in which something differs from what was asked.
fn none_differs(echoes: &[Echo]) -> Result<(), Unclear> {
    if echoes.contains(&Echo::Different) { Err(Unclear::Mismatch) } else { Ok(()) }
}

/// Refuses an answer that does not name everything that was asked about.
fn all_same(echoes: &[Echo]) -> Result<(), Unclear> {
    if echoes.iter().all(|echo| *echo == Echo::Same) { Ok(()) } else { Err(Unclear::Mismatch) }
}

/// An optional text of an answer, where it says something and is not longer than Paytm's longest
/// id.
fn said(text: Option<String>) -> Option<String> {
    const CHARS_MAX: usize = 64;
    text.filter(|text| text.len() <= CHARS_MAX && !says_nothing(text))
}

/// Whether a text is one that Paytm writes for nothing: empty, or `null`.
fn says_nothing(text: &str) -> bool {
    text.is_empty() || text.eq_ignore_ascii_case("null")
}
