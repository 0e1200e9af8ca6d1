//! What stands between a customer and the page, and what is said about it.

use domain::id::ProjectId;
use domain::time::Millis;
use wire::signature;

use super::{confirm, open, params, signed, start};
use crate::client::send;
use crate::world::{DISABLED_SECRET, LIVE, LIVE_SECRET, NOW, TEST_SECRET, World};

#[tokio::test]
async fn customers_are_told_clearly_and_developers_exactly() {
    let world = World::new().await;
    let broken = [("payment_amount", "25.00"), ("customer_email", "nobody")];
    let live = open(&world, &signed(&params(&broken))).await;
    assert_eq!(live.status, 400);
    assert!(live.body.contains("This payment link does not work"));
    assert!(!live.body.contains("payment_amount"), "a live project's customers need no details");

    let test = params(&broken).with("project_id", "201");
    let signature = signature::sign_query(&test, TEST_SECRET);
    let test = open(&world, &test.with("signature", &signature)).await;
    assert!(test.body.contains("payment_amount: expected an integer"), "{}", test.body);
    assert!(test.body.contains("customer_email"), "{}", test.body);

    let forged = params(&[]).with("project_id", "201").with("signature", &signature);
    let forged = open(&world, &forged).await;
    assert_eq!(forged.status, 403);
    assert!(forged.body.contains("Code 3261"));
    assert!(forged.body.contains("The string to sign"), "{}", forged.body);
}

#[tokio::test]
async fn an_unknown_project_and_a_wrong_signature_are_told_alike() {
    let world = World::new().await;
    let unknown = params(&[]).with("project_id", "999");
    let unknown = unknown.clone().with("signature", &signature::sign_query(&unknown, LIVE_SECRET));
    let wrong = params(&[]);
    let wrong = wrong.clone().with("signature", &signature::sign_query(&wrong, "not the secret"));
    let (unknown, wrong) = (open(&world, &unknown).await, open(&world, &wrong).await);
    let words = |body: &str| body.split("<h1>").nth(1).unwrap().to_owned();
    assert_eq!((unknown.status, words(&unknown.body)), (wrong.status, words(&wrong.body)));
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

#[tokio::test]
async fn sizes_are_bounded() {
    let world = World::new().await;
    let long = format!("receipt_data={}", "x".repeat(70_000));
    let answer = send(world.address(), "POST", "/payment", "", long.as_bytes()).await;
    assert_eq!(answer.status, 413);
    let many = world.get(&format!("/payment?{}", "a=1&".repeat(2_000))).await;
    assert_eq!(many.status, 400);
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
