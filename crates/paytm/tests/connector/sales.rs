//! Answers about orders: shapes that were recorded at Paytm, with invented ids.

use domain::code::Code;
use domain::provider::{InitiateAnswer, Receipt, Redirect, RedirectMethod, SaleAnswer, Unclear};
use domain::time::Timestamp;
use dwar_paytm::connector::{initiated, sale_answered};
use dwar_paytm::exchange::{Answer, Reply, TransportError};

use super::{account, message, ok, order, reference, signed, signed_with, unsigned};

pub(crate) const OPENED: &str = r#"{"resultInfo":{"resultStatus":"S","resultCode":"0000","resultMsg":"Success"},"txnToken":"fe795335ed3049c78a57271075f2199e1780000000000","isPromoCodeValid":false,"authenticated":false}"#;

pub(crate) const PAID: &str = r#"{"resultInfo":{"resultStatus":"TXN_SUCCESS","resultCode":"01","resultMsg":"Txn Success"},"txnId":"20260601010580000872102410000000001","bankTxnId":"62909899","orderId":"ORD-0001","txnAmount":"100.00","txnType":"SALE","gatewayName":"WALLET","bankName":"WALLET","mid":"TESTMI00000000000001","paymentMode":"PPI","refundAmt":"0.00","txnDate":"2026-06-01 12:34:56.0"}"#;

const UNKNOWN_ORDER: &str = r#"{"resultInfo":{"resultStatus":"TXN_FAILURE","resultCode":"334","resultMsg":"Invalid Order Id."},"orderId":"ORD-0001","mid":"TESTMI00000000000001"}"#;

const DECLINED: &str = r#"{"resultInfo":{"resultStatus":"TXN_FAILURE","resultCode":"235","resultMsg":"Wallet balance Insufficient"},"txnId":"20260601010580000872102410000000001","orderId":"ORD-0001","txnAmount":"100.00","txnType":"SALE","mid":"TESTMI00000000000001","paymentMode":"PPI","txnDate":"2026-06-01 12:34:56.0"}"#;

fn initiate_answer(reply: Reply<'_>) -> InitiateAnswer {
    initiated(&account(), order(&reference("ORD-0001")), reply)
}

pub(crate) fn sale_answer(reply: Reply<'_>) -> SaleAnswer {
    sale_answered(&account(), order(&reference("ORD-0001")), reply)
}

pub(crate) fn receipt() -> Receipt {
    Receipt {
        transaction_id: "20260601010580000872102410000000001".into(),
        date: Some(Timestamp(1_780_297_496_000)),
        mode: Some("PPI".into()),
        bank_reference: Some("62909899".into()),
    }
}

#[test]
fn an_open_order_sends_the_customer_to_the_page() {
    let page = InitiateAnswer::Redirect(Redirect {
        method: RedirectMethod::Post,
        url: "https://paytm.example/theia/api/v1/showPaymentPage\
              ?mid=TESTMI00000000000001&orderId=ORD-0001"
            .into(),
        fields: vec![
            ("mid".into(), "TESTMI00000000000001".into()),
            ("orderId".into(), "ORD-0001".into()),
            ("txnToken".into(), "fe795335ed3049c78a57271075f2199e1780000000000".into()),
        ],
    });
    assert_eq!(initiate_answer(ok(&signed(OPENED))), page);
    let again = OPENED.replace("\"0000\"", "\"0002\"");
    assert_eq!(initiate_answer(ok(&signed(&again))), page);
}

#[test]
fn an_order_opens_by_a_signed_answer_with_a_token_only() {
    let tokenless = r#"{"resultInfo":{"resultStatus":"S","resultCode":"0000"}}"#;
    for (answer, reason) in [
        (unsigned(OPENED), Unclear::NotAuthentic),
        (message("", OPENED), Unclear::NotAuthentic),
        (signed_with(OPENED, "0123456789abcdef"), Unclear::NotAuthentic),
        (signed(tokenless), Unclear::Unreadable),
    ] {
        assert_eq!(initiate_answer(ok(&answer)), InitiateAnswer::Unknown(reason), "{answer}");
    }
}

#[test]
fn refusals_count_where_nothing_can_have_been_made() {
    let refusal = |status: &str, code: &str| {
        format!(
            r#"{{"extraParamsMap":null,"resultInfo":{{"resultStatus":"{status}","resultCode":"{code}","resultMsg":""}}}}"#
        )
    };
    for (body, answer) in [
        (refusal("F", "2005"), InitiateAnswer::Refused(Code::AcquirerSettings)),
        (refusal("F", "2007"), InitiateAnswer::Refused(Code::ProviderRejected)),
        (refusal("F", "2023"), InitiateAnswer::Unknown(Unclear::Mismatch)),
        (refusal("U", "00000900"), InitiateAnswer::Unknown(Unclear::ProviderFault)),
        (refusal("F", "325"), InitiateAnswer::Unknown(Unclear::UnknownCode)),
    ] {
        assert_eq!(initiate_answer(ok(&unsigned(&body))), answer, "{body}");
        assert_eq!(initiate_answer(ok(&signed(&body))), answer, "{body}");
        assert_eq!(
            initiate_answer(ok(&signed_with(&body, "0123456789abcdef"))),
            InitiateAnswer::Unknown(Unclear::NotAuthentic),
            "{body}"
        );
    }
}

#[test]
fn a_paid_order_gives_a_receipt() {
    assert_eq!(sale_answer(ok(&signed(PAID))), SaleAnswer::Paid(receipt()));
    let short_amount = PAID.replace("\"100.00\"", "\"100\"");
    assert_eq!(sale_answer(ok(&signed(&short_amount))), SaleAnswer::Paid(receipt()));
}

#[test]
fn a_respelled_body_is_believed_by_what_was_signed() {
    let spaced = PAID.replace("\":", "\" : ").replace(",\"", ",\n  \"");
    let signature = dwar_paytm::checksum::sign(PAID, super::KEY, super::SALT).unwrap();
    assert_eq!(sale_answer(ok(&message(&signature, &spaced))), SaleAnswer::Paid(receipt()));
    assert_eq!(sale_answer(ok(&signed(&spaced))), SaleAnswer::Paid(receipt()));
}

#[test]
fn what_paytm_writes_for_nothing_is_nothing() {
    let upi = PAID
        .replace("\"62909899\"", "\"\",\"rrnCode\":\"615212345678\"")
        .replace("\"PPI\"", "\"null\"")
        .replace("2026-06-01 12:34:56.0", "soon");
    let expected = Receipt {
        date: None,
        mode: None,
        bank_reference: Some("615212345678".into()),
        ..receipt()
    };
    assert_eq!(sale_answer(ok(&signed(&upi))), SaleAnswer::Paid(expected));
    for id in ["\"\"", "null", "\"null\""] {
        let nameless = PAID.replace("\"20260601010580000872102410000000001\"", id);
        assert_eq!(
            sale_answer(ok(&signed(&nameless))),
            SaleAnswer::Unknown(Unclear::Unreadable),
            "{id}"
        );
    }
}

#[test]
fn a_declined_order_has_our_code() {
    let failed = SaleAnswer::Failed {
        code: Code::InsufficientFunds,
        transaction_id: Some("20260601010580000872102410000000001".into()),
    };
    assert_eq!(sale_answer(ok(&signed(DECLINED))), failed);
}

#[test]
fn an_end_must_be_signed() {
    for body in [PAID, DECLINED] {
        for answer in [
            unsigned(body),
            message("", body),
            message("AAAA", body),
            signed_with(body, "0123456789abcdef"),
        ] {
            assert_eq!(
                sale_answer(ok(&answer)),
                SaleAnswer::Unknown(Unclear::NotAuthentic),
                "{answer}"
            );
        }
    }
}

#[test]
fn an_order_that_nobody_acted_on_is_pending() {
    let no_record = r#"{"resultInfo":{"resultStatus":"NO_RECORD_FOUND","resultCode":"331","resultMsg":"No Record Found"}}"#;
    let waiting = r#"{"resultInfo":{"resultStatus":"PENDING","resultCode":"402","resultMsg":"Looks like the payment is not complete."},"orderId":"ORD-0001","mid":"TESTMI00000000000001"}"#;
    for body in [UNKNOWN_ORDER, no_record, waiting] {
        assert_eq!(sale_answer(ok(&signed(body))), SaleAnswer::Pending, "{body}");
        assert_eq!(sale_answer(ok(&unsigned(body))), SaleAnswer::Pending, "{body}");
    }
}

#[test]
fn an_answer_about_something_else_ends_nothing() {
    for (given, other) in [
        ("\"100.00\"", "\"1.00\""),
        ("\"100.00\"", "\"100.001\""),
        ("\"100.00\"", "\"10000\""),
        ("\"100.00\"", "\"\""),
        ("\"txnAmount\":\"100.00\"", "\"txnAmount\":null"),
        ("\"orderId\":\"ORD-0001\",", ""),
        ("ORD-0001", "ORD-0002"),
        ("\"mid\":\"TESTMI00000000000001\",", ""),
        ("TESTMI00000000000001", "TESTMI00000000000002"),
        ("\"SALE\"", "\"PREAUTH\""),
        ("\"txnType\":\"SALE\"", "\"txnType\":\"SALE\",\"currency\":\"USD\""),
    ] {
        let body = PAID.replace(given, other);
        assert_ne!(body, PAID);
        assert_eq!(
            sale_answer(ok(&signed(&body))),
            SaleAnswer::Unknown(Unclear::Mismatch),
            "{given} → {other}"
        );
    }
    for (given, other) in [("ORD-0001", "ORD-0002"), ("\"orderId\":\"ORD-0001\",", "")] {
        let body = DECLINED.replace(given, other);
        assert_eq!(sale_answer(ok(&signed(&body))), SaleAnswer::Unknown(Unclear::Mismatch));
    }
}

#[test]
fn an_answer_that_says_two_things_is_not_read() {
    let twice = PAID.replace("{\"resultInfo\"", "{\"txnAmount\":\"100.00\",\"resultInfo\"");
    assert_eq!(sale_answer(ok(&signed(&twice))), SaleAnswer::Unknown(Unclear::Unreadable));
}

#[test]
fn codes_that_no_table_has_end_nothing() {
    let body = DECLINED.replace("235", "4711");
    assert_eq!(sale_answer(ok(&signed(&body))), SaleAnswer::Unknown(Unclear::UnknownCode));
    let body = PAID.replace("\"01\"", "\"227\"");
    assert_eq!(sale_answer(ok(&signed(&body))), SaleAnswer::Unknown(Unclear::UnknownCode));
}

#[test]
fn whatever_is_no_answer_ends_nothing() {
    let paid = signed(PAID);
    let huge = format!("{paid}{}", " ".repeat(10 << 20));
    let with = |status, body| Ok(Answer { status, body });
    let whole = paid.as_bytes();
    let cases: [(Reply<'_>, Unclear); 16] = [
        (Err(TransportError::NotSent), Unclear::NotSent),
        (Err(TransportError::NoAnswer), Unclear::NoAnswer),
        (with(500, whole), Unclear::ProviderFault),
        (with(503, b"<html>Service Unavailable</html>"), Unclear::ProviderFault),
        (with(429, b""), Unclear::ProviderFault),
        (with(201, whole), Unclear::Unreadable),
        (with(302, b""), Unclear::Unreadable),
        (with(404, whole), Unclear::Unreadable),
        (with(0, whole), Unclear::Unreadable),
        (ok(""), Unclear::Unreadable),
        (ok("<html>Something went wrong</html>"), Unclear::Unreadable),
        (ok("null"), Unclear::Unreadable),
        (ok(r#"{"head":{},"body":null}"#), Unclear::Unreadable),
        (ok(&paid[..paid.len() - 1]), Unclear::Unreadable),
        (ok(&huge), Unclear::Unreadable),
        (with(200, b"\xff\xfe"), Unclear::Unreadable),
    ];
    for (reply, reason) in cases {
        assert_eq!(sale_answer(reply), SaleAnswer::Unknown(reason));
        assert_eq!(initiate_answer(reply), InitiateAnswer::Unknown(reason));
    }
}
