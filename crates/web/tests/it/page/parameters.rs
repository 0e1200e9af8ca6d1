//! Every documented parameter: all of them open the page when signed, and the document says what
//! each of them does.

use std::fs;

use wire::page::{Kind, PARAMETERS, Parameter, Treatment};

use super::{open, params, signed};
use crate::world::World;

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/payment-page.md");

/// A value that a merchant may send.
fn sample(parameter: &Parameter) -> &'static str {
    match (parameter.name, parameter.kind) {
        ("mode", _) => "purchase",
        ("operation_type" | "card_operation_type", _) => "sale",
        ("language_code", _) => "HI",
        ("force_payment_method", _) => "paytm-wallet",
        ("customer_country" | "billing_country" | "region_code", _) => "IN",
        ("customer_email", _) => "someone@shop.example",
        ("customer_phone", _) => "+919876543210",
        ("interface_type", _) => r#"{"id":18}"#,
        ("frame_mode", _) => "popup",
        (_, Kind::Text) => "some text, with éà₹ & \"quotes\"",
        (_, Kind::Integer) => "2",
        (_, Kind::Flag) => "1",
        (_, Kind::Date) => "31-12-1999",
        (_, Kind::DateTime) => "2026-01-31T10:10:00+00:00",
        (_, Kind::Url) => "https://shop.example/path?a=1&b=2",
        (_, Kind::Json) => r#"{"additional_data":{"embedded_mode":true}}"#,
        (_, Kind::Base64Json) => "eyJwb3NpdGlvbnMiOltdfQ==",
    }
}

const LEAST: [&str; 6] =
    ["project_id", "payment_id", "payment_amount", "payment_currency", "customer_id", "signature"];

fn further() -> impl Iterator<Item = &'static Parameter> {
    PARAMETERS.iter().filter(|parameter| !LEAST.contains(&parameter.name))
}

#[tokio::test]
async fn every_parameter_opens_the_page_alone_and_with_all_others() {
    let world = World::new().await;
    for parameter in further() {
        let link = signed(&params(&[(parameter.name, sample(parameter))]));
        let answer = open(&world, &link).await;
        assert_eq!(answer.status, 200, "{}: {}", parameter.name, answer.body);
        let unknown = signed(&params(&[("something_new", "1"), (parameter.name, "")]));
        assert_eq!(open(&world, &unknown).await.status, 200, "{} empty", parameter.name);
    }
    let all: Vec<_> = further().map(|it| (it.name, sample(it))).collect();
    let answer = open(&world, &signed(&params(&all))).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[tokio::test]
async fn every_signed_parameter_is_covered_by_the_signature() {
    let world = World::new().await;
    for parameter in further().filter(|parameter| parameter.name != "frame_mode") {
        let link = signed(&params(&[(parameter.name, sample(parameter))]));
        let changed = link.clone().with(parameter.name, "changed");
        assert_eq!(open(&world, &changed).await.status, 403, "{} changed", parameter.name);
        let added = signed(&params(&[])).with(parameter.name, sample(parameter));
        assert_eq!(open(&world, &added).await.status, 403, "{} added", parameter.name);
    }
}

#[test]
fn the_document_has_a_row_for_every_parameter() {
    let document = fs::read_to_string(DOCUMENT).unwrap();
    for Parameter { name, treatment, .. } in PARAMETERS {
        let row = document.lines().find(|line| line.starts_with(&format!("| `{name}` |")));
        let row = row.unwrap_or_else(|| panic!("{name} has no row"));
        let word = match treatment {
            Treatment::Honoured => "| honoured |",
            Treatment::Accepted => "| accepted |",
        };
        assert!(row.contains(word), "{row}");
    }
}

#[tokio::test]
async fn the_validators_name_every_mistake() {
    let world = World::new().await;
    for path in ["/params/check", "/v1/params/check"] {
        let right = world.get(&format!("{path}?{}", params(&[]).encode())).await;
        assert_eq!((right.status, right.body.as_str()), (200, r#"{"errors":[]}"#));
        let wrong = params(&[("payment_amount", "x"), ("best_before", "soon")]);
        let wrong = world.get(&format!("{path}?{}", wrong.encode())).await;
        assert_eq!(wrong.status, 400);
        let errors = wrong.json()["errors"].as_array().unwrap().len();
        assert_eq!(errors, 2, "{}", wrong.body);
    }
}
