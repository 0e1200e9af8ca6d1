//! Notifications: formats, repetition, where they go.

use axum::http::{Method, StatusCode};
use paytm::checksum;
use paytm_sandbox::{Config, NotificationFormat};
use serde_json::{Value, json};

use crate::client::{KEY, MID, PATIENCE, Sandbox, config, fields_verify};

#[tokio::test]
async fn a_payment_is_notified_with_a_form() {
    let (sandbox, mut receiver) = Sandbox::with_receiver(config()).await;
    sandbox.paid("ORD-1", "100.00").await;
    let sent = receiver.next().await;
    assert_eq!(sent.content_type, "application/x-www-form-urlencoded");
    let fields = sent.fields();
    assert!(fields_verify(&fields));
    assert_eq!(fields["STATUS"], "TXN_SUCCESS");
    assert_eq!(fields["ORDERID"], "ORD-1");
    assert_eq!(fields["CUSTID"], "CUST_001");
    assert_eq!(fields["TXNDATE"].len(), "2021-02-12".len());
    assert_eq!(fields["TXNDATETIME"].len(), "2021-02-12 18:44:39.0".len());
}

#[tokio::test]
async fn or_with_json() {
    let mut config = config();
    config.merchants[0].notification_format = NotificationFormat::Json;
    let (sandbox, mut receiver) = Sandbox::with_receiver(config).await;
    sandbox.paid("ORD-1", "100.00").await;
    let sent = receiver.next().await;
    assert_eq!(sent.content_type, "application/json");
    let body = sent.json();
    assert_eq!((&body["status"], &body["txnAmount"]), (&json!("TXN_SUCCESS"), &json!("100.00")));
}

#[tokio::test]
async fn a_decline_is_notified_and_an_abandoned_order_is_not() {
    let (sandbox, mut receiver) = Sandbox::with_receiver(config()).await;
    sandbox.order("ABANDONED").await;
    sandbox.advance(15 * 60_000).await;
    sandbox.order("ORD-1").await;
    sandbox.pay("ORD-1", "decline").await;
    let fields = receiver.next().await.fields();
    assert_eq!((fields["ORDERID"].as_str(), fields["RESPCODE"].as_str()), ("ORD-1", "227"));
    assert!(sandbox.webhooks("ABANDONED").await.is_empty());
}

#[tokio::test]
async fn anything_but_200_is_repeated_with_the_same_bytes_until_the_plan_ends() {
    let config = Config { webhook_retries_ms: vec![60_000, 3_600_000], ..config() };
    let (sandbox, mut receiver) = Sandbox::with_receiver(config).await;
    for status in [StatusCode::INTERNAL_SERVER_ERROR, StatusCode::NOT_FOUND, StatusCode::ACCEPTED] {
        receiver.answer_next(status);
    }
    sandbox.paid("ORD-1", "100.00").await;
    let first = receiver.next().await;
    settled(&sandbox, 1).await;
    sandbox.advance(60_000).await;
    let second = receiver.next().await;
    settled(&sandbox, 2).await;
    sandbox.advance(3_600_000).await;
    let third = receiver.next().await;
    assert_eq!((&first.text, &first.text), (&second.text, &third.text));
    let given_up = settled(&sandbox, 3).await;
    assert_eq!(given_up["due_at_ms"], Value::Null);
    assert_eq!(given_up["delivered_at_ms"], Value::Null);
    assert_eq!(given_up["last_result"], "202");
}

/// Waits until the outcome of this many attempts is in the books.
async fn settled(sandbox: &Sandbox, attempts: usize) -> Value {
    let expected = (json!(attempts), json!(["500", "404", "202"][attempts - 1]));
    let settling = async {
        loop {
            let logged = sandbox.webhooks("ORD-1").await.remove(0);
            if (&logged["attempts"], &logged["last_result"]) == (&expected.0, &expected.1) {
                return logged;
            }
        }
    };
    tokio::time::timeout(PATIENCE, settling).await.unwrap()
}

#[tokio::test]
async fn a_merchant_sets_its_address_by_api() {
    let (sandbox, mut receiver) = Sandbox::with_receiver(config()).await;
    let mut elsewhere = Sandbox::with_receiver(config()).await.1;
    let text = json!({
        "mid": MID, "queryParam": "notificationUrls", "paymentNotificationUrl": elsewhere.url,
    })
    .to_string();
    let put = async |checksum: &str| {
        let headers = [("content-type", "application/json"), ("x-checksum", checksum)];
        let path = "/api/v1/external/putMerchantInfo";
        sandbox.send(Method::PUT, path, &headers, &text).await.unwrap().status
    };
    assert_eq!(put("wrong").await, StatusCode::BAD_REQUEST);
    sandbox.paid("ORD-1", "100.00").await;
    assert_eq!(receiver.next().await.fields()["ORDERID"], "ORD-1");

    assert_eq!(put(&checksum::sign(&text, KEY, *b"aB3d").unwrap()).await, StatusCode::OK);
    sandbox.paid("ORD-2", "100.00").await;
    assert_eq!(elsewhere.next().await.fields()["ORDERID"], "ORD-2");
}
