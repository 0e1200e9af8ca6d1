//! What stands between a customer and the page, and what is said about it.

use std::time::Duration;

use domain::id::ProjectId;
use domain::time::Millis;
use tokio::time::Instant;
use wire::query::Params;
use wire::signature;

use super::{confirm, open, params, signed, start};
use crate::client::{Answer, send};
use crate::world::{DISABLED_SECRET, LIVE, LIVE_SECRET, NOW, TEST_SECRET, World};

#[tokio::test]
async fn customers_are_told_clearly_and_developers_exactly() {
    let world = World::new().await;
    let broken = [("payment_amount", "25.00"), ("mode", "card_verify")];
    let live = open(&world, &signed(&params(&broken))).await;
    assert_eq!(live.status, 400);
    assert!(live.body.contains("The shop’s request has a mistake"));
    assert!(!live.body.contains("payment_amount"), "a live project's customers need no details");

    let test = params(&broken).with("project_id", "201");
    let signature = signature::sign_query(&test, TEST_SECRET);
    let test = open(&world, &test.with("signature", &signature)).await;
    assert!(test.body.contains("payment_amount: expected an integer"), "{}", test.body);
    assert!(test.body.contains("mode: expected purchase, got"), "{}", test.body);

    let forged = params(&[]).with("project_id", "201").with("signature", &signature);
    let forged = open(&world, &forged).await;
    assert_eq!(forged.status, 403);
    assert!(forged.body.contains("Code 3261"));
    assert!(forged.body.contains("The string to sign"), "{}", forged.body);
    assert!(!forged.body.contains("project 201"), "{}", forged.body);
}

#[tokio::test]
async fn wrong_parameters_leave_a_way_back() {
    let world = World::new().await;
    let cart = ("merchant_return_url", "https://shop.example/cart");
    let failed = ("merchant_fail_url", "https://shop.example/failed");
    let elsewhere = ("merchant_return_url", "https:evil.example");
    let wrong = [("payment_amount", "25.00"), ("mode", "card_verify"), ("payment_currency", "EUR")];
    for (ways, leads_to) in [
        (&[cart, failed][..], Some("cart")),
        (&[failed], Some("failed")),
        (&[elsewhere, failed], Some("failed")),
        (&[elsewhere], None),
        (&[], None),
    ] {
        for wrong in wrong {
            let parameters = [ways, &[wrong]].concat();
            let answer = open(&world, &signed(&params(&parameters))).await;
            assert_eq!(answer.status, 400, "{parameters:?}");
            assert!(answer.body.contains("project 200"), "whose page it is: {parameters:?}");
            let link = leads_to.map(|end| format!("https:&#x2f;&#x2f;shop.example&#x2f;{end}\""));
            let there = answer.body.matches("class=\"primary\" href=").count();
            assert_eq!(there, usize::from(leads_to.is_some()), "{parameters:?}");
            assert!(link.is_none_or(|link| answer.body.contains(&link)), "{parameters:?}");
            // What is not signed leads nowhere.
            let forged = open(&world, &params(&parameters)).await;
            assert!(!forged.body.contains("shop.example"), "{parameters:?}");
        }
    }
}

#[tokio::test]
async fn an_unknown_project_and_a_wrong_signature_are_told_alike() {
    let world = World::new().await;
    let unknown = params(&[]).with("project_id", "999");
    let unknown = unknown.clone().with("signature", &signature::sign_query(&unknown, LIVE_SECRET));
    let wrong = params(&[]);
    let wrong = wrong.clone().with("signature", &signature::sign_query(&wrong, "not the secret"));
    let (unknown, wrong) = (open(&world, &unknown).await, open(&world, &wrong).await);
    assert_eq!(without_chance(&unknown), without_chance(&wrong));
}

/// All of an answer but what is new each time.
fn without_chance(answer: &Answer) -> (u16, Vec<(String, String)>, String) {
    let policy = answer.header("content-security-policy").unwrap();
    let nonce = policy.split_once("'nonce-").unwrap().1.split_once('\'').unwrap().0;
    let changing = ["x-request-id", "date"];
    let kept = answer.headers.iter().filter(|(name, _)| !changing.contains(&name.as_str()));
    let headers = kept.map(|(name, value)| (name.clone(), value.replace(nonce, "NONCE")));
    (answer.status, headers.collect(), answer.body.replace(nonce, "NONCE"))
}

#[tokio::test]
async fn projects_cannot_be_looked_for_by_their_frames_looks_or_haste() {
    let world = World::new().await;
    world
        .change_project(LIVE, |project| {
            let settings = &mut project.settings;
            settings.branding.display_name = Some("Tea & Co".into());
            settings.branding.logo_url = Some("https://cdn.example/logo.png".into());
            settings.frame_ancestors = vec!["https://shop.example".into()];
        })
        .await;
    world.clock.set(NOW.plus(Millis::seconds(2)));
    let none = params(&[]).with("project_id", "999");
    for signature in ["", "AAAA", &signature::sign_query(&none, "not the secret")] {
        let began = Instant::now();
        let unknown = open(&world, &none.clone().with("signature", signature)).await;
        let known = open(&world, &params(&[]).with("signature", signature)).await;
        assert_eq!(without_chance(&known), without_chance(&unknown), "{signature}");
        // Neither answer leaves before its time, whatever there was to be done for it.
        assert!(began.elapsed() >= 2 * Duration::from_millis(20));
    }
}

#[tokio::test]
async fn what_the_project_or_the_time_forbids_is_refused_before_anything_is_stored() {
    let world = World::new().await;
    let disabled = params(&[]).with("project_id", "202");
    let signature = signature::sign_query(&disabled, DISABLED_SECRET);
    let cases = [
        (disabled.with("signature", &signature), 503),
        (signed(&params(&[("payment_currency", "USD")])), 400),
        (signed(&params(&[("payment_amount", "99")])), 400),
        (signed(&params(&[("payment_amount", "1000000000")])), 400),
        (signed(&params(&[("mode", "card_verify")])), 400),
        (signed(&params(&[("operation_type", "auth")])), 400),
        (signed(&params(&[("force_payment_method", "card")])), 400),
        (signed(&params(&[("best_before", "2026-01-31T10:00:00+00:00")])), 410),
    ];
    for (link, status) in cases {
        assert_eq!(open(&world, &link).await.status, status, "{link:?}");
        assert_eq!(confirm(&world, &link).await.status, status, "{link:?}");
    }
    assert!(world.stored("p-1").await.is_none());
}

#[tokio::test]
async fn a_link_may_expire_while_the_customer_looks_at_it() {
    let world = World::new().await;
    let more = [
        ("best_before", "2026-01-31T10:00:01+00:00"),
        ("merchant_return_url", "https://shop.example/cart"),
    ];
    let link = signed(&params(&more));
    assert_eq!(open(&world, &link).await.status, 200);
    world.clock.set(NOW.plus(Millis::seconds(1)));
    let late = confirm(&world, &link).await;
    assert_eq!(late.status, 410);
    assert!(
        late.body.contains("https:&#x2f;&#x2f;shop.example&#x2f;cart"),
        "the way back is there"
    );
    assert!(world.stored("p-1").await.is_none());
}

#[tokio::test]
async fn a_token_opens_one_payment_only_and_cannot_be_changed() {
    let world = World::new().await;
    let page = start(&world, &signed(&params(&[]))).await;
    let token = page.strip_prefix("/payment/").unwrap();
    let (claim, mac) = token.split_once('.').unwrap();
    let changed_mac = format!("{claim}.{}A", &mac[..mac.len() - 2]);
    let other_claim = super::start(&world, &signed(&params(&[("payment_id", "p-2")]))).await;
    let other_claim =
        other_claim.strip_prefix("/payment/").unwrap().split('.').next().unwrap().to_owned();
    for wrong in [
        changed_mac,
        claim.to_owned(),
        format!("{claim}."),
        format!(".{mac}"),
        format!("{other_claim}.{mac}"),
        "x.y".to_owned(),
        "%00".to_owned(),
        "..%2f..%2fetc%2fpasswd".to_owned(),
    ] {
        for below in ["", "/returned", "/events"] {
            let answer = world.get(&format!("/payment/{wrong}{below}")).await;
            assert_eq!(answer.status, 404, "{wrong}{below}");
        }
    }
}

async fn open_by_form(world: &World, params: &Params) -> Answer {
    send(world.address(), "POST", "/payment", "", params.encode().as_bytes()).await
}

#[tokio::test]
async fn sizes_are_bounded() {
    let world = World::new().await;
    let long = format!("receipt_data={}", "x".repeat(70_000));
    let answer = send(world.address(), "POST", "/payment", "", long.as_bytes()).await;
    assert_eq!(answer.status, 413);
    let many = world.get(&format!("/payment?{}", "a=1&".repeat(2_000))).await;
    assert_eq!(many.status, 400);
    let mut longest = signed(&params(&[("receipt_data", &"+".repeat(64 * 1024 / 3 - 200))]));
    assert_eq!(open_by_form(&world, &longest).await.status, 200);
    assert_eq!(confirm(&world, &longest).await.status, 303, "it can be confirmed too");
    longest = longest.with("_more", &"+".repeat(200));
    assert_eq!(open_by_form(&world, &longest).await.status, 413);
    let binary = send(world.address(), "POST", "/payment", "", &[0xff; 64]).await;
    assert_eq!(binary.status, 403);
}

#[tokio::test]
async fn a_payments_page_lives_through_one_rotation_of_the_secret() {
    let world = World::new().await;
    let page = start(&world, &signed(&params(&[]))).await;
    for status in [200, 404] {
        let view = world.platform.project_view(ProjectId(LIVE)).await.unwrap().unwrap();
        world.platform.rotate_key(view.project).await.unwrap();
        assert_eq!(world.get(&page).await.status, status);
    }
}

#[tokio::test]
async fn a_payments_address_stays_short_enough_for_proxies() {
    let world = World::new().await;
    let long = |characters: usize| format!("https://shop.example/{}", "x".repeat(characters - 21));
    // Two addresses are never used together with the ones that go before them.
    let ways = |characters| {
        [
            ("redirect_success_url", long(characters)),
            ("merchant_success_url", long(2000)),
            ("merchant_fail_url", long(1024)),
            ("merchant_return_url", long(1024)),
            ("redirect_return_url", long(1024)),
            ("redirect_fail_url", long(2000)),
            ("redirect_fail_enabled", "0".to_owned()),
        ]
    };
    let link = |characters| {
        let ways = ways(characters);
        let ways: Vec<_> = ways.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let id = "\u{1}".repeat(255);
        signed(&params(&ways).with("payment_id", &id).with("language_code", "en"))
    };
    assert_eq!(open(&world, &link(1024)).await.status, 200);
    let page = start(&world, &link(1024)).await;
    let request = format!("GET {page}/returned?in=frame HTTP/1.1\r\n");
    assert!(request.len() < 8 * 1024, "{}", request.len());
    let refused = open(&world, &link(1025)).await;
    assert_eq!(refused.status, 400);
    assert_eq!(confirm(&world, &link(1025)).await.status, 400);
    let told = world.get(&format!("/params/check?{}", link(1025).encode())).await;
    assert!(
        told.body.contains("at most 4096 characters in all addresses together"),
        "{}",
        told.body
    );
}
