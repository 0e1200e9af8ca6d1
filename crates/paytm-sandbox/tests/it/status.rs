//! The order status: what it says at each point of an order's life, and its old spellings.

use axum::http::Method;
use paytm::checksum;
use serde_json::{Value, json};

use crate::client::{KEY, MID, Sandbox, signed};

#[tokio::test]
async fn each_point_of_an_orders_life_has_its_code() {
    let sandbox = Sandbox::start().await;
    assert_eq!(sandbox.status("ORD-1").await.code(), "334");

    let token = sandbox.order("ORD-1").await;
    let untouched = sandbox.status("ORD-1").await;
    assert_eq!(untouched.code(), "334");
    assert_eq!(untouched.body()["txnId"], Value::Null);

    let fields = [("mid", MID), ("orderId", "ORD-1"), ("txnToken", token.as_str())];
    sandbox.post_form("/theia/api/v1/showPaymentPage", &fields).await;
    let open = sandbox.status("ORD-1").await;
    assert_eq!(open.code(), "402");
    assert_eq!(open.body()["resultInfo"]["resultStatus"], "PENDING");

    sandbox.pay("ORD-1", "success").await;
    let paid = sandbox.status("ORD-1").await;
    assert!(paid.is_signed());
    let body = paid.body();
    assert_eq!(
        body["resultInfo"],
        json!({
            "resultStatus": "TXN_SUCCESS", "resultCode": "01", "resultMsg": "Txn Success",
        })
    );
    assert_eq!(body["txnAmount"], "100.00");
    assert_eq!(body["refundAmt"], "0.00");
    assert_eq!(body["paymentMode"], "PPI");
    assert_eq!(body["gatewayName"], "WALLET");
    assert_eq!(body["bankName"], "WALLET");
    assert_eq!(body["txnId"].as_str().unwrap().len(), 35);
    assert_eq!(body["bankTxnId"].as_str().unwrap().len(), 8);
    assert_eq!(body["txnDate"].as_str().unwrap().len(), "2019-02-20 12:35:20.0".len());
}

#[tokio::test]
async fn a_session_lasts_fifteen_minutes() {
    const FIFTEEN_MINUTES_MS: u64 = 15 * 60 * 1_000;
    let sandbox = Sandbox::start().await;
    sandbox.order("ORD-1").await;
    sandbox.advance(FIFTEEN_MINUTES_MS - 60_000).await;
    assert_eq!(sandbox.status("ORD-1").await.code(), "334");
    sandbox.advance(60_000).await;
    let over = sandbox.status("ORD-1").await;
    assert_eq!(over.code(), "141");
    assert_eq!(over.body()["resultInfo"]["resultStatus"], "TXN_FAILURE");
    assert_eq!(sandbox.pay("ORD-1", "success").await["state"], "failure");
    assert_eq!(sandbox.booked("ORD-1").await, [0, 0, 0]);
}

#[tokio::test]
async fn strangers_are_refused_unsigned() {
    let sandbox = Sandbox::start().await;
    sandbox.order("ORD-1").await;
    let cases = [
        (signed(r#"{"mid":"NOBODY","orderId":"ORD-1"}"#), "335"),
        (signed(&json!({"mid": MID, "orderId": "ORD-1"}).to_string()).replace("ORD-1", "X"), "330"),
        (format!(r#"{{"body":{{"mid":"{MID}","orderId":"ORD-1"}}}}"#), "330"),
        ("nonsense".to_owned(), "501"),
    ];
    for (message, code) in cases {
        let answer = sandbox.post_json("/v3/order/status", &message).await.unwrap();
        assert_eq!((answer.code().as_str(), answer.is_signed()), (code, false), "{message}");
    }
}

#[tokio::test]
async fn the_alias_and_the_double_slash_are_the_same() {
    let sandbox = Sandbox::start().await;
    sandbox.paid("ORD-1", "100.00").await;
    for path in ["//v3/order/status", "/merchant-status/api/v1/getPaymentStatus"] {
        let answer = sandbox.call(path, &json!({"mid": MID, "orderId": "ORD-1"})).await.unwrap();
        assert_eq!(answer.code(), "01", "{path}");
    }
}

#[tokio::test]
async fn old_clients_get_flat_capitals() {
    let sandbox = Sandbox::start().await;
    sandbox.paid("ORD-1", "100.00").await;
    let checksum =
        checksum::sign_params([("MID", MID), ("ORDERID", "ORD-1")], KEY, *b"aB3d").unwrap();
    let json = json!({"MID": MID, "ORDERID": "ORD-1", "CHECKSUMHASH": checksum}).to_string();
    let encoded: String = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("JsonData", &json)
        .finish();
    let sent = [
        (Method::POST, "/order/status".to_owned(), json.as_str()),
        (Method::POST, "/order/status".to_owned(), encoded.as_str()),
        (Method::GET, format!("/merchant-status/getTxnStatus?{encoded}"), ""),
        (Method::GET, format!("/oltp/HANDLER_INTERNAL/getTxnStatus?{encoded}"), ""),
    ];
    for (method, path, body) in sent {
        let answer = sandbox.send(method, &path, &[], body).await.unwrap();
        let fields: Value = serde_json::from_str(&answer.text).unwrap();
        assert_eq!(fields["STATUS"], "TXN_SUCCESS", "{path}");
        assert_eq!(fields["TXNAMOUNT"], "100.00");
        assert_eq!(fields["TXNTYPE"], "SALE");
    }
    let forged = json.replace("ORD-1", "ORD-2");
    let answer = sandbox.post_json("/order/status", &forged).await.unwrap();
    let fields: Value = serde_json::from_str(&answer.text).unwrap();
    assert_eq!(fields["RESPCODE"], "330");
}
