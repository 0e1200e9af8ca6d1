//! Paytm's result codes and what they mean to us, one table for each service.
//!
//! A code ends an operation only where its meaning is certain *and* it is about the operation. A
//! complaint about our question (bad checksum, unknown merchant, system error) says nothing about
//! the money; neither does a code that no table has. Both leave the operation open.

use domain::code::Code;
use domain::provider::Unclear;

/// What `initiateTransaction` came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Initiation {
    /// The order is open, now or since an earlier try.
    Opened,
    /// Refused before anything was made.
    Refused(Code),
}

/// Reads an answer of `initiateTransaction`.
pub(crate) fn initiation(status: &str, code: &str) -> Result<Initiation, Unclear> {
    match (status, code) {
        ("S", "0000" | "0002") => Ok(Initiation::Opened),
        ("F" | "U", _) => initiation_refusal(code).map(Initiation::Refused),
        _ => Err(Unclear::UnknownCode),
    }
}

fn initiation_refusal(code: &str) -> Result<Code, Unclear> {
    match code {
        // Above the account's limit.
        "196" => Ok(Code::CustomerLimit),
        // Wrong or missing parameters, a bar in a value, promo fields, a token that isn't ours,
        // a wrong amount, merchant or order unlike in the query.
        "1001" | "1007" | "1008" | "1011" | "1012" | "2004" | "2007" | "2013" | "2014" | "2021" => {
            Ok(Code::ProviderRejected)
        }
        // Wrong checksum, unknown merchant.
        "2005" | "2006" => Ok(Code::AcquirerSettings),
        // The order is there already, opened by another request.
        "2023" => Err(Unclear::Mismatch),
        // The session of an earlier try is over, or Paytm is in trouble.
        "1006" | "501" | "900" | "00000900" => Err(Unclear::ProviderFault),
        _ => Err(Unclear::UnknownCode),
    }
}

/// What became of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sale {
    /// Paid.
    Paid,
    /// Definitely not paid.
    Failed(Code),
    /// Not decided.
    Pending,
}

/// Reads an answer of the status API: the status first, then the code.
pub(crate) fn sale(status: &str, code: &str) -> Result<Sale, Unclear> {
    match (status, code) {
        ("TXN_SUCCESS", "01") => Ok(Sale::Paid),
        ("PENDING" | "NO_RECORD_FOUND", _) => Ok(Sale::Pending),
        ("TXN_FAILURE", _) => sale_failure(code),
        _ => Err(Unclear::UnknownCode),
    }
}

fn sale_failure(code: &str) -> Result<Sale, Unclear> {
    let reason = match code {
        // The customer left, or cancelled at the bank.
        "141" | "297" | "2271" | "2272" => Code::CustomerCancelled,
        // The balance or the credit limit does not suffice.
        "202" | "235" => Code::InsufficientFunds,
        // A limit of the account, the wallet or the merchant.
        "118" | "196" | "260" => Code::CustomerLimit,
        // Wrong card, account or UPI id.
        "207" | "209" | "232" | "295" | "3102" => Code::AccountData,
        // No such wallet or user.
        "243" | "267" => Code::AccountGone,
        // Blocked, lost, not verified, moved to another number, frozen.
        "130" | "210" | "274" | "820" | "843" => Code::AccountRestricted,
        // The bank can't be reached.
        "220" | "296" => Code::ProviderDown,
        // Declined by wallet, bank or acquirer, without a better word.
        "163" | "205" | "208" | "227" | "229" | "237" | "401" | "810" => Code::ProviderDecline,
        // Another amount than agreed.
        "222" => Code::IncorrectAmount,
        // A total or a token that Paytm does not take.
        "240" | "343" => Code::ProviderRejected,
        // Channel, wallet type or website isn't ours.
        "327" | "344" | "804" => Code::AcquirerSettings,
        // No such order: so it is also while the customer has not acted, or not confirmed yet.
        "331" | "334" | "400" | "402" => return Ok(Sale::Pending),
        // System errors; a checksum or a merchant that Paytm does not know; and an order id used
        // twice, which says nothing about its first use.
        "0" | "00" | "151" | "153" | "239" | "305" | "325" | "330" | "335" | "345" | "501" => {
            return Err(Unclear::ProviderFault);
        }
        _ => return Err(Unclear::UnknownCode),
    };
    Ok(Sale::Failed(reason))
}

/// What became of a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refund {
    /// The money went back.
    Refunded,
    /// Taken on, or there since an earlier try.
    Pending,
    /// Definitely refused.
    Refused(Code),
    /// Paytm has none under this reference.
    NotFound,
    /// Another one of the order is in the way.
    Busy,
}

/// Reads an answer to the request for a refund.
pub(crate) fn refund_request(status: &str, code: &str) -> Result<Refund, Unclear> {
    refund(status, code, |code| match code {
        // Wrong checksum, unknown merchant: Paytm did not look further.
        "330" | "335" => Ok(Refund::Refused(Code::AcquirerSettings)),
        _ => refund_failure(code),
    })
}

/// Reads an answer of the refund status API.
pub(crate) fn refund_status(status: &str, code: &str) -> Result<Refund, Unclear> {
    refund(status, code, |code| match code {
        // The same complaints, but here they are about our question.
        "330" | "335" => Err(Unclear::ProviderFault),
        "631" | "800" => Ok(Refund::NotFound),
        _ => refund_failure(code),
    })
}

fn refund(
    status: &str,
    code: &str,
    failure: impl Fn(&str) -> Result<Refund, Unclear>,
) -> Result<Refund, Unclear> {
    match (status, code) {
        ("TXN_SUCCESS", "10") => Ok(Refund::Refunded),
        ("PENDING", _) => Ok(Refund::Pending),
        ("TXN_FAILURE" | "F", _) => failure(code),
        _ => Err(Unclear::UnknownCode),
    }
}

fn refund_failure(code: &str) -> Result<Refund, Unclear> {
    match code {
        // Raised, or at the bank. 629 and 701: a refund with this reference exists; what became
        // of it only the status tells.
        "601" | "604" | "628" | "629" | "701" => Ok(Refund::Pending),
        // Invalid or restricted by the bank, cancelled payment, frozen account.
        "600" | "607" | "640" => Ok(Refund::Refused(Code::RefundUnavailable)),
        // More than is left, or nothing left.
        "610" | "619" => Ok(Refund::Refused(Code::RefundTooLarge)),
        // The merchant's money at Paytm does not cover it.
        "620" => Ok(Refund::Refused(Code::AcquirerBalance)),
        // Transaction and order don't belong together; a part below one rupee.
        "627" | "635" => Ok(Refund::Refused(Code::ProviderRejected)),
        // The same amount within ten minutes; another refund still runs.
        "617" | "626" => Ok(Refund::Busy),
        "501" => Err(Unclear::ProviderFault),
        // Of old lists there are numbers without a meaning left; they are as unknown as others.
        _ => Err(Unclear::UnknownCode),
    }
}

#[cfg(test)]
mod tests;
