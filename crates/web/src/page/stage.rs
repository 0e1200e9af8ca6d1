//! How far a payment has come, as its customer sees it.

use domain::code::Code;
use domain::payment::{Payment, PaymentStatus, SaleState};
use domain::provider::Redirect;

/// How far a payment has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage<'a> {
    /// Not confirmed.
    Absent,
    /// Paytm is being told.
    Preparing,
    /// Paytm waits for the customer, or does not know the result.
    Ready(&'a Redirect),
    /// Paid.
    Paid,
    /// Paid, and given back in full.
    Refunded,
    /// Not paid yet: the last try failed, and another one may be made.
    Retry(Code),
    /// Not paid.
    Declined(Code),
}

impl<'a> Stage<'a> {
    /// The stage of a payment.
    pub(super) fn of(payment: Option<&'a Payment>) -> Self {
        let Some(payment) = payment else { return Self::Absent };
        match &payment.sale.state {
            SaleState::Initiating => Self::Preparing,
            SaleState::AwaitingRedirect(redirect) => Self::Ready(redirect),
            SaleState::Captured(_) if payment.status() == PaymentStatus::Refunded => Self::Refunded,
            SaleState::Captured(_) => Self::Paid,
            SaleState::AwaitingRetry { code, .. } => Self::Retry(*code),
            SaleState::Declined { code, .. } | SaleState::DeclinedThenPaid { code, .. } => {
                Self::Declined(*code)
            }
        }
    }

    /// Its name in events, templates and translations.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Preparing => "preparing",
            Self::Ready(_) => "ready",
            Self::Paid => "paid",
            Self::Refunded => "refunded",
            Self::Retry(_) => "retry",
            Self::Declined(_) => "declined",
        }
    }

    /// Whether it can't go on from here.
    pub(super) const fn is_final(self) -> bool {
        match self {
            Self::Absent | Self::Preparing | Self::Ready(_) | Self::Retry(_) => false,
            Self::Paid | Self::Refunded | Self::Declined(_) => true,
        }
    }
}

/// Which attempt at the payment is the newest, from 1; 0 before it is confirmed.
pub(super) fn attempt(payment: Option<&Payment>) -> u32 {
    payment.map_or(0, |payment| payment.sale.attempt)
}

/// What the customer is told about a decline; `reason_…` in the translations.
pub(super) const fn reason(code: Code) -> &'static str {
    match code {
        Code::CustomerCancelled => "cancelled",
        Code::InsufficientFunds => "funds",
        Code::CustomerLimit => "limit",
        Code::AccountData | Code::AccountGone | Code::AccountRestricted => "account",
        Code::AutoDecline | Code::ProviderTimeout => "time",
        Code::ProviderDown | Code::ProviderUnavailable | Code::TryAgain => "down",
        Code::AcquirerSettings
        | Code::MerchantBlocked
        | Code::ProviderRejected
        | Code::AccessDenied
        | Code::ProjectSettings => "shop",
        Code::IncorrectAmount => "amount",
        Code::Success
        | Code::GeneralDecline
        | Code::InternalError
        | Code::ValidationError
        | Code::MalformedRequest
        | Code::InvalidJson
        | Code::RequiredField
        | Code::ProjectNotFound
        | Code::UnknownMethod
        | Code::AmountAboveLimit
        | Code::CurrencyDisabled
        | Code::PaymentExists
        | Code::StatusForbids
        | Code::NotFound
        | Code::InvalidCurrency
        | Code::RefundIdExists
        | Code::InvalidSignature
        | Code::EmptySignature
        | Code::RefundTooLarge
        | Code::RefundCurrency
        | Code::AmountRequired
        | Code::ConvertedTooSmall
        | Code::CurrencyRequired
        | Code::AmountBelowLimit
        | Code::RefundUnavailable
        | Code::Awaiting
        | Code::ProviderGeneral
        | Code::ProviderDecline
        | Code::ProviderRisk
        | Code::AcquirerBalance => "other",
    }
}
