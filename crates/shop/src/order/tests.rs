use proptest::prelude::*;
use serde_json::json;
use wire::callback::Callback;

use super::*;

const SALE: i64 = 49_572_000_001_893;

/// A callback about the operation `id`, `second` seconds into the payment's life.
fn callback(
    second: u32,
    payment: &str,
    (id, kind, status): (i64, &str, &str),
    amount: i64,
) -> Callback {
    let date = format!("2019-09-03T10:58:{second:02}+0000");
    let sum = json!({"amount": amount, "currency": "INR"});
    let document = json!({
        "project_id": 200,
        "payment": {
            "id": "order-1", "type": "purchase", "status": payment, "date": date,
            "method": "Paytm Wallet", "sum": {"amount": 2500, "currency": "INR"}
        },
        "operation": {
            "id": id, "type": kind, "status": status, "date": date, "created_date": date,
            "request_id": "d2debda97843c0c", "sum_initial": sum, "sum_converted": sum,
            "code": "0", "message": "Success"
        }
    });
    serde_json::from_value(document).unwrap()
}

fn redirect() -> Callback {
    let mut callback =
        callback(10, "awaiting redirect result", (SALE, "sale", "awaiting redirect result"), 2500);
    callback.redirect_data = Some(RedirectData {
        body: Vec::new(),
        method: RedirectMethod::Get,
        url: "https://pay.example/".to_owned(),
    });
    callback
}

fn success() -> Callback {
    callback(10, "success", (SALE, "sale", "success"), 2500)
}

/// A life with two refunds and a refused one, of which the first two callbacks share a second.
fn history() -> Vec<Callback> {
    vec![
        redirect(),
        success(),
        callback(20, "partially refunded", (SALE + 1, "refund", "success"), 1000),
        callback(20, "partially refunded", (SALE + 2, "refund", "decline"), 2000),
        callback(30, "processing", (SALE + 3, "refund", "processing"), 500),
        callback(30, "partially refunded", (SALE + 3, "refund", "success"), 500),
    ]
}

/// Two attempts that fail, the first within a second, in which the second begins too; then the
/// limit time, which ends the last operation.
fn attempts() -> Vec<Callback> {
    let second = SALE + 1;
    vec![
        redirect(),
        callback(10, "awaiting customer", (SALE, "sale", "awaiting customer"), 2500),
        callback(
            10,
            "awaiting redirect result",
            (second, "sale", "awaiting redirect result"),
            2500,
        ),
        callback(20, "awaiting customer", (second, "sale", "awaiting customer"), 2500),
        callback(30, "decline", (second, "sale", "decline"), 2500),
    ]
}

/// The same, as told by a platform whose operations are declined while their payment is open.
fn attempts_declined() -> Vec<Callback> {
    let mut callbacks = attempts();
    for operation in callbacks.iter_mut().filter_map(|it| it.operation.as_mut()) {
        if operation.status == OperationStatus::AwaitingCustomer {
            operation.status = OperationStatus::Decline;
        }
    }
    callbacks
}

fn order(callbacks: impl IntoIterator<Item = Callback>) -> Order {
    let mut order = Order::new("order-1".to_owned(), "chai".to_owned(), 2500);
    for callback in callbacks {
        order.receive(callback, String::new());
    }
    order
}

#[test]
fn each_callback_moves_the_order_on() {
    let mut order = order([]);
    let steps = history().into_iter().map(|callback| {
        order.receive(callback, String::new());
        let status = order.status().unwrap();
        let may_pay = (order.is_open(), order.redirect().is_some());
        (status.as_str(), may_pay, order.refunded(), order.refundable())
    });
    let expected = [
        ("awaiting redirect result", (true, true), 0, 0),
        ("success", (false, false), 0, 2500),
        ("partially refunded", (false, false), 1000, 1500),
        ("partially refunded", (false, false), 1000, 1500),
        ("processing", (false, false), 1000, 0),
        ("partially refunded", (false, false), 1500, 1000),
    ];
    assert_eq!(steps.collect::<Vec<_>>(), expected);
}

#[test]
fn an_order_is_open_while_the_customer_may_try_again() {
    for callbacks in [attempts(), attempts_declined()] {
        let mut order = order([]);
        let steps = callbacks.into_iter().map(|callback| {
            order.receive(callback, String::new());
            let status = order.status().unwrap();
            (status.as_str(), order.is_open(), order.is_settled(), order.sale_operations().len())
        });
        let expected = [
            ("awaiting redirect result", true, false, 1),
            ("awaiting customer", true, false, 1),
            ("awaiting redirect result", true, false, 2),
            ("awaiting customer", true, false, 2),
            ("decline", false, true, 2),
        ];
        assert_eq!(steps.collect::<Vec<_>>(), expected);
        assert_eq!(order.refundable(), 0);
    }
}

#[test]
fn another_attempt_may_succeed() {
    let mut callbacks = attempts();
    callbacks.truncate(3);
    callbacks.push(callback(20, "success", (SALE + 1, "sale", "success"), 2500));
    let order = order(callbacks);
    assert_eq!(order.status(), Some(PaymentStatus::Success));
    assert_eq!((order.is_settled(), order.refundable()), (true, 2500));
}

#[test]
fn every_status_has_its_stage() {
    let of = |stage| {
        let statuses = PaymentStatus::ALL.iter().filter(|status| Stage::of(**status) == stage);
        statuses.map(|status| status.as_str()).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(
        of(Stage::Failed),
        "decline, decline renewal, error, internal error, external error, expired, cancelled, \
         invoice cancelled"
    );
    assert_eq!(of(Stage::Paid), "success");
    assert_eq!(of(Stage::PartlyRefunded), "partially refunded, partially reversed");
    assert_eq!(of(Stage::Refunded), "refunded, reversed");
}

#[test]
fn a_late_success_overrules_a_decline_and_not_the_reverse() {
    let decline = callback(15, "decline", (SALE, "sale", "decline"), 2500);
    let late = callback(40, "success", (SALE, "sale", "success"), 2500);
    assert_eq!(order([decline.clone(), late.clone()]).status(), Some(PaymentStatus::Success));
    assert_eq!(order([late, decline]).status(), Some(PaymentStatus::Success));
}

#[test]
fn an_error_about_a_request_leaves_a_paid_order_paid() {
    let error: Callback = serde_json::from_value(json!({
        "project_id": 200, "payment": {"id": "order-1", "status": "error"},
        "errors": [{"code": "3284", "message": "Refund currency differs"}]
    }))
    .unwrap();
    assert_eq!(order([success(), error.clone()]).status(), Some(PaymentStatus::Success));
    assert_eq!(order([error]).status(), Some(PaymentStatus::Error));
}

#[test]
fn another_sum_is_kept_and_not_believed() {
    let mut order = Order::new("order-1".to_owned(), "chai".to_owned(), 9999);
    order.receive(success(), String::new());
    assert_eq!((order.status(), order.receipts.len()), (None, 1));
}

#[test]
fn an_order_is_settled_when_nothing_is_expected() {
    assert!(!order([]).is_settled());
    assert!(!order([redirect()]).is_settled());
    assert!(order([success()]).is_settled());
    let mut refunding = order([success()]);
    let reply = Reply::Accepted { request_id: "r".to_owned() };
    refunding.refunds.push(Refund { id: refunding.next_refund_id(), amount: None, reply });
    assert!(!refunding.is_settled());
    refunding
        .receive(callback(20, "refunded", (SALE + 1, "refund", "success"), 2500), String::new());
    assert!(refunding.is_settled());
    assert_eq!(refunding.next_refund_id(), "order-1-refund-2");
}

fn lives() -> impl Strategy<Value = Vec<Callback>> {
    prop_oneof![Just(history()), Just(attempts()), Just(attempts_declined())]
}

proptest! {
    #[test]
    fn what_is_known_does_not_depend_on_the_order_of_arrival(
        (told, arrivals) in lives().prop_flat_map(|told| {
            let twice = [told.clone(), told.clone()].concat();
            (Just(told), Just(twice).prop_shuffle())
        })
    ) {
        let (known, arrived) = (order(told), order(arrivals));
        prop_assert_eq!(arrived.latest(), known.latest());
        prop_assert_eq!(arrived.sale_operations(), known.sale_operations());
        prop_assert_eq!(arrived.refund_operations(), known.refund_operations());
        prop_assert_eq!(arrived.refundable(), known.refundable());
        prop_assert!(arrived.receipts.iter().all(|receipt| receipt.deliveries == 2));
    }
}
