//! Answers about refunds: shapes that were recorded at Paytm, with invented ids.

use domain::code::Code;
use domain::provider::{RefundAnswer, Unclear};
use dwar_paytm::connector::{refund_answered, refund_status_answered};
use dwar_paytm::exchange::{Answer, Reply, TransportError};

use super::{account, ok, reference, signed, signed_with, unsigned};

const RAISED: &str = r#"{"txnTimestamp":"2026-06-01 12:34:56.0","orderId":"ORD-0001","mid":"TESTMI00000000000001","refId":"REF-0001","resultInfo":{"resultStatus":"PENDING","resultCode":"601","resultMsg":"Refund request was raised for this transaction. But it is pending state"},"refundId":"20260601010580000872102410000000101","txnId":"20260601010580000872102410000000001","refundAmount":"40"}"#;

pub(crate) const DONE: &str = r#"{"agentInfo":{"name":"","employeeId":"","phoneNo":"","email":""},"orderId":"ORD-0001","userCreditInitiateStatus":"SUCCESS","mid":"TESTMI00000000000001","merchantRefundRequestTimestamp":"2026-06-01 13:00:00.0","source":"MERCHANT","resultInfo":{"resultStatus":"TXN_SUCCESS","resultCode":"10","resultMsg":"Refund Successfull"},"txnTimestamp":"2026-06-01 12:34:56.0","acceptRefundTimestamp":"2026-06-01 13:00:01.0","acceptRefundStatus":"SUCCESS","refundDetailInfoList":[{"refundType":"TO_SOURCE","payMethod":"BALANCE","refundAmount":"40.00","userMobileNo":"91-******7777"}],"userCreditInitiateTimestamp":"2026-06-01 13:00:02.0","totalRefundAmount":"40.00","refId":"REF-0001","txnAmount":"100.00","refundId":"20260601010580000872102410000000101","txnId":"20260601010580000872102410000000001","refundAmount":"40.00"}"#;

const FAILED: &str = r#"{"orderId":"ORD-0001","mid":"TESTMI00000000000001","refId":"REF-0001","resultInfo":{"resultStatus":"TXN_FAILURE","resultCode":"619","resultMsg":"Invalid refund amount"},"txnId":"20260601010580000872102410000000001","refundAmount":"40.00"}"#;

fn requested(reply: Reply<'_>) -> RefundAnswer {
    let (order, reference) = (reference("ORD-0001"), reference("REF-0001"));
    refund_answered(&account(), super::refund(&order, &reference), reply)
}

pub(crate) fn asked(reply: Reply<'_>) -> RefundAnswer {
    let (order, reference) = (reference("ORD-0001"), reference("REF-0001"));
    refund_status_answered(&account(), super::refund(&order, &reference), reply)
}

const REFUND_ID: &str = "20260601010580000872102410000000101";

fn failed(code: &str) -> String {
    FAILED.replace("619", code)
}

#[test]
fn a_refund_is_raised_and_later_done() {
    for answer in [requested(ok(&signed(RAISED))), asked(ok(&signed(RAISED)))] {
        assert_eq!(answer, RefundAnswer::Pending { refund_id: Some(REFUND_ID.into()) });
    }
    for answer in [requested(ok(&signed(DONE))), asked(ok(&signed(DONE)))] {
        assert_eq!(answer, RefundAnswer::Refunded { refund_id: Some(REFUND_ID.into()) });
    }
}

#[test]
fn failures_mean_the_same_to_the_request_and_to_the_question() {
    for (code, answer) in [
        ("619", RefundAnswer::Refused(Code::RefundTooLarge)),
        ("620", RefundAnswer::Refused(Code::AcquirerBalance)),
        ("600", RefundAnswer::Refused(Code::RefundUnavailable)),
        ("607", RefundAnswer::Refused(Code::RefundUnavailable)),
        ("617", RefundAnswer::Busy),
        ("626", RefundAnswer::Busy),
        ("628", RefundAnswer::Pending { refund_id: None }),
        ("629", RefundAnswer::Pending { refund_id: None }),
        ("501", RefundAnswer::Unknown(Unclear::ProviderFault)),
        ("4711", RefundAnswer::Unknown(Unclear::UnknownCode)),
    ] {
        let message = signed(&failed(code));
        assert_eq!(requested(ok(&message)), answer, "{code} requested");
        assert_eq!(asked(ok(&message)), answer, "{code} asked");
    }
}

#[test]
fn a_complaint_about_the_question_says_nothing_about_the_refund() {
    for code in ["330", "335"] {
        let message = signed(&failed(code));
        assert_eq!(requested(ok(&message)), RefundAnswer::Refused(Code::AcquirerSettings));
        assert_eq!(asked(ok(&message)), RefundAnswer::Unknown(Unclear::ProviderFault));
    }
    let nobody_knows_it = signed(&failed("631"));
    assert_eq!(asked(ok(&nobody_knows_it)), RefundAnswer::NotFound);
    assert_eq!(requested(ok(&nobody_knows_it)), RefundAnswer::Unknown(Unclear::UnknownCode));
}

#[test]
fn what_an_answer_leaves_empty_it_does_not_contradict() {
    let transaction = "20260601010580000872102410000000001";
    for empty in ["", "null"] {
        let nobody_knows_it = failed("631").replace(transaction, empty).replace("40.00", empty);
        assert_eq!(asked(ok(&signed(&nobody_knows_it))), RefundAnswer::NotFound, "{empty:?}");
        let nameless = DONE.replace("REF-0001", empty);
        assert_eq!(asked(ok(&signed(&nameless))), RefundAnswer::Unknown(Unclear::Mismatch));
    }
}

#[test]
fn what_may_be_unsigned() {
    let forged = RefundAnswer::Unknown(Unclear::NotAuthentic);
    for body in [RAISED, DONE, &failed("628")] {
        assert_eq!(requested(ok(&unsigned(body))), forged, "{body}");
        assert_eq!(asked(ok(&unsigned(body))), forged, "{body}");
    }
    let refused = unsigned(FAILED);
    assert_eq!(requested(ok(&refused)), RefundAnswer::Refused(Code::RefundTooLarge));
    assert_eq!(asked(ok(&refused)), forged);
    assert_eq!(asked(ok(&unsigned(&failed("631")))), RefundAnswer::NotFound);
    assert_eq!(asked(ok(&unsigned(&failed("626")))), RefundAnswer::Busy);
    for body in [RAISED, DONE, FAILED, &failed("631"), &failed("626")] {
        let by_another = signed_with(body, "0123456789abcdef");
        assert_eq!(requested(ok(&by_another)), forged, "{body}");
        assert_eq!(asked(ok(&by_another)), forged, "{body}");
    }
}

#[test]
fn an_answer_about_another_refund_ends_nothing() {
    let other = RefundAnswer::Unknown(Unclear::Mismatch);
    for (given, instead) in [
        ("REF-0001", "REF-0002"),
        ("ORD-0001", "ORD-0002"),
        ("TESTMI00000000000001", "TESTMI00000000000002"),
        ("20260601010580000872102410000000001", "20260601010580000872102410000000002"),
        ("\"refId\":\"REF-0001\",", ""),
        ("\"orderId\":\"ORD-0001\",", ""),
        ("\"mid\":\"TESTMI00000000000001\",", ""),
    ] {
        let body = DONE.replace(given, instead);
        assert_ne!(body, DONE, "{given}");
        assert_eq!(asked(ok(&signed(&body))), other, "{given} → {instead}");
    }
    for sum in ["\"refundAmount\":\"4.00\"}", "\"refundAmount\":null}", "\"refunded\":\"40.00\"}"] {
        let end = DONE.len() - "\"refundAmount\":\"40.00\"}".len();
        let body = format!("{}{sum}", &DONE[..end]);
        assert_eq!(asked(ok(&signed(&body))), other, "{sum}");
        assert_eq!(requested(ok(&signed(&body))), other, "{sum}");
    }
    let nameless = FAILED.replace("\"refId\":\"REF-0001\",", "");
    assert_eq!(asked(ok(&signed(&nameless))), other);
    assert_eq!(
        requested(ok(&signed(&nameless))),
        RefundAnswer::Refused(Code::RefundTooLarge),
        "Paytm leaves the reference out where it refuses"
    );
}

#[test]
fn silence_and_noise_end_nothing() {
    let done = signed(DONE);
    let cases: [(Reply<'_>, Unclear); 5] = [
        (Err(TransportError::NotSent), Unclear::NotSent),
        (Err(TransportError::NoAnswer), Unclear::NoAnswer),
        (Ok(Answer { status: 502, body: done.as_bytes() }), Unclear::ProviderFault),
        (ok("<html>"), Unclear::Unreadable),
        (ok(""), Unclear::Unreadable),
    ];
    for (reply, reason) in cases {
        assert_eq!(requested(reply), RefundAnswer::Unknown(reason));
        assert_eq!(asked(reply), RefundAnswer::Unknown(reason));
    }
}
