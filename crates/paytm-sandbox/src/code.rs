//! Result codes of payments and refunds with the texts that Paytm sends beside them.
//!
//! Texts hold no apostrophe, backslash or non-ASCII letter: one of Paytm's own libraries fails to
//! verify a signed body that has them.

pub(crate) const SUCCESS: &str = "01";
pub(crate) const NOT_COMPLETED: &str = "141";
pub(crate) const DECLINED: &str = "227";
pub(crate) const LOW_BALANCE: &str = "235";
pub(crate) const WRONG_VPA: &str = "295";
pub(crate) const BANK_TROUBLE: &str = "296";
pub(crate) const CHECKSUM_INVALID: &str = "330";
pub(crate) const INVALID_ORDER: &str = "334";
pub(crate) const INVALID_MID: &str = "335";
pub(crate) const UNCONFIRMED: &str = "400";
pub(crate) const INCOMPLETE: &str = "402";
pub(crate) const SYSTEM_ERROR: &str = "501";
/// In no table of Paytm's: for clients that must survive a code they do not know.
pub(crate) const UNHEARD_OF: &str = "9876";

pub(crate) const REFUND_DONE: &str = "10";
pub(crate) const REFUND_PENDING: &str = "601";
pub(crate) const REFUND_INVALID: &str = "600";
pub(crate) const REFUND_NOT_PAID: &str = "607";
pub(crate) const REFUND_REPEATED: &str = "617";
pub(crate) const REFUND_TOO_MUCH: &str = "619";
pub(crate) const REFUND_NO_FUNDS: &str = "620";
pub(crate) const REFUND_IN_PROGRESS: &str = "626";
pub(crate) const REFUND_MISMATCH: &str = "627";
pub(crate) const REFUND_UNKNOWN: &str = "631";
pub(crate) const REFUND_TOO_SMALL: &str = "635";

const MESSAGES: [(&str, &str); 24] = [
    (SUCCESS, "Txn Success"),
    (NOT_COMPLETED, "User has not completed transaction."),
    (
        DECLINED,
        "Your payment has been declined by your bank. Please try again or use a different method \
         to complete the payment.",
    ),
    (LOW_BALANCE, "Wallet balance Insufficient, bankName=WALLET"),
    (WRONG_VPA, "Your payment failed as the UPI ID entered is incorrect."),
    (BANK_TROUBLE, "Your payment failed due to a technical issue at the bank."),
    (CHECKSUM_INVALID, "Invalid checksum"),
    (INVALID_ORDER, "Invalid Order Id."),
    (INVALID_MID, "Mid is invalid."),
    (UNCONFIRMED, "Transaction status not confirmed yet."),
    (
        INCOMPLETE,
        "Looks like the payment is not complete. Please wait while we confirm the status with \
         your bank.",
    ),
    (SYSTEM_ERROR, "System Error"),
    (UNHEARD_OF, "Something that no table lists."),
    (REFUND_DONE, "Refund Successfull"),
    (REFUND_PENDING, "Refund request was raised for this transaction. But it is pending state"),
    (REFUND_INVALID, "Invalid refund request or restricted by bank"),
    (REFUND_NOT_PAID, "Refund can not be initiated for a cancelled transaction"),
    (REFUND_REPEATED, "Refund Already Raised"),
    (REFUND_TOO_MUCH, "Invalid refund amount"),
    (REFUND_NO_FUNDS, "BALANCE_NOT_ENOUGH"),
    (REFUND_IN_PROGRESS, "Another Refund on this order is already in progress"),
    (REFUND_MISMATCH, "Order Details Mismatch"),
    (REFUND_UNKNOWN, "Record not found"),
    (REFUND_TOO_SMALL, "Partial Refund under Rupee 1 is not allowed"),
];

/// The code with this text, for codes that came out of the books.
pub(crate) fn known(code: &str) -> &'static str {
    MESSAGES.iter().find(|(known, _)| *known == code).map_or(SYSTEM_ERROR, |(known, _)| known)
}

/// The text beside a code.
pub(crate) fn message(code: &str) -> &'static str {
    MESSAGES.iter().find(|(known, _)| *known == code).map_or("Txn Failed", |(_, message)| message)
}

/// The status word that goes with a payment's code.
pub(crate) fn payment_status(code: &str) -> &'static str {
    match code {
        SUCCESS => "TXN_SUCCESS",
        UNCONFIRMED | INCOMPLETE => "PENDING",
        _ => "TXN_FAILURE",
    }
}

/// The status word that goes with a refund's code.
pub(crate) fn refund_status(code: &str) -> &'static str {
    match code {
        REFUND_DONE => "TXN_SUCCESS",
        REFUND_PENDING => "PENDING",
        _ => "TXN_FAILURE",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_can_be_signed_for_every_client() {
        for (code, message) in MESSAGES {
            assert!(message.is_ascii(), "{code}");
            assert!(!message.contains(['\'', '\\', '"', '|']), "{code}");
        }
    }
}
