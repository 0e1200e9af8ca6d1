//! The words of the platform: statuses and types, with their spelling on the wire.
//!
//! Dwar itself uses a handful of them; the rest are here so that a merchant's client can read any
//! message of the platform.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// A word that is not in the platform's vocabulary.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {kind}: {word:?}")]
pub struct UnknownWord {
    kind: &'static str,
    word: String,
}

macro_rules! words {
    ($(#[$doc:meta])* $kind:ident { $($variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $kind {
            $(#[doc = concat!("`", $word, "`")] $variant,)+
        }

        impl $kind {
            /// Every word of this kind.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The spelling on the wire.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl std::fmt::Display for $kind {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $kind {
            type Err = UnknownWord;

            fn from_str(word: &str) -> Result<Self, UnknownWord> {
                let known = Self::ALL.iter().copied().find(|it| it.as_str() == word);
                known.ok_or_else(|| UnknownWord { kind: stringify!($kind), word: word.to_owned() })
            }
        }

        impl Serialize for $kind {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $kind {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    };
}

words! {
    /// Where a payment stands.
    PaymentStatus {
        Processing = "processing",
        ExternalProcessing = "external processing",
        AwaitingRedirectResult = "awaiting redirect result",
        AwaitingCustomer = "awaiting customer",
        AwaitingCustomerAction = "awaiting customer action",
        Awaiting3dsResult = "awaiting 3ds result",
        AwaitingMerchantAuth = "awaiting merchant auth",
        AwaitingClarification = "awaiting clarification",
        AwaitingClarifyData = "awaiting clarify data",
        AwaitingApproval = "awaiting approval",
        AwaitingCapture = "awaiting capture",
        AwaitingPayment = "awaiting payment",
        AwaitingRetry = "awaiting retry",
        AwaitingConfirmation = "awaiting confirmation",
        AwaitingFinalization = "awaiting finalization",
        AwaitingClearing = "awaiting clearing",
        AwaitingPartiallyClearing = "awaiting partially clearing",
        ClearingProcessing = "clearing processing",
        ScheduledRecurringProcessing = "scheduled recurring processing",
        Success = "success",
        Decline = "decline",
        DeclineRenewal = "decline renewal",
        Error = "error",
        InternalError = "internal error",
        ExternalError = "external error",
        Expired = "expired",
        Cancelled = "cancelled",
        PartiallyRefunded = "partially refunded",
        Refunded = "refunded",
        PartiallyReversed = "partially reversed",
        Reversed = "reversed",
        PartiallyPaid = "partially paid",
        PartiallyPaidOut = "partially paid out",
        InvoiceSent = "invoice sent",
        InvoiceCancelled = "invoice cancelled",
    }
}

words! {
    /// What kind of payment it is.
    PaymentType {
        Purchase = "purchase",
        Payout = "payout",
        Recurring = "recurring",
    }
}

words! {
    /// Where one operation of a payment stands.
    OperationStatus {
        Processing = "processing",
        ExternalProcessing = "external processing",
        AwaitingRedirectResult = "awaiting redirect result",
        Awaiting3dsResult = "awaiting 3ds result",
        AwaitingMerchantAuth = "awaiting merchant auth",
        AwaitingClarification = "awaiting clarification",
        AwaitingCustomer = "awaiting customer",
        AwaitingCustomerAction = "awaiting customer action",
        AwaitingApproval = "awaiting approval",
        AwaitingPayment = "awaiting payment",
        AwaitingConfirmation = "awaiting confirmation",
        AwaitingFinalization = "awaiting finalization",
        Success = "success",
        Decline = "decline",
        Error = "error",
        InternalError = "internal error",
        ExternalError = "external error",
        Expired = "expired",
        InvoiceSent = "invoice sent",
        InvoiceCancelled = "invoice cancelled",
        Unknown = "unknown",
    }
}

words! {
    /// What an operation does.
    OperationType {
        Sale = "sale",
        Refund = "refund",
        Reversal = "reversal",
        Auth = "auth",
        Capture = "capture",
        Cancel = "cancel",
        RefundReverse = "refund reverse",
        Recurring = "recurring",
        RecurringUpdate = "recurring update",
        RecurringCancel = "recurring cancel",
        AccountVerification = "account verification",
        Payout = "payout",
        Incremental = "incremental",
        Invoice = "invoice",
        CustomerAction = "customer action",
        PaymentConfirmation = "payment confirmation",
        CaptureSettlement = "capture settlement",
        ContractRegistration = "contract registration",
        CreateCashVoucher = "create_cash_voucher",
        Commission = "commission",
        ManualChange = "manual change",
    }
}

words! {
    /// How the customer's browser is sent to the provider.
    RedirectMethod {
        Get = "GET",
        Post = "POST",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_as_itself_and_no_other() {
        for status in PaymentStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(*status));
        }
        for status in OperationStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(*status));
        }
        for kind in OperationType::ALL {
            assert_eq!(kind.as_str().parse(), Ok(*kind));
        }
        let unknown = "Success".parse::<PaymentStatus>().unwrap_err();
        assert_eq!(unknown.to_string(), "unknown PaymentStatus: \"Success\"");
    }
}
