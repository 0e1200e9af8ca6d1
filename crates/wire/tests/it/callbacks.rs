//! Callbacks and status answers, member by member as the method's document shows them.
//!
//! The document shows a sale's success and decline twice (Payment Page and Gate, alike to the
//! letter) and a refund's success and decline. Its signatures are shortened; those in `documents/`
//! are the PHP SDK's over the same data with the secret `secret`.

use serde_json::Value;
use wire::callback::{
    Callback, CallbackError, Customer, Operation, Payment, Provider, RedirectData, Sum,
};
use wire::date;
use wire::field::WireError;
use wire::signature::{self, VerifyError};
use wire::status::StatusAnswer;
use wire::vocabulary::{
    OperationStatus, OperationType, PaymentStatus, PaymentType, RedirectMethod,
};

const DOCUMENTS: [(&str, &str); 6] = [
    ("sale-success", include_str!("../documents/sale-success.json")),
    ("sale-decline", include_str!("../documents/sale-decline.json")),
    ("refund-success", include_str!("../documents/refund-success.json")),
    ("refund-decline", include_str!("../documents/refund-decline.json")),
    ("awaiting-redirect", include_str!("../documents/awaiting-redirect.json")),
    ("invalid-request", include_str!("../documents/invalid-request.json")),
];

fn document(name: &str) -> &'static str {
    DOCUMENTS.iter().find(|(given, _)| *given == name).unwrap().1
}

/// The same JSON without white space, its members in the same order.
fn compact(json: &str) -> String {
    serde_json::from_str::<Value>(json).unwrap().to_string()
}

fn at(text: &str) -> i64 {
    date::parse(text).unwrap()
}

fn inr(amount: i64) -> Sum {
    Sum { amount, currency: "INR".to_owned() }
}

fn sale_success() -> Callback {
    let finished = at("2019-09-03T10:58:10+0000");
    Callback {
        project_id: 200,
        payment: Payment {
            id: "TEST_Ref1215267492448813313".to_owned(),
            kind: Some(PaymentType::Purchase),
            status: PaymentStatus::Success,
            date: Some(finished),
            method: Some("Paytm Wallet".to_owned()),
            sum: Some(inr(2500)),
            merchant_refund_id: None,
            description: Some("TEST_Ref1215267492448813313".to_owned()),
        },
        customer: Some(Customer {
            id: Some("12345".to_owned()),
            phone: Some("31647812345".to_owned()),
        }),
        operation: Some(Operation {
            id: 49_572_000_001_893,
            kind: OperationType::Sale,
            status: OperationStatus::Success,
            date: finished,
            created_date: at("2019-09-03T09:43:12+0000"),
            request_id: "d2debda97843c0c".to_owned(),
            sum_initial: inr(2500),
            sum_converted: inr(2500),
            code: "0".to_owned(),
            message: "Success".to_owned(),
            provider: Some(Provider {
                id: 2469,
                payment_id: Some("fcccab5d465e".to_owned()),
                date: Some(at("2019-09-03T09:43:50+0000")),
                auth_code: Some(String::new()),
            }),
        }),
        redirect_data: None,
        errors: Vec::new(),
    }
}

#[test]
fn a_callback_is_written_as_documented() {
    let written = sale_success().to_signed_json("secret").unwrap();
    assert_eq!(written, compact(document("sale-success")));
}

#[test]
fn every_documented_callback_survives_reading_and_writing() {
    for (name, document) in DOCUMENTS {
        let read = Callback::verify_and_parse(document.as_bytes(), &["secret"]).unwrap();
        assert_eq!(read.to_signed_json("secret").unwrap(), compact(document), "{name}");
    }
    let read = Callback::verify_and_parse(document("sale-success").as_bytes(), &["secret"]);
    assert_eq!(read.unwrap(), sale_success());
}

#[test]
fn a_callback_of_another_or_of_nobody_is_not_believed() {
    let original = document("sale-success");
    let refusal =
        |body: &str| Callback::verify_and_parse(body.as_bytes(), &["secret"]).unwrap_err();
    let mismatch = VerifyError::Mismatch;
    let forged = original.replace("\"amount\": 2500", "\"amount\": 250000");
    assert!(matches!(refusal(&forged), CallbackError::Signature(error) if error == mismatch));
    let (unsigned, _) = original.rsplit_once(',').unwrap();
    let unsigned = format!("{unsigned}}}");
    let empty = VerifyError::Empty;
    assert!(matches!(refusal(&unsigned), CallbackError::Signature(error) if error == empty));
    assert!(matches!(refusal("{\"a\":1,\"a\":1}"), CallbackError::Json(_)));
    let shapeless = signature::to_signed_json(&[("a", 1)].into_iter().collect::<Value>(), "secret");
    assert!(matches!(refusal(&shapeless.unwrap()), CallbackError::Shape(_)));
}

#[test]
fn no_semicolon_leaves_the_platform() {
    let mut callback = sale_success();
    callback.payment.description = Some("a;payment:status:success;b".to_owned());
    callback.redirect_data = Some(RedirectData {
        body: vec![("MID;x".to_owned(), "1;2".to_owned()), ("ORDER_ID".to_owned(), "p".to_owned())],
        method: RedirectMethod::Post,
        url: "https://pay.example/collect;v=1?a=1".to_owned(),
    });
    let written = callback.to_signed_json("secret").unwrap();
    assert!(!written.contains(';'), "{written}");
    let read = Callback::verify_and_parse(written.as_bytes(), &["secret"]).unwrap();
    assert_eq!(read.payment.description.as_deref(), Some("a,payment:status:success,b"));
    let redirect = read.redirect_data.unwrap();
    assert_eq!(redirect.url, "https://pay.example/collect%3Bv=1?a=1");
    assert_eq!(redirect.body[1], ("ORDER_ID".to_owned(), "p".to_owned()));
}

#[test]
fn at_most_ten_errors_are_sent() {
    let error = |number: u32| WireError {
        code: number.to_string(),
        field: None,
        message: "m".to_owned(),
        description: None,
    };
    let errors = (1..=12).map(error).collect();
    let callback = Callback::of_invalid_request(200, "p-1".to_owned(), None, errors);
    let written = callback.to_signed_json("secret").unwrap();
    let read = Callback::verify_and_parse(written.as_bytes(), &["secret"]).unwrap();
    assert_eq!(read.errors.len(), 10);
    assert_eq!(read.payment.status, PaymentStatus::Error);
}

#[test]
fn a_status_answer_lists_the_operations() {
    let sale = sale_success();
    let refund = Callback::verify_and_parse(document("refund-success").as_bytes(), &["secret"]);
    let answer = StatusAnswer {
        project_id: 200,
        payment: sale.payment,
        customer: sale.customer,
        operations: [sale.operation, refund.unwrap().operation].into_iter().flatten().collect(),
        redirect_data: None,
        errors: Vec::new(),
    };
    let written = answer.to_signed_json("secret").unwrap();
    let document: Value = serde_json::from_str(&written).unwrap();
    let given = signature::given(&document).unwrap();
    assert_eq!(signature::verify(&document, given, &["secret"]), Ok(()));
    insta::assert_json_snapshot!(document);
}

#[test]
fn an_unknown_payment_has_a_status_answer_too() {
    let answer = StatusAnswer::not_found(200, "p-1".to_owned()).to_signed_json("secret").unwrap();
    insta::assert_snapshot!(answer);
}
