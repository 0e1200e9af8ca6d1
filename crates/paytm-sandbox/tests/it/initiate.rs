//! `initiateTransaction`: its codes in their order, its token, its idempotency.

use axum::http::Method;
use serde_json::{Value, json};

use crate::client::{MID, Sandbox, order, signed};

const PATH: &str = "/theia/api/v1/initiateTransaction?mid=TESTMI00000000000001&orderId=ORD-1";

fn with(pointer: &str, value: Value) -> String {
    let mut body = order("ORD-1");
    *body.pointer_mut(pointer).unwrap() = value;
    signed(&body.to_string())
}

fn without(name: &str) -> String {
    let mut body = order("ORD-1");
    body.as_object_mut().unwrap().remove(name);
    signed(&body.to_string())
}

#[tokio::test]
async fn refusals_have_the_documented_codes() {
    let sandbox = Sandbox::start().await;
    let cases = [
        ("not JSON", "<xml>".to_owned(), "1001"),
        ("no body", r#"{"head":{}}"#.to_owned(), "1001"),
        ("amount as a number", with("/txnAmount/value", json!(100)), "1001"),
        ("another request type", with("/requestType", json!("Refund")), "1001"),
        (
            "only cards allowed",
            {
                let mut body = order("ORD-1");
                body["enablePaymentMode"] = json!([{"mode": "CREDIT_CARD"}]);
                signed(&body.to_string())
            },
            "1001",
        ),
        ("no amount", without("txnAmount"), "1007"),
        ("no customer", without("userInfo"), "1007"),
        ("empty customer", with("/userInfo/custId", json!("")), "1007"),
        ("no website", without("websiteName"), "1007"),
        ("no callback anywhere", without("callbackUrl"), "1007"),
        ("another mid than the address", with("/mid", json!("OTHER")), "2013"),
        ("another order than the address", with("/orderId", json!("ORD-2")), "2014"),
        (
            "wrong checksum",
            with("/orderId", json!("ORD-1")).replace("CUST_001", "CUST_002"),
            "2005",
        ),
        ("no checksum", format!(r#"{{"head":{{}},"body":{}}}"#, order("ORD-1")), "2005"),
        ("amount of zero", with("/txnAmount/value", json!("0.00")), "2007"),
        ("three decimals", with("/txnAmount/value", json!("1.005")), "2007"),
        ("dollars", with("/txnAmount/currency", json!("USD")), "2007"),
        ("eleven characters", with("/txnAmount/value", json!("10000000.00")), "196"),
        ("pipe", with("/userInfo/custId", json!("a|b")), "1008"),
        ("apostrophe", with("/userInfo/custId", json!("a'b")), "1001"),
        ("script as callback", with("/callbackUrl", json!("javascript:alert(1)")), "1001"),
        ("another website", with("/websiteName", json!("DEFAULT")), "501"),
    ];
    for (what, message, code) in cases {
        let answer = sandbox.post_json(PATH, &message).await.unwrap();
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (200, code), "{what}");
        assert_eq!(answer.body()["resultInfo"]["resultStatus"], "F", "{what}");
        assert_eq!(answer.body()["txnToken"], Value::Null, "{what}");
    }
    assert_eq!(sandbox.books().await["totals"]["orders"], 0);
}

#[tokio::test]
async fn an_unknown_merchant_is_told_before_its_checksum() {
    let sandbox = Sandbox::start().await;
    let mut body = order("ORD-1");
    body["mid"] = "NOBODY".into();
    assert_eq!(sandbox.initiate(&body).await.unwrap().code(), "2006");
}

#[tokio::test]
async fn a_token_is_32_digits_and_the_time_and_the_answer_is_signed() {
    let sandbox = Sandbox::start().await;
    let answer = sandbox.initiate(&order("ORD-1")).await.unwrap();
    assert!(answer.is_signed());
    assert!(answer.text.starts_with(r#"{"head":{"responseTimestamp":""#), "{}", answer.text);
    assert!(answer.text.contains(r#"},"body":{"resultInfo":{"#), "{}", answer.text);
    let token = answer.body()["txnToken"].as_str().unwrap().to_owned();
    let (digits, time) = token.split_at(32);
    assert!(digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')));
    assert_eq!(time.len(), 13);
    assert!(time.parse::<u64>().is_ok());
}

#[tokio::test]
async fn the_alias_the_double_slash_and_any_host_are_accepted() {
    let sandbox = Sandbox::start().await;
    let headers = [("content-type", "application/json"), ("host", "securegw-stage.paytm.in")];
    for (path, order_id) in [("/order/initiate", "A"), ("//theia/api/v1/initiateTransaction", "B")]
    {
        let path = format!("{path}?mid={MID}&orderId={order_id}");
        let message = signed(&order(order_id).to_string());
        let answer = sandbox.send(Method::POST, &path, &headers, &message).await.unwrap();
        assert_eq!(answer.code(), "0000", "{path}");
    }
}

#[tokio::test]
async fn spelling_does_not_matter_because_the_raw_text_is_signed() {
    let sandbox = Sandbox::start().await;
    let spaced = serde_json::to_string_pretty(&order("ORD-1")).unwrap();
    assert_eq!(sandbox.post_json(PATH, &signed(&spaced)).await.unwrap().code(), "0000");
    let slashed = order("ORD-1").to_string().replace('/', "\\/");
    assert_eq!(sandbox.post_json(PATH, &signed(&slashed)).await.unwrap().code(), "0002");
}

#[tokio::test]
async fn the_same_order_again_gives_the_same_token_and_another_is_refused() {
    let sandbox = Sandbox::start().await;
    let token = sandbox.order("ORD-1").await;
    let again = sandbox.initiate(&order("ORD-1")).await.unwrap();
    assert_eq!((again.code().as_str(), &again.body()["txnToken"]), ("0002", &json!(token)));

    let mut dearer = order("ORD-1");
    dearer["txnAmount"]["value"] = "200.00".into();
    let answer = sandbox.initiate(&dearer).await.unwrap();
    assert_eq!(answer.code(), "2023");
    assert!(answer.is_signed());

    sandbox.pay("ORD-1", "success").await;
    assert_eq!(sandbox.initiate(&order("ORD-1")).await.unwrap().code(), "325");
}
