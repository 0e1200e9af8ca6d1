//! Paytm's own SDKs, unmodified, against the sandbox: what the platform is tested with is what
//! Paytm's code takes for Paytm. And payments over UPI in the shapes that other gateways send.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use tests::http;
use tests::sdk::Sdk;
use tests::world::{KEY, MID, World};

use crate::payment::states;

const SDKS: [(Sdk, &str); 2] = [(Sdk::PaytmPgNode, "node"), (Sdk::PaytmPgPython, "python")];

#[test]
fn paytms_sdks_make_orders_ask_and_refund() -> Result<()> {
    let world = World::start(&[], &[])?;
    for (sdk, name) in SDKS {
        let order = format!("by-{name}");
        let ask = |members: Value| call(&world, sdk, members);
        let created = ask(json!({ "call": "create", "order": order, "amount": "100.00" }))?;
        assert_eq!(created["code"], "0000", "{name}");
        let unpaid = ask(json!({ "call": "status", "order": order }))?;
        assert_eq!(unpaid["code"], "334", "{name}");

        pay(&world, &order)?;
        let paid = ask(json!({ "call": "status", "order": order }))?;
        assert_eq!(paid["code"], "01", "{name}");
        let transaction = paid["transaction"].as_str().context("a transaction")?;
        let refund = json!({
            "call": "refund", "order": order, "transaction": transaction, "reference": order,
            "amount": "40.00",
        });
        assert_eq!(ask(refund)?["code"], "601", "{name}");
        let question = json!({ "call": "refund_status", "order": order, "reference": order });
        tests::wait::until("the refund", || {
            (ask(question.clone()).ok()?["code"] == "10").then_some(())
        })?;
        assert_eq!(booked(&world, &order)?, (10_000, 4_000), "{name}");
    }
    Ok(())
}

#[test]
fn paytms_sdks_see_what_the_platform_did() -> Result<()> {
    let world = World::start(&["--scenario", "auto-success"], &[])?;
    world.sale("seen", 10_000)?;
    world.wait_for_status("seen", &["success"])?;
    world.refund("seen", Some(4_000))?;
    world.wait_for_status("seen", &["partially refunded"])?;
    let shown = world.shown("seen")?;
    let [order, reference] = [0, 1].map(|n| shown["operations"][n]["provider_reference"].clone());
    for (sdk, name) in SDKS {
        let sale = call(&world, sdk, json!({ "call": "status", "order": order }))?;
        assert_eq!(sale["code"], "01", "{name}");
        let refund = json!({ "call": "refund_status", "order": order, "reference": reference });
        assert_eq!(call(&world, sdk, refund)?["code"], "10", "{name}");
    }
    Ok(())
}

#[test]
fn a_customer_pays_over_upi() -> Result<()> {
    let world = World::start(&[], &["--paytm-modes", "UPI"])?;
    let collect = json!({
        "paymentMode": "UPI", "payerAccount": "7777777777@paytm", "channelCode": "",
        "channelId": "WEB", "authMode": null,
    });
    let intent = json!({ "paymentMode": "UPI_INTENT", "paymentFlow": "NONE", "txnNote": "Tea" });
    for (payment, shape) in [("collect", collect), ("intent", intent)] {
        world.sale(payment, 10_000)?;
        let redirect = world.callbacks(payment, 1)?.remove(0).json()?["redirect_data"].clone();
        let (order, token) = (&redirect["body"]["orderId"], &redirect["body"]["txnToken"]);
        let answer = process(&world, order, token, shape)?;
        assert_eq!(answer["resultInfo"]["resultCode"], "0000", "{answer}");
        let of_order = if payment == "collect" { &answer } else { &answer["deepLinkInfo"] };
        assert_eq!(&of_order["orderId"], order, "{answer}");
        assert!(of_order["transId"].is_string(), "{answer}");
        if payment == "intent" {
            let link = of_order["deepLink"].as_str().context("a link")?;
            assert!(link.starts_with("upi://pay?") && link.contains("am=100.00"), "{link}");
            assert!(of_order["cashierRequestId"].is_string(), "{answer}");
        }

        // The customer approves in the app.
        pay(&world, order.as_str().context("an order")?)?;
        let told = world.callbacks(payment, 2)?;
        assert_eq!(states(&told)?[1], "success/sale/0");
    }
    assert!(world.dwar(&["audit"])?.ok);
    Ok(())
}

/// `processTransaction`: authenticated by the order's token, in the head and, as some send it, in
/// the body too.
fn process(world: &World, order: &Value, token: &Value, shape: Value) -> Result<Value> {
    let mut body = shape;
    body["requestType"] = "NATIVE".into();
    body["mid"] = MID.into();
    body["orderId"] = order.clone();
    body["txnToken"] = token.clone();
    let url = format!(
        "{}/theia/api/v1/processTransaction?mid={MID}&orderId={}",
        world.sandbox,
        order.as_str().context("an order")?
    );
    let message = json!({ "head": { "txnToken": token }, "body": body });
    Ok(http::post_json(&url, &message)?.json()?["body"].clone())
}

fn call(world: &World, sdk: Sdk, mut members: Value) -> Result<Value> {
    members["account"] = json!({ "base": world.sandbox, "mid": MID, "key": KEY });
    sdk.call(&[members])?.remove(0).map_err(anyhow::Error::msg)
}

fn pay(world: &World, order: &str) -> Result<()> {
    let url = format!("{}/sandbox/admin/pay", world.sandbox);
    let answer = http::post_json(&url, &json!({ "order_id": order, "outcome": "success" }))?;
    assert_eq!(answer.status, 200, "{}", answer.body);
    Ok(())
}

/// Captured and refunded paise of an order in the sandbox's books.
fn booked(world: &World, order: &str) -> Result<(i64, i64)> {
    let url = format!("{}/sandbox/admin/books?order_id={order}", world.sandbox);
    let books = http::get(&url)?.json()?;
    let paise = |member: &str| books["orders"][0][member].as_i64().context("paise");
    Ok((paise("captured_paise")?, paise("refunded_paise")?))
}
