//! Everything that can be wrong with a request to Gate, and what its sender is told.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::client::send;
use crate::world::{
    DISABLED, DISABLED_SECRET, LIVE, LIVE_SECRET, World, about, paid, sale, signed,
};

const SALE: &str = "/v2/payment/wallet/paytm/sale";
const REFUND: &str = "/v2/payment/wallet/paytm/refund";
const STATUS: &str = "/v2/payment/status";
const REQUEST_STATUS: &str = "/v2/payment/status/request";

/// A sale with one member put where the pointer says, or taken away with `null`.
fn sale_with(pointer: &str, value: Value) -> Value {
    changed(sale("p-2"), pointer, value)
}

fn refund_with(payment_id: &str, payment: Value) -> Value {
    changed(about(payment_id), "/payment", payment)
}

fn changed(mut document: Value, pointer: &str, value: Value) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = document.pointer_mut(parent).unwrap();
    if value.is_null() {
        parent.as_object_mut().unwrap().remove(name);
    } else {
        parent[name] = value;
    }
    document
}

fn unreadable() -> Vec<(&'static str, &'static str, String)> {
    let deep = format!("{}1{}", "[".repeat(9), "]".repeat(9));
    let list = json!({"general": {"project_id": LIVE}, "a": vec![0; 101]});
    vec![
        ("no body", SALE, String::new()),
        ("not JSON", SALE, "project_id=200&payment_id=p-1".into()),
        ("a comma too many", SALE, "{\n  \"general\": {},\n}".into()),
        ("two documents", SALE, "{} {}".into()),
        ("a member twice", SALE, r#"{"general":{"project_id":200,"project_id":201}}"#.into()),
        ("nested too deep", SALE, deep),
        ("a list too long", SALE, list.to_string()),
        ("not UTF-8 escapes", SALE, r#"{"general":"\ud800"}"#.into()),
        ("a list", SALE, "[]".into()),
        ("a word", STATUS, "\"status\"".into()),
        ("an empty object", SALE, "{}".into()),
        ("nothing to refund", REFUND, "{}".into()),
        ("no question", REQUEST_STATUS, "{}".into()),
        ("general is no object", STATUS, r#"{"general":7}"#.into()),
        ("a project that is no number", STATUS, r#"{"general":{"project_id":"shop"}}"#.into()),
        ("a fraction of a project", STATUS, r#"{"general":{"project_id":200.5}}"#.into()),
    ]
}

fn not_believed() -> Vec<(&'static str, &'static str, String)> {
    let foreign = changed(about("p-1"), "/general/project_id", json!(999));
    let unsigned = about("p-1");
    let with = |signature: Value| changed(about("p-1"), "/general/signature", signature);
    let folded = sale_with("/payment/description", json!("x;payment:extra_param:1"));
    let later = changed(signed(sale("p-2"), LIVE_SECRET), "/payment/amount", json!(1));
    vec![
        ("an unknown project", STATUS, signed(foreign.clone(), LIVE_SECRET).to_string()),
        ("an unknown project, unsigned", STATUS, foreign.to_string()),
        ("no signature", STATUS, unsigned.to_string()),
        ("an empty signature", STATUS, with(json!("")).to_string()),
        ("a signature that is a number", STATUS, with(json!(7)).to_string()),
        ("a signature that is not base64", STATUS, with(json!("secret!")).to_string()),
        ("another secret", STATUS, signed(about("p-1"), "other secret").to_string()),
        ("an amount changed after signing", SALE, later.to_string()),
        ("a folded parameter", SALE, signed(folded, LIVE_SECRET).to_string()),
        (
            "wrong parameters behind a wrong signature",
            SALE,
            signed(about("p-1"), "other secret").to_string(),
        ),
    ]
}

fn refused() -> Vec<(&'static str, &'static str, Value)> {
    let inr = |amount: i64| json!({"amount": amount, "currency": "INR"});
    let usd = json!({"amount": 1, "currency": "USD"});
    let long = "x".repeat(256);
    vec![
        ("no customer", SALE, sale_with("/customer", Value::Null)),
        ("no customer.ip_address", SALE, sale_with("/customer/ip_address", Value::Null)),
        ("an empty payment id", SALE, sale_with("/general/payment_id", json!(""))),
        ("a payment id too long", SALE, sale_with("/general/payment_id", json!(long))),
        ("an amount in rupees", SALE, sale_with("/payment/amount", json!(2.5))),
        ("an amount of zero", SALE, sale_with("/payment/amount", json!(0))),
        ("an amount in words", SALE, sale_with("/payment/amount", json!("ten"))),
        ("below the minimum", SALE, sale_with("/payment/amount", json!(99))),
        ("above the maximum", SALE, sale_with("/payment/amount", json!(1_000_000_000))),
        ("a currency in small letters", SALE, sale_with("/payment/currency", json!("inr"))),
        ("a currency nobody knows", SALE, sale_with("/payment/currency", json!("XYZ"))),
        ("another currency", SALE, sale_with("/payment/currency", json!("USD"))),
        ("an address that is none", SALE, sale_with("/customer/ip_address", json!("home"))),
        ("return_url.success", SALE, sale_with("/return_url", json!({"success": "javascript:1"}))),
        (
            "three mistakes",
            SALE,
            json!({"general": {"project_id": LIVE}, "customer": {"id": "1", "ip_address": "x"},
                   "payment": {"amount": -1, "currency": "INR"}}),
        ),
        ("a payment id that is taken", SALE, sale("p-1")),
        ("a refund of nothing", REFUND, about("nobody")),
        ("a refund of what is not paid", REFUND, about("unpaid")),
        ("a refund in another currency", REFUND, refund_with("p-1", usd)),
        ("a refund without currency", REFUND, refund_with("p-1", json!({"amount": 1}))),
        ("a refund without amount", REFUND, refund_with("p-1", json!({"currency": "INR"}))),
        ("a refund of zero", REFUND, refund_with("p-1", inr(0))),
        ("a status without payment", STATUS, sale_with("/general/payment_id", Value::Null)),
        ("a status without request", REQUEST_STATUS, json!({"project_id": LIVE})),
    ]
}

#[tokio::test]
async fn every_wrong_request_is_told_what_is_wrong() {
    let world = World::new().await;
    world.sale(sale("p-1")).await;
    world.provider_says("p-1", paid()).await;
    world.sale(sale("unpaid")).await;

    let mut told = String::new();
    let signed_ones =
        refused().into_iter().map(|(name, path, body)| (name, path, signed(body, LIVE_SECRET)));
    let bodies = unreadable().into_iter().chain(not_believed());
    let bodies = bodies.chain(signed_ones.map(|(name, path, body)| (name, path, body.to_string())));
    for (name, path, body) in bodies {
        let answer = world.post(path, body).await;
        writeln!(told, "{name}\n  {}", answer.summary()).unwrap();
        assert!((400..500).contains(&answer.status), "{name}: {}", answer.summary());
        assert_eq!(answer.header("content-type"), Some("application/json"), "{name}");
        let document = answer.json();
        assert_eq!(document["status"], "error", "{name}");
        assert!(document["code"].is_string() && document["message"].is_string(), "{name}");
    }
    insta::assert_snapshot!("wrong_requests", told);
    assert!(world.payment("p-1").await.refunds.is_empty());
}

#[tokio::test]
async fn a_method_that_is_not_enabled_is_forbidden() {
    let world = World::new().await;
    let body = sale_with("/general/project_id", json!(DISABLED));
    let answer = world.post(SALE, signed(body, DISABLED_SECRET).to_string()).await;
    insta::assert_snapshot!(answer.summary());
}

#[tokio::test]
async fn what_does_not_exist_is_told_in_the_same_shape() {
    let world = World::new().await;
    let mut told = String::new();
    for (method, path) in [
        ("POST", "/v2/payment/wallet/upi/sale"),
        ("POST", "/v2/payment/card/sale"),
        ("POST", "/v2/payment"),
        ("POST", "/v2/payment/status/"),
        ("GET", "/v2/nothing"),
        ("GET", STATUS),
        ("PUT", SALE),
        ("DELETE", "/v2/payment/card/refund"),
    ] {
        let answer = send(world.address(), method, path, "", b"").await;
        let allow = answer.header("allow").unwrap_or("-");
        writeln!(told, "{method} {path}\n  allow {allow}; {}", answer.summary()).unwrap();
        assert!(answer.header("x-request-id").is_some(), "{path}");
    }
    insta::assert_snapshot!("unknown_routes", told);
}

#[tokio::test]
async fn settings_decide_at_once() {
    let world = World::new().await;
    world.change_project(LIVE, |project| project.settings.sale_minor_max = 249).await;
    let answer = world.post_signed(SALE, sale("p-1")).await;
    assert_eq!((answer.status, &answer.json()["code"]), (422, &json!("2642")));
}
