//! `processTransaction`: payments without the page.

use serde_json::{Value, json};

use crate::client::{CALLBACK_URL, MID, Sandbox, fields_verify};

async fn process(sandbox: &Sandbox, order_id: &str, token: &str, body: Value) -> Value {
    let mut body = body;
    body["mid"] = MID.into();
    body["orderId"] = order_id.into();
    body["requestType"] = "NATIVE".into();
    let message = json!({"head": {"txnToken": token}, "body": body}).to_string();
    sandbox.post_json("/theia/api/v1/processTransaction", &message).await.unwrap().body()
}

#[tokio::test]
async fn the_wallet_pays_at_once() {
    let sandbox = Sandbox::start().await;
    let token = sandbox.order("ORD-1").await;
    let body = process(&sandbox, "ORD-1", &token, json!({"paymentMode": "BALANCE"})).await;
    assert_eq!(body["resultInfo"]["resultStatus"], "S");
    assert_eq!(body["callBackUrl"], CALLBACK_URL);
    let fields = serde_json::from_value(body["txnInfo"].clone()).unwrap();
    assert!(fields_verify(&fields));
    assert_eq!(fields["STATUS"], "TXN_SUCCESS");
    assert_eq!(sandbox.booked("ORD-1").await, [10_000, 0, 0]);
}

#[tokio::test]
async fn a_collect_request_waits_for_its_approval() {
    let sandbox = Sandbox::start().await;
    let token = sandbox.order("ORD-1").await;
    let ask = json!({"paymentMode": "UPI", "payerAccount": "7777777777@paytm", "authMode": null});
    let body = process(&sandbox, "ORD-1", &token, ask).await;
    assert_eq!(body["orderId"], "ORD-1");
    assert_eq!(body["transId"].as_str().unwrap().len(), 35);
    assert_eq!(sandbox.status("ORD-1").await.code(), "402");
    sandbox.pay("ORD-1", "success").await;
    assert_eq!(sandbox.status("ORD-1").await.body()["paymentMode"], "UPI");
}

#[tokio::test]
async fn an_intent_has_a_deep_link() {
    let sandbox = Sandbox::start().await;
    let token = sandbox.order("ORD-1").await;
    let ask = json!({"paymentMode": "UPI_INTENT", "paymentFlow": "NONE"});
    let body = process(&sandbox, "ORD-1", &token, ask).await;
    let link = &body["deepLinkInfo"];
    assert!(link["deepLink"].as_str().unwrap().starts_with("upi://pay?"));
    for name in ["orderId", "cashierRequestId", "transId"] {
        assert!(link[name].is_string(), "{name}");
    }
    assert_eq!(sandbox.status("ORD-1").await.code(), "402");
}

#[tokio::test]
async fn a_browsers_form_ends_at_the_callback() {
    let sandbox = Sandbox::start().await;
    let token = sandbox.order("ORD-1").await;
    let fields = [
        ("mid", MID),
        ("orderId", "ORD-1"),
        ("txnToken", token.as_str()),
        ("paymentMode", "BALANCE"),
    ];
    let back = sandbox.post_form("/theia/api/v1/processTransaction", &fields).await;
    assert_eq!(back.callback()["STATUS"], "TXN_SUCCESS");
}

#[tokio::test]
async fn refusals_have_the_documented_codes() {
    let sandbox = Sandbox::start().await;
    let token = sandbox.order("ORD-1").await;
    let cases = [
        ("wrong", json!({"paymentMode": "BALANCE"}), "1006"),
        (token.as_str(), json!({"paymentMode": "CREDIT_CARD"}), "1001"),
        (token.as_str(), json!({}), "1007"),
        (token.as_str(), json!({"paymentMode": "UPI", "payerAccount": "nobody"}), "295"),
    ];
    for (token, ask, code) in cases {
        let body = process(&sandbox, "ORD-1", token, ask).await;
        assert_eq!(body["resultInfo"]["resultCode"], code);
    }
    sandbox.advance(15 * 60_000).await;
    let body = process(&sandbox, "ORD-1", &token, json!({"paymentMode": "BALANCE"})).await;
    assert_eq!(body["resultInfo"]["resultCode"], "1006");
}
