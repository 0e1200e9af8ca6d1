//! The public result codes that Dwar gives, each with its message (spec/ecommpay §4.4).

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal $message:literal,)+) => {
        /// A public result code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $($(#[$doc])* $name,)+ }

        impl Code {
            /// Every code, in order of its number.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The number that stands on the wire.
            pub const fn number(self) -> u32 {
                match self { $(Self::$name => $number,)+ }
            }

            /// The message that goes with the number.
            pub const fn message(self) -> &'static str {
                match self { $(Self::$name => $message,)+ }
            }
        }
    };
}

codes! {
    /// The operation succeeded.
    Success = 0 "Success",
    /// A decline that no other code tells better.
    GeneralDecline = 100 "General decline",
    /// The method isn't enabled for the project.
    AccessDenied = 303 "Access denied",
    /// The project's settings don't allow this, or lack something it needs.
    ProjectSettings = 310 "This operation is not allowed by project settings",
    /// Intake is stopped, or the provider can't be reached.
    ProviderUnavailable = 314 "Provider is not available now to perform the operation",
    /// A fault of ours.
    InternalError = 501 "Internal error",
    /// A parameter has a wrong value.
    ValidationError = 502 "Validation error",
    /// Too much at once; the same request may be sent again.
    TryAgain = 601 "Try again",
    /// The limit time passed without a result.
    AutoDecline = 603 "Auto decline",
    /// The request can't be read at all.
    MalformedRequest = 702 "Malformed request",
    /// The body is not JSON.
    InvalidJson = 2003 "Invalid JSON string",
    /// An obligatory parameter is missing.
    RequiredField = 2004 "Required field not provided",
    /// No project has this number.
    ProjectNotFound = 2442 "Project ID not found",
    /// The method isn't known.
    UnknownMethod = 2541 "Unknown Payment Method",
    /// The amount is above the project's limit.
    AmountAboveLimit = 2642 "Operation amount is greater than limit",
    /// The method does not take this currency.
    CurrencyDisabled = 3023 "Provided currency disabled for Project ID",
    /// The payment id is taken.
    PaymentExists = 3041 "Payment ID already exists",
    /// The payment is in a state that does not allow this.
    StatusForbids = 3060 "Current payment or operation status does not allow this action",
    /// Nothing is known under this id.
    NotFound = 3061 "Transaction not found",
    /// Not the code of a currency.
    InvalidCurrency = 3121 "Invalid currency",
    /// The merchant used this refund id before.
    RefundIdExists = 3230 "The operation with such merchant_refund_id already exists",
    /// The signature does not fit the request.
    InvalidSignature = 3261 "Invalid signature",
    /// There is no signature.
    EmptySignature = 3262 "Empty signature",
    /// The sum in the settlement currency rounds to nothing.
    ConvertedTooSmall = 3281 "Converted amount is less than one minor unit",
    /// More is asked back than is left.
    RefundTooLarge = 3283 "Refund amount more than init amount",
    /// The refund's currency isn't the payment's.
    RefundCurrency = 3284 "Refund currency mismatched or empty",
    /// A currency without an amount.
    AmountRequired = 3286 "The property amount is required",
    /// An amount without a currency.
    CurrencyRequired = 3287 "The property currency is required",
    /// The amount is below the project's limit.
    AmountBelowLimit = 3358 "Operation amount is less than limit",
    /// The provider can't refund this payment.
    RefundUnavailable = 3610 "Refund unavailable for the current operation",
    /// Not finished yet.
    Awaiting = 9999 "Awaiting processing",
    /// The provider declined and said nothing that helps.
    ProviderGeneral = 20000 "General decline",
    /// The provider or the bank declined.
    ProviderDecline = 20100 "Declined by external provider",
    /// A limit of the customer's account.
    CustomerLimit = 20101 "Decline due to amount or frequency limit",
    /// A wrong UPI id or account.
    AccountData = 20102 "Incorrect account data entered",
    /// The customer's balance is too low.
    InsufficientFunds = 20105 "Insufficient funds on customer account",
    /// The customer's account is closed.
    AccountGone = 20106 "Customer account is no longer available",
    /// The customer's account may not do this (KYC, frozen).
    AccountRestricted = 20201 "Restrictions for the customer account",
    /// The bank or the provider is down.
    ProviderDown = 20202 "PSP system is unavailable",
    /// The customer went away or pressed cancel.
    CustomerCancelled = 20301 "Account owner cancelled operation",
    /// Another amount was paid.
    IncorrectAmount = 20304 "Incorrect amount paid",
    /// Suspected fraud.
    ProviderRisk = 20401 "Declined by PSP risk system",
    /// The merchant account at the provider is set up wrongly.
    AcquirerSettings = 20503 "Incorrect acquirer settings",
    /// The merchant's balance at the provider does not cover the refund.
    AcquirerBalance = 20504 "Insufficient funds on acquirer balance",
    /// The provider ran out of time.
    ProviderTimeout = 20602 "Time-out",
    /// The provider did not understand us.
    ProviderRejected = 20702 "Invalid request. Try again",
    /// The merchant account at the provider is blocked.
    MerchantBlocked = 20705 "Merchant account is blocked",
}

impl Code {
    /// Whether a customer whose attempt was declined with this code may succeed by another one: in
    /// another way, with another account, or a little later.
    pub const fn allows_retry(self) -> bool {
        match self {
            Self::ProviderUnavailable
            | Self::TryAgain
            | Self::GeneralDecline
            | Self::ProviderGeneral
            | Self::ProviderDecline
            | Self::CustomerLimit
            | Self::AccountData
            | Self::InsufficientFunds
            | Self::AccountGone
            | Self::AccountRestricted
            | Self::ProviderDown
            | Self::CustomerCancelled
            | Self::ProviderTimeout => true,
            Self::Success
            | Self::AccessDenied
            | Self::ProjectSettings
            | Self::InternalError
            | Self::ValidationError
            | Self::AutoDecline
            | Self::MalformedRequest
            | Self::InvalidJson
            | Self::RequiredField
            | Self::ProjectNotFound
            | Self::UnknownMethod
            | Self::AmountAboveLimit
            | Self::CurrencyDisabled
            | Self::PaymentExists
            | Self::StatusForbids
            | Self::NotFound
            | Self::InvalidCurrency
            | Self::RefundIdExists
            | Self::InvalidSignature
            | Self::EmptySignature
            | Self::ConvertedTooSmall
            | Self::RefundTooLarge
            | Self::RefundCurrency
            | Self::AmountRequired
            | Self::CurrencyRequired
            | Self::AmountBelowLimit
            | Self::RefundUnavailable
            | Self::Awaiting
            | Self::IncorrectAmount
            | Self::ProviderRisk
            | Self::AcquirerSettings
            | Self::AcquirerBalance
            | Self::ProviderRejected
            | Self::MerchantBlocked => false,
        }
    }

    /// The code of a stored number.
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| i64::from(code.number()) == number)
    }
}

impl serde::Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.number())
    }
}

impl<'de> serde::Deserialize<'de> for Code {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = i64::deserialize(deserializer)?;
        Self::from_number(number).ok_or_else(|| serde::de::Error::custom("not a result code"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_in_order_and_used_once() {
        assert!(Code::ALL.windows(2).all(|pair| pair[0].number() < pair[1].number()));
        assert!(Code::ALL.iter().all(|code| {
            Code::from_number(i64::from(code.number())) == Some(*code) && !code.message().is_empty()
        }));
    }
}
