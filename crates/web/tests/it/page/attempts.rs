//! Trying again: after a try that failed, under the same payment.

use domain::code::Code;
use domain::payment::{PaymentStatus, SaleState};
use domain::time::Millis;
use wire::query::Params;

use super::{failed, follow, params, signed, start};
use crate::client::{Answer, send};
use crate::world::{LIVE, NOW, World, paid};

const SHOP: (&str, &str) = ("merchant_fail_url", "https://shop.example/again");
const AGAIN: &str = ">Try again</button>";

async fn press(world: &World, path: &str, headers: &str) -> Answer {
    send(world.address(), "POST", path, headers, b"").await
}

/// A payment whose first try was cancelled by its customer, and its page.
async fn after_one_try(world: &World, link: &Params) -> String {
    let page = start(world, link).await;
    world.provider_says("p-1", failed(Code::CustomerCancelled)).await;
    page
}

#[tokio::test]
async fn a_failed_try_can_be_followed_by_another() {
    let world = World::new().await;
    let link = signed(&params(&[SHOP]));
    let page = after_one_try(&world, &link).await;
    let shown = world.get(&page).await.body;
    for words in ["You cancelled the payment", AGAIN, "Back to the shop", "Time left"] {
        assert!(shown.contains(words), "{words} in {shown}");
    }
    let first = world.payment("p-1").await;
    assert_eq!(first.status(), PaymentStatus::AwaitingCustomer);

    let pressed = press(&world, &format!("{page}/retry"), "").await;
    assert_eq!((pressed.status, pressed.header("location")), (303, Some(page.as_str())));
    assert!(world.get(&page).await.body.contains("Connecting to Paytm"));
    let second = world.payment("p-1").await;
    assert_eq!((second.sale.attempt, second.earlier.len()), (2, 1));
    assert_ne!(second.sale.reference, first.sale.reference);
    assert_eq!(second.request(), &first.sale.request);
    assert_eq!(start(&world, &link).await, page, "the link leads to the same payment");

    world.provider_says("p-1", paid()).await;
    assert!(world.get(&page).await.body.contains("Payment successful"));
    assert_eq!(press(&world, &format!("{page}/retry"), "").await.status, 303);
    assert_eq!(world.payment("p-1").await.status(), PaymentStatus::Success);
}

#[tokio::test]
async fn two_tabs_make_one_new_attempt() {
    let world = World::new().await;
    let page = after_one_try(&world, &signed(&params(&[]))).await;
    let retry = format!("{page}/retry");
    let (one, other) = tokio::join!(press(&world, &retry, ""), press(&world, &retry, ""));
    assert_eq!((one.status, other.status), (303, 303));
    assert_eq!(world.payment("p-1").await.sale.attempt, 2);
}

#[tokio::test]
async fn who_leaves_declines_the_payment() {
    let world = World::new().await;
    let page = after_one_try(&world, &signed(&params(&[SHOP]))).await;
    let policy = world.get(&page).await.header("content-security-policy").unwrap().to_owned();
    assert!(policy.contains("form-action 'self' https://shop.example;"), "{policy}");
    for _ in 0..2 {
        let left = press(&world, &format!("{page}/leave"), "").await;
        assert_eq!((left.status, left.header("location")), (303, Some(SHOP.1)));
        let declined = SaleState::Declined { code: Code::CustomerCancelled, transaction_id: None };
        assert_eq!(world.payment("p-1").await.sale.state, declined);
    }
    press(&world, &format!("{page}/retry"), "").await;
    assert_eq!(world.payment("p-1").await.sale.attempt, 1, "what was given up stays so");
}

#[tokio::test]
async fn a_frame_and_its_tab_stay_where_they_are() {
    let places = [("?in=frame", "Sec-Fetch-Dest: iframe\r\n"), ("?in=frame", ""), ("?in=tab", "")];
    for (query, headers) in places {
        let world = World::new().await;
        let page = after_one_try(&world, &signed(&params(&[SHOP]))).await;
        let shown = follow(&world, &format!("{page}{query}"), headers).await.body;
        assert!(shown.contains("retry?in=tab"), "the try is made in a tab: {shown}");
        let left = press(&world, &format!("{page}/leave{query}"), headers).await;
        assert_eq!(left.header("location"), Some(format!("{page}{query}").as_str()));
        let declined = follow(&world, &format!("{page}{query}"), headers).await.body;
        assert!(declined.contains("shop.example"), "there is a way to the shop: {declined}");
    }
}

#[tokio::test]
async fn another_try_is_offered_only_where_it_makes_sense() {
    let redirect = ("redirect_fail_url", "https://shop.example/failed");
    for (why, code, way, attempts) in [
        ("it would fail again", Code::MerchantBlocked, SHOP, 3),
        ("money may have moved", Code::IncorrectAmount, SHOP, 3),
        ("the project does not want it", Code::CustomerCancelled, SHOP, 1),
        ("the shop wants its customer at once", Code::CustomerCancelled, redirect, 3),
    ] {
        let world = World::new().await;
        world.change_project(LIVE, |project| project.settings.page_attempts = attempts).await;
        let page = start(&world, &signed(&params(&[way]))).await;
        world.provider_says("p-1", failed(code)).await;
        assert_eq!(world.payment("p-1").await.status(), PaymentStatus::Decline, "{why}");
        assert!(!world.get(&page).await.body.contains(AGAIN), "{why}");
        press(&world, &format!("{page}/retry"), "").await;
        assert_eq!(world.payment("p-1").await.sale.attempt, 1, "{why}");
    }
}

#[tokio::test]
async fn tries_are_counted() {
    let world = World::new().await;
    let page = start(&world, &signed(&params(&[]))).await;
    for attempt in 1..=3 {
        assert_eq!(world.payment("p-1").await.sale.attempt, attempt);
        world.provider_says("p-1", failed(Code::InsufficientFunds)).await;
        let offered = world.get(&page).await.body.contains(AGAIN);
        assert_eq!(offered, attempt < 3, "after try {attempt}");
        press(&world, &format!("{page}/retry"), "").await;
    }
    assert_eq!(world.payment("p-1").await.status(), PaymentStatus::Decline);
}

#[tokio::test]
async fn nobody_starts_to_pay_in_the_last_moment() {
    let world = World::new().await;
    let page = after_one_try(&world, &signed(&params(&[SHOP]))).await;
    world.clock.set(NOW.plus(Millis::minutes(15)).plus(Millis::seconds(-29)));
    let shown = world.get(&page).await.body;
    assert!(!shown.contains(AGAIN) && !shown.contains("Time left"), "{shown}");
    assert!(shown.contains("Back to the shop"), "{shown}");
    press(&world, &format!("{page}/retry"), "").await;
    assert_eq!(world.payment("p-1").await.sale.attempt, 1);
}

#[tokio::test]
async fn only_who_has_the_page_decides() {
    let world = World::new().await;
    let page = after_one_try(&world, &signed(&params(&[]))).await;
    let (claim, _) = page.split_once('.').unwrap();
    for forged in [format!("{claim}.AAAA"), "/payment/x".to_owned()] {
        for what in ["retry", "leave"] {
            let refused = press(&world, &format!("{forged}/{what}"), "").await;
            assert_eq!(refused.status, 404, "{forged}/{what}");
            let looked = world.get(&format!("{page}/{what}")).await;
            assert_eq!(looked.status, 405, "looking changes nothing");
        }
    }
    assert_eq!(world.payment("p-1").await.status(), PaymentStatus::AwaitingCustomer);
}
