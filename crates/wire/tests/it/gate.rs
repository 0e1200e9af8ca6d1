//! Gate requests: the documented ones are read, and of a wrong one every mistake is told.

use serde_json::{Value, json};
use wire::field::FieldError;
use wire::gate::{
    Accepted, RefundRequest, Refused, RequestStatusRequest, SaleRequest, StatusRequest,
};

fn sale() -> Value {
    json!({
        "general": {"project_id": 200, "payment_id": "payment_id", "signature": "s"},
        "customer": {"id": "12345", "ip_address": "1.1.1.1"},
        "payment": {"amount": 250, "currency": "INR"},
    })
}

fn told(errors: &[FieldError]) -> Vec<(&'static str, u32)> {
    errors.iter().map(|error| (error.path, error.code)).collect()
}

#[test]
fn the_documented_sale_is_read() {
    let read = SaleRequest::parse(&sale()).unwrap();
    assert_eq!(read.general.project_id, 200);
    assert_eq!(read.general.payment_id, "payment_id");
    assert_eq!(
        (read.customer.id.as_str(), read.customer.ip_address.as_str()),
        ("12345", "1.1.1.1")
    );
    assert_eq!((read.payment.amount, read.payment.currency.as_str()), (250, "INR"));
    assert_eq!(read.callback, wire::gate::CallbackOptions::default());
}

#[test]
fn everything_that_may_be_sent_is_read() {
    let read = SaleRequest::parse(&json!({
        "general": {
            "project_id": "200", "payment_id": "p", "merchant_callback_url": "https://s.example/cb",
        },
        "customer": {
            "id": 12345, "ip_address": "2001:db8::1", "first_name": "Асель", "last_name": "Li",
            "middle_name": "", "email": "a@b.example", "phone": "+911234567890", "country": "in",
            "state": "KA", "city": "Bengaluru", "address": "1 MG Road", "zip": "560001",
            "day_of_birth": "31-12-1990", "billing": [], "vip": true,
        },
        "payment": {
            "amount": "250", "currency": "INR", "description": "Order #1", "extra_param": "x",
            "best_before": "2026-01-31T10:00:00+00:00",
        },
        "return_url": {
            "success": "https://s.example/ok", "decline": "https://s.example/no",
            "return": "https://s.example/back",
        },
        "callback": {"delay": 600, "force_disable": 1},
        "interface_type": {"id": 18},
        "receipt_data": {"positions": []},
    }));
    insta::assert_debug_snapshot!(read.unwrap());
}

#[test]
fn every_mistake_of_a_sale_is_told() {
    let empty = SaleRequest::parse(&json!({})).unwrap_err();
    assert_eq!(
        told(&empty),
        [
            ("general.project_id", 2004),
            ("general.payment_id", 2004),
            ("customer.id", 2004),
            ("customer.ip_address", 2004),
            ("payment.amount", 2004),
            ("payment.currency", 2004),
        ]
    );
    let wrong = SaleRequest::parse(&json!({
        "general": {"project_id": -1, "payment_id": "x".repeat(256), "merchant_callback_url": "/cb"},
        "customer": {"id": "1", "ip_address": "localhost", "email": "x", "phone": "1"},
        "payment": {"amount": 250.0, "currency": "inr", "best_before": "soon"},
        "return_url": "https://s.example",
        "callback": {"delay": 601, "force_disable": "no"},
        "interface_type": "Gate",
    }))
    .unwrap_err();
    insta::assert_snapshot!(
        wrong
            .iter()
            .map(|it| format!("{} {}: {} is not {}", it.code, it.path, it.sent, it.expected))
            .collect::<Vec<_>>()
            .join("\n")
    );
}

#[test]
fn a_document_of_the_wrong_type_is_one_mistake() {
    for document in [json!(null), json!([]), json!({"general": null})] {
        assert_eq!(told(&StatusRequest::parse(&document).unwrap_err()).len(), 2, "{document}");
    }
    let errors = StatusRequest::parse(&json!({"general": "x"})).unwrap_err();
    assert_eq!(told(&errors), [("general", 502)]);
}

#[test]
fn a_refund_names_a_whole_sum_or_none() {
    let refund = |payment: Value| {
        RefundRequest::parse(&json!({
            "general": {"project_id": 200, "payment_id": "p"}, "payment": payment,
        }))
    };
    let full = refund(json!({"description": "test_refund"})).unwrap();
    assert_eq!(
        (full.payment.sum, full.payment.description.as_deref()),
        (None, Some("test_refund"))
    );
    let part = refund(json!({"amount": 100, "currency": "INR", "merchant_refund_id": "r-1"}));
    let part = part.unwrap().payment;
    assert_eq!(part.sum, Some((100, "INR".to_owned())));
    assert_eq!(part.merchant_refund_id.as_deref(), Some("r-1"));
    for (payment, expected) in [
        (json!({"currency": "INR"}), ("payment.amount", 3286)),
        (json!({"amount": 100}), ("payment.currency", 3287)),
        (json!({"amount": 0, "currency": "INR"}), ("payment.amount", 502)),
        (json!({"amount": 1, "currency": "rs"}), ("payment.currency", 3121)),
        (json!("all of it"), ("payment", 502)),
    ] {
        assert_eq!(told(&refund(payment).unwrap_err()), [expected]);
    }
}

#[test]
fn a_flat_status_request_is_read() {
    let document = json!({"project_id": 200, "request_id": "abc-def-00000001", "signature": "s"});
    let read = RequestStatusRequest::parse(&document).unwrap();
    assert_eq!((read.project_id, read.request_id.as_str()), (200, "abc-def-00000001"));
}

#[test]
fn answers_have_the_documented_members() {
    let accepted = Accepted::new(200, "p-1".to_owned(), "abc-def-00000001".to_owned());
    insta::assert_json_snapshot!(accepted);
    let refused = Refused::new(3261, "Invalid signature");
    insta::assert_json_snapshot!(refused);
    let errors = SaleRequest::parse(&json!({"general": {"project_id": 1}})).unwrap_err();
    let mut refused = Refused::for_fields("Required field not provided", &errors);
    refused.payment_id = Some("p-1".to_owned());
    insta::assert_json_snapshot!(refused);
}
