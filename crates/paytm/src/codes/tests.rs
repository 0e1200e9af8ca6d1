use super::*;

/// Every code of Paytm's documents for `initiateTransaction`, and what it comes to.
const INITIATION: [(&str, &str, Result<Initiation, Unclear>); 20] = [
    ("S", "0000", Ok(Initiation::Opened)),
    ("S", "0002", Ok(Initiation::Opened)),
    ("F", "196", Ok(Initiation::Refused(Code::CustomerLimit))),
    ("F", "1001", Ok(Initiation::Refused(Code::ProviderRejected))),
    ("F", "1006", Err(Unclear::ProviderFault)),
    ("F", "1007", Ok(Initiation::Refused(Code::ProviderRejected))),
    ("F", "1008", Ok(Initiation::Refused(Code::ProviderRejected))),
    ("F", "1011", Ok(Initiation::Refused(Code::ProviderRejected))),
    ("F", "1012", Ok(Initiation::Refused(Code::ProviderRejected))),
    ("F", "2004", Ok(Initiation::Refused(Code::ProviderRejected))),
    ("F", "2005", Ok(Initiation::Refused(Code::AcquirerSettings))),
    ("F", "2006", Ok(Initiation::Refused(Code::AcquirerSettings))),
    ("F", "2007", Ok(Initiation::Refused(Code::ProviderRejected))),
    ("F", "2013", Ok(Initiation::Refused(Code::ProviderRejected))),
    ("F", "2014", Ok(Initiation::Refused(Code::ProviderRejected))),
    ("F", "2021", Ok(Initiation::Refused(Code::ProviderRejected))),
    ("F", "2023", Err(Unclear::Mismatch)),
    ("U", "501", Err(Unclear::ProviderFault)),
    ("U", "00000900", Err(Unclear::ProviderFault)),
    ("U", "900", Err(Unclear::ProviderFault)),
];

/// Every code of Paytm's documents for a payment, with the status it comes with.
const SALES: [(&str, &str, Result<Sale, Unclear>); 55] = [
    ("TXN_SUCCESS", "01", Ok(Sale::Paid)),
    ("TXN_FAILURE", "00", Err(Unclear::ProviderFault)),
    ("TXN_FAILURE", "0", Err(Unclear::ProviderFault)),
    ("TXN_FAILURE", "118", Ok(Sale::Failed(Code::CustomerLimit))),
    ("TXN_FAILURE", "130", Ok(Sale::Failed(Code::AccountRestricted))),
    ("TXN_FAILURE", "141", Ok(Sale::Failed(Code::CustomerCancelled))),
    ("TXN_FAILURE", "151", Err(Unclear::ProviderFault)),
    ("TXN_FAILURE", "153", Err(Unclear::ProviderFault)),
    ("TXN_FAILURE", "163", Ok(Sale::Failed(Code::ProviderDecline))),
    ("TXN_FAILURE", "196", Ok(Sale::Failed(Code::CustomerLimit))),
    ("TXN_FAILURE", "202", Ok(Sale::Failed(Code::InsufficientFunds))),
    ("TXN_FAILURE", "205", Ok(Sale::Failed(Code::ProviderDecline))),
    ("TXN_FAILURE", "207", Ok(Sale::Failed(Code::AccountData))),
    ("TXN_FAILURE", "208", Ok(Sale::Failed(Code::ProviderDecline))),
    ("TXN_FAILURE", "209", Ok(Sale::Failed(Code::AccountData))),
    ("TXN_FAILURE", "210", Ok(Sale::Failed(Code::AccountRestricted))),
    ("TXN_FAILURE", "220", Ok(Sale::Failed(Code::ProviderDown))),
    ("TXN_FAILURE", "222", Ok(Sale::Failed(Code::IncorrectAmount))),
    ("TXN_FAILURE", "227", Ok(Sale::Failed(Code::ProviderDecline))),
    ("TXN_FAILURE", "229", Ok(Sale::Failed(Code::ProviderDecline))),
    ("TXN_FAILURE", "232", Ok(Sale::Failed(Code::AccountData))),
    ("TXN_FAILURE", "235", Ok(Sale::Failed(Code::InsufficientFunds))),
    ("TXN_FAILURE", "237", Ok(Sale::Failed(Code::ProviderDecline))),
    ("TXN_FAILURE", "239", Err(Unclear::ProviderFault)),
    ("TXN_FAILURE", "240", Ok(Sale::Failed(Code::ProviderRejected))),
    ("TXN_FAILURE", "243", Ok(Sale::Failed(Code::AccountGone))),
    ("TXN_FAILURE", "260", Ok(Sale::Failed(Code::CustomerLimit))),
    ("TXN_FAILURE", "267", Ok(Sale::Failed(Code::AccountGone))),
    ("TXN_FAILURE", "274", Ok(Sale::Failed(Code::AccountRestricted))),
    ("TXN_FAILURE", "295", Ok(Sale::Failed(Code::AccountData))),
    ("TXN_FAILURE", "296", Ok(Sale::Failed(Code::ProviderDown))),
    ("TXN_FAILURE", "297", Ok(Sale::Failed(Code::CustomerCancelled))),
    ("TXN_FAILURE", "305", Err(Unclear::ProviderFault)),
    ("TXN_FAILURE", "325", Err(Unclear::ProviderFault)),
    ("TXN_FAILURE", "327", Ok(Sale::Failed(Code::AcquirerSettings))),
    ("TXN_FAILURE", "330", Err(Unclear::ProviderFault)),
    ("NO_RECORD_FOUND", "331", Ok(Sale::Pending)),
    ("TXN_FAILURE", "334", Ok(Sale::Pending)),
    ("TXN_FAILURE", "335", Err(Unclear::ProviderFault)),
    ("TXN_FAILURE", "343", Ok(Sale::Failed(Code::ProviderRejected))),
    ("TXN_FAILURE", "344", Ok(Sale::Failed(Code::AcquirerSettings))),
    ("TXN_FAILURE", "345", Err(Unclear::ProviderFault)),
    ("PENDING", "400", Ok(Sale::Pending)),
    ("TXN_FAILURE", "401", Ok(Sale::Failed(Code::ProviderDecline))),
    ("PENDING", "402", Ok(Sale::Pending)),
    ("TXN_FAILURE", "501", Err(Unclear::ProviderFault)),
    ("TXN_FAILURE", "804", Ok(Sale::Failed(Code::AcquirerSettings))),
    ("TXN_FAILURE", "810", Ok(Sale::Failed(Code::ProviderDecline))),
    ("PENDING", "810", Ok(Sale::Pending)),
    ("TXN_FAILURE", "820", Ok(Sale::Failed(Code::AccountRestricted))),
    ("TXN_FAILURE", "843", Ok(Sale::Failed(Code::AccountRestricted))),
    ("TXN_FAILURE", "2271", Ok(Sale::Failed(Code::CustomerCancelled))),
    ("TXN_FAILURE", "2272", Ok(Sale::Failed(Code::CustomerCancelled))),
    ("TXN_FAILURE", "3102", Ok(Sale::Failed(Code::AccountData))),
    ("TXN_FAILURE", "331", Ok(Sale::Pending)),
];

/// Every code of Paytm's documents for a refund: status, code, meaning in an answer to the
/// request, meaning in an answer to the question.
const REFUNDS: [RefundRow; 36] = [
    ("TXN_SUCCESS", "10", Ok(Refund::Refunded), Ok(Refund::Refunded)),
    ("PENDING", "601", Ok(Refund::Pending), Ok(Refund::Pending)),
    ("PENDING", "501", Ok(Refund::Pending), Ok(Refund::Pending)),
    ("TXN_FAILURE", "501", Err(Unclear::ProviderFault), Err(Unclear::ProviderFault)),
    refused_or("330", Code::AcquirerSettings, Err(Unclear::ProviderFault)),
    refused_or("335", Code::AcquirerSettings, Err(Unclear::ProviderFault)),
    refused("600", Code::RefundUnavailable),
    refused("607", Code::RefundUnavailable),
    same("617", Refund::Busy),
    refused("619", Code::RefundTooLarge),
    refused("620", Code::AcquirerBalance),
    same("626", Refund::Busy),
    refused("627", Code::ProviderRejected),
    same("628", Refund::Pending),
    same("629", Refund::Pending),
    ("TXN_FAILURE", "631", Err(Unclear::UnknownCode), Ok(Refund::NotFound)),
    refused("635", Code::ProviderRejected),
    unknown("311"),
    unknown("328"),
    unknown("602"),
    same("604", Refund::Pending),
    unknown("606"),
    unknown("609"),
    refused("610", Code::RefundTooLarge),
    unknown("612"),
    unknown("622"),
    refused("640", Code::RefundUnavailable),
    unknown("700"),
    same("701", Refund::Pending),
    unknown("702"),
    unknown("703"),
    unknown("704"),
    ("TXN_FAILURE", "800", Err(Unclear::UnknownCode), Ok(Refund::NotFound)),
    ("F", "620", Ok(refusal(Code::AcquirerBalance)), Ok(refusal(Code::AcquirerBalance))),
    ("F", "601", Ok(Refund::Pending), Ok(Refund::Pending)),
    ("F", "10", Err(Unclear::UnknownCode), Err(Unclear::UnknownCode)),
];

type RefundRow = (&'static str, &'static str, Result<Refund, Unclear>, Result<Refund, Unclear>);

const fn refusal(code: Code) -> Refund {
    Refund::Refused(code)
}

const fn refused(number: &'static str, code: Code) -> RefundRow {
    same(number, refusal(code))
}

const fn refused_or(number: &'static str, code: Code, asked: Result<Refund, Unclear>) -> RefundRow {
    ("TXN_FAILURE", number, Ok(refusal(code)), asked)
}

const fn same(number: &'static str, refund: Refund) -> RefundRow {
    ("TXN_FAILURE", number, Ok(refund), Ok(refund))
}

const fn unknown(number: &'static str) -> RefundRow {
    ("TXN_FAILURE", number, Err(Unclear::UnknownCode), Err(Unclear::UnknownCode))
}

#[test]
fn every_documented_code_has_its_meaning() {
    for (status, code, meaning) in INITIATION {
        assert_eq!(initiation(status, code), meaning, "{status} {code}");
    }
    for (status, code, meaning) in SALES {
        assert_eq!(sale(status, code), meaning, "{status} {code}");
    }
    for (status, code, requested, asked) in REFUNDS {
        assert_eq!(refund_request(status, code), requested, "{status} {code} requested");
        assert_eq!(refund_status(status, code), asked, "{status} {code} asked");
    }
}

#[test]
fn what_no_table_has_ends_nothing() {
    let unheard = [("TXN_FAILURE", "9999"), ("F", "9999"), ("", ""), ("SUCCESS", "01")];
    for (status, code) in unheard {
        assert_eq!(initiation(status, code), Err(Unclear::UnknownCode), "{status} {code}");
        assert_eq!(sale(status, code), Err(Unclear::UnknownCode), "{status} {code}");
        assert_eq!(refund_request(status, code), Err(Unclear::UnknownCode), "{status} {code}");
        assert_eq!(refund_status(status, code), Err(Unclear::UnknownCode), "{status} {code}");
    }
}

#[test]
fn status_and_code_must_agree_on_a_success() {
    for (status, code) in [("TXN_SUCCESS", "227"), ("TXN_FAILURE", "01"), ("TXN_SUCCESS", "1")] {
        assert_eq!(sale(status, code), Err(Unclear::UnknownCode), "{status} {code}");
    }
    assert_eq!(initiation("S", "2005"), Err(Unclear::UnknownCode));
    assert_eq!(initiation("F", "0000"), Err(Unclear::UnknownCode));
    assert_eq!(refund_status("TXN_SUCCESS", "601"), Err(Unclear::UnknownCode));
}
