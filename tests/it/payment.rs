//! The main job: a customer pays with Paytm through Gate, the merchant is told, and gives the
//! money back.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use tests::receiver::{Received, Reply};
use tests::sdk::Sdk;
use tests::world::{PROJECT, SECRET, World, sale};
use tests::{http, wait};

#[test]
fn a_payment_is_paid_told_and_given_back() -> Result<()> {
    let world = World::start(&[], &[])?;
    let accepted = world.sale("order-1", 10_000)?;
    assert_eq!(accepted.status, 200, "{}", accepted.body);
    assert_eq!(accepted.json()?["status"], "success");

    world.customer("order-1", "success")?;
    let told = world.callbacks("order-1", 2)?;
    assert_eq!(states(&told)?, ["awaiting redirect result/sale/9999", "success/sale/0"]);
    assert_eq!(told[0].json()?["redirect_data"]["method"], "POST");

    world.refund("order-1", Some(4_000))?;
    world.callbacks("order-1", 3)?;
    world.refund("order-1", Some(6_001))?;
    world.callbacks("order-1", 4)?;
    world.refund("order-1", None)?;
    let told = world.callbacks("order-1", 5)?;
    assert_eq!(
        states(&told)?[2..],
        ["partially refunded/refund/0", "partially refunded/refund/3283", "refunded/refund/0",]
    );
    the_sdks_verify(&told)?;

    let shown = world.dwar(&["payment", "show", "order-1", "--json"])?;
    assert!(shown.ok, "{}", shown.text);
    assert!(world.dwar(&["audit"])?.ok);
    let order = order_in_books(&world, &told)?;
    assert_eq!(
        (&order["captured_paise"], &order["refunded_paise"]),
        (&json!(10_000), &json!(10_000))
    );
    Ok(())
}

#[test]
fn requests_signed_by_the_sdks_are_accepted() -> Result<()> {
    let world = World::start(&["--scenario", "auto-success"], &[])?;
    for (sdk, payment) in [(Sdk::EcommpayNode, "by-node"), (Sdk::EcommpayPython, "by-python")] {
        let mut document = sale(payment, 10_000);
        let call = json!({ "call": "sign", "secret": SECRET, "document": document });
        let signature = sdk.call(&[call])?.remove(0).map_err(anyhow::Error::msg)?;
        document["general"]["signature"] = signature;
        let url = format!("{}/v2/payment/wallet/paytm/sale", world.gate);
        let answer = http::post_json(&url, &document)?;
        assert_eq!(answer.status, 200, "{payment}: {}", answer.body);
        world.wait_for_status(payment, &["success"])?;
    }
    Ok(())
}

#[test]
fn a_repeated_request_says_so_and_charges_once() -> Result<()> {
    let world = World::start(&["--scenario", "auto-success"], &[])?;
    let first = world.sale("twice", 10_000)?.json()?;
    let again = world.sale("twice", 10_000)?;
    assert_eq!(again.status, 409, "{}", again.body);
    let again = again.json()?;
    assert_eq!(again["code"], "3041");
    assert_eq!(again["request_id"], first["request_id"]);
    world.wait_for_status("twice", &["success"])?;
    assert_eq!(world.books()?["totals"]["captured_paise"], 10_000);
    Ok(())
}

#[test]
fn sixty_four_refunds_at_once_give_back_exactly_what_was_paid() -> Result<()> {
    let world = World::start(&["--scenario", "auto-success"], &[])?;
    world.sale("shared", 50_000)?;
    world.wait_for_status("shared", &["success"])?;
    // 64 × 10.00 of 500.00: exactly 50 fit.
    std::thread::scope(|scope| {
        let tasks: Vec<_> =
            (0..64).map(|_| scope.spawn(|| world.refund("shared", Some(1_000)))).collect();
        for task in tasks {
            let answer = task.join().expect("no panic").expect("an answer");
            assert_eq!(answer.status, 200, "{}", answer.body);
        }
    });
    let status = world.wait_for_status("shared", &["refunded"])?;
    let operations = status["operations"].as_array().context("operations")?;
    let ended = |wanted: &str| operations.iter().filter(|it| it["status"] == wanted).count();
    assert_eq!((ended("success"), ended("decline")), (1 + 50, 14));
    assert!(world.dwar(&["audit"])?.ok);
    assert_eq!(world.books()?["totals"]["refunded_paise"], 50_000);
    Ok(())
}

#[test]
fn a_customer_who_leaves_or_is_refused_is_told_to_the_merchant() -> Result<()> {
    let world = World::start(&[], &[])?;
    for (payment, outcome, code) in [("left", "cancel", "20301"), ("refused", "decline", "20100")] {
        world.sale(payment, 10_000)?;
        world.customer(payment, outcome)?;
        let told = world.callbacks(payment, 2)?;
        assert_eq!(states(&told)?[1], format!("decline/sale/{code}"));
    }
    let refused = world.refund("left", None)?;
    assert_eq!((refused.status, refused.json()?["code"].clone()), (422, json!("3060")));
    Ok(())
}

#[test]
fn nobody_pays_and_the_payment_is_declined_at_its_limit() -> Result<()> {
    let world = World::start(&["--scenario", "auto-pending"], &[])?;
    let mut document = sale("late", 10_000);
    let soon = wire::date::format(unix_ms()? + 4_000);
    document["payment"]["best_before"] = soon.into();
    assert_eq!(world.post("/v2/payment/wallet/paytm/sale", document)?.status, 200);
    let told = world.callbacks("late", 2)?;
    assert_eq!(states(&told)?[1], "decline/sale/603");

    // The customer's bank succeeds after all: the money goes back by itself.
    world.customer_of_declined("late", &told)?;
    let told = world.callbacks("late", 3)?;
    assert_eq!(states(&told)?[2], "decline/refund/0");
    let order = order_in_books(&world, &told)?;
    assert_eq!(
        (&order["captured_paise"], &order["refunded_paise"]),
        (&json!(10_000), &json!(10_000))
    );
    let audit = world.dwar(&["audit", "--json"])?;
    assert!(audit.ok, "{}", audit.text);
    Ok(())
}

#[test]
fn a_late_success_is_promoted_where_the_project_wants_it() -> Result<()> {
    let world = World::start(&["--scenario", "auto-pending"], &["--late-success", "promote"])?;
    let mut document = sale("promoted", 10_000);
    document["payment"]["best_before"] = wire::date::format(unix_ms()? + 4_000).into();
    world.post("/v2/payment/wallet/paytm/sale", document)?;
    let told = world.callbacks("promoted", 2)?;
    world.customer_of_declined("promoted", &told)?;
    let told = world.callbacks("promoted", 3)?;
    assert_eq!(states(&told)?[1..], ["decline/sale/603", "success/sale/0"]);
    assert!(world.dwar(&["audit"])?.ok);
    Ok(())
}

#[test]
fn a_callback_is_repeated_with_the_same_bytes_until_it_is_acknowledged() -> Result<()> {
    let world = World::start(&["--scenario", "auto-success"], &[])?;
    world.merchant.reply_next([Reply::Status(500)]);
    world.sale("told-twice", 10_000)?;
    let told = world.callbacks("told-twice", 2)?;
    let ids: Vec<_> = told.iter().map(|it| header(it, "webhook-id")).collect();
    let same = told.iter().filter(|it| it.body == told[0].body).count();
    assert!(ids.iter().all(Option::is_some), "{ids:?}");
    // Either the redirect is repeated, or it was overtaken by the result and given up.
    assert!(same == 2 || states(&told)?[1] == "success/sale/0", "{told:?}");
    Ok(())
}

#[test]
fn an_old_client_with_http_1_0_is_served() -> Result<()> {
    use std::io::{Read as _, Write as _};
    let world = World::start(&[], &[])?;
    let mut document = sale("old", 10_000);
    document["general"]["signature"] = wire::signature::sign(&document, SECRET).into();
    let body = document.to_string();
    let address = world.gate.strip_prefix("http://").context("an address")?;
    let mut stream = std::net::TcpStream::connect(address)?;
    write!(
        stream,
        "POST /v2/payment/wallet/paytm/sale HTTP/1.0\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    assert!(answer.starts_with("HTTP/1.0 200") || answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("\"status\":\"success\""), "{answer}");
    Ok(())
}

#[test]
fn a_rotated_key_leaves_no_gap() -> Result<()> {
    let world = World::start(&["--scenario", "auto-success"], &[])?;
    let project = PROJECT.to_string();
    let rotated = world.dwar(&["project", "rotate-key", &project, "--json"])?;
    assert!(rotated.ok, "{}", rotated.text);
    // The server takes the new key over within a second; the old one is accepted all the while.
    assert_eq!(world.sale("with-old-key", 10_000)?.status, 200);
    let told = world.callbacks("with-old-key", 2)?;
    assert_eq!(states(&told)?.last().map(String::as_str), Some("success/sale/0"));
    Ok(())
}

#[test]
fn an_operator_refunds_beside_the_running_server() -> Result<()> {
    let world = World::start(&["--scenario", "auto-success"], &[])?;
    world.sale("by-operator", 10_000)?;
    world.wait_for_status("by-operator", &["success"])?;
    let refunded = world.dwar(&["refund", "by-operator", "--amount", "25.00"])?;
    assert!(refunded.ok, "{}", refunded.text);
    world.wait_for_status("by-operator", &["partially refunded"])?;
    Ok(())
}

/// What each callback says: payment status, operation type, code.
pub(crate) fn states(told: &[Received]) -> Result<Vec<String>> {
    let state = |it: &Received| -> Result<String> {
        let body = it.json()?;
        let text = |path: &str| body.pointer(path).and_then(Value::as_str).map(str::to_owned);
        let [status, kind, code] =
            ["/payment/status", "/operation/type", "/operation/code"].map(text);
        Ok([status, kind, code].map(Option::unwrap_or_default).join("/"))
    };
    told.iter().map(state).collect()
}

/// Every callback verifies with both official SDKs, and is refused when it was changed.
fn the_sdks_verify(told: &[Received]) -> Result<()> {
    for sdk in [Sdk::EcommpayNode, Sdk::EcommpayPython] {
        let call = |body: &str| json!({ "call": "payment_id", "secret": SECRET, "body": body });
        let honest: Vec<_> = told.iter().map(|it| call(&it.body)).collect();
        for answer in sdk.call(&honest)? {
            assert_eq!(answer, Ok(json!("order-1")), "{sdk:?}");
        }
        let forged: Vec<_> =
            told.iter().map(|it| call(&it.body.replace("10000", "10001"))).collect();
        assert!(sdk.call(&forged)?.iter().all(Result::is_err), "{sdk:?}");
    }
    Ok(())
}

fn order_in_books(world: &World, told: &[Received]) -> Result<Value> {
    let redirect = told[0].json()?;
    let order = redirect["redirect_data"]["body"]["orderId"].as_str().context("an order")?;
    let url = format!("{}/sandbox/admin/books?order_id={order}", world.sandbox);
    wait::until("the books", || {
        let books = http::get(&url).ok()?.json().ok()?;
        books["orders"].as_array()?.first().cloned()
    })
}

fn header(received: &Received, name: &str) -> Option<String> {
    let found = received.headers.iter().find(|(header, _)| header == name);
    found.map(|(_, value)| value.clone())
}

fn unix_ms() -> Result<i64> {
    #[expect(clippy::disallowed_methods, reason = "the programs under test run on the real clock")]
    let now = std::time::SystemTime::now();
    Ok(i64::try_from(now.duration_since(std::time::UNIX_EPOCH)?.as_millis())?)
}
