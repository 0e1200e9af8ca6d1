//! What merchants, operators and the provider can make the platform do.

mod callbacks;
mod notify;
mod payments;
mod projects;
mod rates;
mod reconciliation;
mod refunds;
mod sales;

use domain::code::Code;
use domain::id::RequestId;

pub use callbacks::{Replay, Resent};
pub use payments::PaymentView;
pub use projects::{NewProject, ProjectView};
pub use rates::ImportError;
pub use reconciliation::{Compared, Theirs, Verdict};

use crate::platform::Fault;

/// A request was refused: nothing was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The public code.
    pub code: Code,
    /// For the merchant's developer: what was sent, what is expected.
    pub message: String,
    /// The parameter that is wrong, if it is one: `payment.amount`.
    pub field: Option<&'static str>,
    /// The earlier request that stands in the way of a repeated one.
    pub earlier: Option<RequestId>,
}

/// Why a verb did not do what was asked.
#[derive(Debug)]
pub enum VerbError {
    /// The request was refused.
    Refused(Refusal),
    /// A fault of ours.
    Fault(Fault),
}

impl From<Fault> for VerbError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<store::StoreError> for VerbError {
    fn from(error: store::StoreError) -> Self {
        Self::Fault(Fault::Store(error))
    }
}

impl Refusal {
    fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), field: None, earlier: None }
    }

    fn of_field(code: Code, field: &'static str, message: impl Into<String>) -> Self {
        Self { field: Some(field), ..Self::new(code, message) }
    }
}

impl From<Refusal> for VerbError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
