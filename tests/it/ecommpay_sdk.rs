//! Our signatures against the platform's public SDKs, run for real: a merchant who uses them
//! changes nothing but the host name.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use tests::sdk::Sdk;
use wire::query::Params;
use wire::signature;

const SECRET: &str = "project-secret";

/// An SDK, its name in the recorded vectors, and the address it is given: the JavaScript one
/// appends `/payment` itself.
const SDKS: [(Sdk, &str, &str); 2] = [
    (Sdk::EcommpayNode, "js", "http://pay.example"),
    (Sdk::EcommpayPython, "python", "http://pay.example/payment"),
];

#[test]
fn the_sdks_sign_every_vector_as_recorded() -> Result<()> {
    let file = include_str!("../../crates/wire/tests/vectors/signature-vectors.json");
    let vectors: Vec<Value> = serde_json::from_str(file)?;
    assert_eq!(vectors.len(), 60);
    let calls: Vec<Value> = vectors
        .iter()
        .map(|v| json!({"call": "sign", "secret": v["secret"], "document": v["input"]}))
        .collect();
    for (sdk, name, _) in SDKS {
        for (vector, answer) in vectors.iter().zip(sdk.call(&calls)?) {
            let agrees = answer.as_ref().is_ok_and(|signed| *signed == vector["signature"]);
            let recorded = vector["agrees"][name] == true;
            assert_eq!(agrees, recorded, "{name}: {}: {answer:?}", vector["name"]);
        }
    }
    Ok(())
}

#[test]
fn a_payment_page_link_of_an_sdk_verifies_until_it_is_changed() -> Result<()> {
    let params = json!({
        "project_id": 42,
        "payment_id": "order 7/ä+&=;",
        "payment_amount": 2500,
        "payment_currency": "INR",
        "customer_id": "customer-1",
        "payment_description": "चाय, दो कप",
        "redirect": true,
    });
    for (sdk, name, base_url) in SDKS {
        let call =
            json!({"call": "page_url", "secret": SECRET, "base_url": base_url, "params": params});
        let answers = sdk.call(&[call])?;
        let Ok(Value::String(url)) = &answers[0] else { panic!("{name}: {answers:?}") };
        let query = url.strip_prefix("http://pay.example/payment?").context(url.clone())?;

        verify_link(query).with_context(|| format!("{name}: {url}"))?;
        let dearer = query.replace("payment_amount=2500", "payment_amount=9900");
        assert_ne!(dearer, query, "{name}");
        assert!(verify_link(&dearer).is_err(), "{name}: {dearer}");
    }
    Ok(())
}

fn verify_link(query: &str) -> Result<()> {
    let params = Params::decode(query.as_bytes())?;
    let claimed = params.get("signature").context("no signature")?;
    Ok(signature::verify_query(&params, claimed, &[SECRET])?)
}

#[test]
fn the_sdks_accept_our_callback_until_it_is_changed() -> Result<()> {
    let callback = json!({
        "project_id": 42,
        "payment": {
            "id": "order-7",
            "type": "purchase",
            "status": "success",
            "sum": {"amount": 2500, "currency": "INR"},
            "description": "चाय; दो कप",
        },
        "operation": {"id": 49_572_000_001_893_i64, "type": "sale", "code": "0"},
    });
    let body = signature::to_signed_json(&callback, SECRET)?;
    let changed = body.replace("2500", "9900");
    assert_ne!(changed, body);
    let call =
        |body: &str, secret: &str| json!({"call": "payment_id", "secret": secret, "body": body});
    let calls = [call(&body, SECRET), call(&changed, SECRET), call(&body, "another secret")];
    for (sdk, name, _) in SDKS {
        let answers = sdk.call(&calls)?;
        assert_eq!(answers[0], Ok("order-7".into()), "{name}");
        assert!(answers[1].is_err() && answers[2].is_err(), "{name}: {answers:?}");
    }
    Ok(())
}
