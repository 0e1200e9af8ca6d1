//! Every documented parameter: all of them open the page when signed, and the document says what
//! each of them does.

use std::fs;

use wire::page::{Kind, PARAMETERS, Parameter, Treatment};

use super::{open, params, signed, start};
use crate::world::{World, paid};

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

#[tokio::test]
async fn the_validators_refuse_what_the_page_refuses() {
    let world = World::new().await;
    let wrong = [
        ("payment_currency", "EUR"),
        ("mode", "card_verify"),
        ("operation_type", "auth"),
        ("card_operation_type", "auth"),
        ("force_payment_method", "card"),
        ("redirect_success_url", "https:evil.example"),
        ("merchant_return_url", "https://shop.example@evil.example"),
        ("merchant_fail_enabled", "9"),
        ("merchant_callback_url", "nowhere"),
        ("payment_amount", "0"),
        ("best_before", "2026-01-31T10:00:00+00:00"),
        ("customer_id", "1;payment_amount:1"),
        ("payment_id", &"x".repeat(256)),
    ];
    let checked = async |parameters: &[(&str, &str)]| {
        let path = format!("/params/check?{}", params(parameters).encode());
        let told = world.get(&path).await.json()["errors"].clone();
        let told = told.as_array().unwrap().clone();
        told.iter().map(|sentence| sentence.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for parameter in wrong {
        let opened = open(&world, &signed(&params(&[parameter]))).await;
        assert!((400..500).contains(&opened.status), "{parameter:?}");
        let told = checked(&[parameter]).await;
        assert_eq!(told.len(), 1, "{parameter:?}: {told:?}");
        assert!(told[0].starts_with(parameter.0), "{told:?}");
    }
    assert_eq!(checked(&wrong).await.len(), wrong.len());
    // Only a project in test mode takes http; the validators don't know the project.
    assert_eq!(checked(&[("redirect_fail_url", "http://shop.example/")]).await, [""; 0]);
}

#[tokio::test]
async fn what_customers_typed_stands_in_nobodys_way() {
    let world = World::new().await;
    let long = "x".repeat(256);
    for (number, (name, typed)) in [
        ("customer_phone", "+91 98765 43210"),
        ("customer_phone", "call my wife"),
        ("language_code", "en-GB"),
        ("language_code", "\u{1}"),
        ("customer_country", "IND"),
        ("customer_day_of_birth", "1999-12-31"),
        ("customer_email", "nobody"),
        ("customer_first_name", long.as_str()),
    ]
    .into_iter()
    .enumerate()
    {
        let id = format!("p-{number}");
        let link = signed(&params(&[("payment_id", &id), (name, typed)]));
        assert_eq!(open(&world, &link).await.status, 200, "{name}={typed}");
        start(&world, &link).await;
    }
    let customer = async |id| world.payment(id).await.terms.customer;
    assert_eq!(customer("p-0").await.phone.as_deref(), Some("+919876543210"));
    assert_eq!(customer("p-1").await.phone, None);
    assert_eq!(customer("p-6").await.email, None);
    assert_eq!(customer("p-7").await.first_name, None);
}

#[tokio::test]
async fn switches_are_read_by_all_their_names() {
    let world = World::new().await;
    let shop = "https://shop.example/";
    for (number, (value, leads_back)) in [
        ("0", false),
        ("false", false),
        ("False", false),
        ("FALSE", false),
        ("", true),
        ("1", true),
        ("true", true),
        ("True", true),
        ("2", true),
    ]
    .into_iter()
    .enumerate()
    {
        let back = [("merchant_return_url", shop), ("merchant_return_enabled", value)];
        let opened = open(&world, &signed(&params(&back))).await;
        assert_eq!(opened.body.contains("Back to the shop"), leads_back, "{value:?}");

        let id = format!("s-{number}");
        let success = ("merchant_success_enabled", value);
        let once = [("redirect_success_url", shop), ("redirect_success_enabled", value)];
        let button = [("merchant_success_url", shop), success, ("payment_id", id.as_str())];
        let page = start(&world, &signed(&params(&[&once[..], &button].concat()))).await;
        world.provider_says(&id, paid()).await;
        let result = world.get(&page).await;
        assert_eq!(result.status, if leads_back { 303 } else { 200 }, "{value:?}");
        assert!(!result.body.contains("shop.example"), "{value:?}");
    }
    for wrong in ["9", "yes", "-1", "on"] {
        for name in PARAMETERS.iter().map(|it| it.name).filter(|it| it.ends_with("_enabled")) {
            let honoured = name != "redirect_tokenize_enabled";
            let opened = open(&world, &signed(&params(&[(name, wrong)]))).await;
            assert_eq!(opened.status, if honoured { 400 } else { 200 }, "{name}={wrong}");
        }
    }
}
