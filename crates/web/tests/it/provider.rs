//! The provider's face: what it and the customers it sends back are told.

use domain::code::Code;
use domain::payment::SaleState;
use domain::provider::SaleAnswer;
use serde_json::{Value, json};

use crate::client::{Answer, send};
use crate::world::{World, hasty, paid, patient, sale};
use dwar_web::gate::GateConfig;

const RETURN: &str = "/provider/paytm/return";
const NOTIFICATION: &str = "/provider/paytm/notification";

fn declined() -> SaleAnswer {
    SaleAnswer::Failed { code: Code::CustomerCancelled, transaction_id: None }
}

fn sale_with_urls(payment_id: &str) -> Value {
    let mut body = sale(payment_id);
    body["return_url"] = json!({
        "success": "https://shop.example/paid?order=1&a=ü",
        "decline": "https://shop.example/declined",
        "return": "https://shop.example/open",
    });
    body
}

async fn come_back(world: &World, payment_id: &str) -> Answer {
    let order = world.payment(payment_id).await.sale.reference.0;
    // What the browser claims is never believed.
    let form = format!("ORDERID={order}&STATUS=TXN_SUCCESS&RESPCODE=01");
    let headers = "Content-Type: application/x-www-form-urlencoded\r\n";
    send(world.address(), "POST", RETURN, headers, form.as_bytes()).await
}

#[tokio::test]
async fn the_customer_goes_on_to_the_address_for_the_true_result() {
    let world = World::with(GateConfig::default(), hasty()).await;
    world.sale(sale_with_urls("p-1")).await;
    let answer = come_back(&world, "p-1").await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, Some("https://shop.example/open"))
    );
    assert_eq!(world.payment("p-1").await.sale.state, SaleState::Initiating);

    world.provider_says("p-1", paid()).await;
    let answer = come_back(&world, "p-1").await;
    let encoded = "https://shop.example/paid?order=1&a=%C3%BC";
    assert_eq!((answer.status, answer.header("location")), (303, Some(encoded)));
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));

    world.sale(sale_with_urls("p-2")).await;
    world.provider_says("p-2", declined()).await;
    let answer = come_back(&world, "p-2").await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, Some("https://shop.example/declined"))
    );
}

#[tokio::test]
async fn the_customer_waits_for_the_result() {
    let world = World::with(GateConfig::default(), patient()).await;
    world.sale(sale_with_urls("p-1")).await;
    let (answer, ()) = tokio::join!(come_back(&world, "p-1"), world.provider_says("p-1", paid()));
    assert_eq!(answer.header("location"), Some("https://shop.example/paid?order=1&a=%C3%BC"));
}

#[tokio::test]
async fn without_an_address_the_customer_reads_how_things_stand() {
    let world = World::with(GateConfig::default(), hasty()).await;
    world.sale(sale("p-1")).await;
    let open = come_back(&world, "p-1").await;
    let order = world.payment("p-1").await.sale.reference.0;
    let again = format!("{RETURN}?ORDERID={order}");
    assert!(open.body.contains(&format!("content=\"5; url={again}\"")), "{}", open.body);
    insta::assert_snapshot!(words(&open));
    world.provider_says("p-1", paid()).await;
    insta::assert_snapshot!(words(&world.get(&again).await));
    world.sale(sale("p-2")).await;
    world.provider_says("p-2", declined()).await;
    insta::assert_snapshot!(words(&come_back(&world, "p-2").await));
}

/// Status, heading and text of a page, and that it is built and guarded like every page.
fn words(answer: &Answer) -> String {
    let policy = answer.header("content-security-policy").unwrap();
    for part in ["default-src 'none'", "frame-ancestors 'none'", "style-src 'sha256-"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    let between = |open: &str, close: &str| {
        let (_, rest) = answer.body.split_once(open).unwrap();
        rest.split_once(close).unwrap().0.to_owned()
    };
    format!("{} {}: {}", answer.status, between("<h1>", "</h1>"), between("<p>", "</p>"))
}

#[tokio::test]
async fn nothing_that_is_brought_shows_or_leads_away() {
    let world = World::with(GateConfig::default(), hasty()).await;
    for query in [
        "",
        "?ORDERID=x-0001-0123456789abcdef",
        "?ORDERID=%3Cscript%3Ealert(1)%3C/script%3E&RESPMSG=%3Cscript%3E",
        "?ORDERID=x&url=https://evil.example&return_url=https://evil.example",
        "?%00=%FF&ORDERID=%0d%0aLocation:%20https://evil.example",
    ] {
        let answer = world.get(&format!("{RETURN}{query}")).await;
        assert!(!answer.body.contains("evil") && !answer.body.contains("<script"), "{query}");
        assert_eq!(answer.header("location"), None, "{query}");
        assert_eq!(
            words(&answer),
            "404 Payment not found: This address names no payment. Please go back to the shop and \
             see how the order stands.",
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_notification_is_always_welcome_and_never_believed() {
    let world = World::with(GateConfig::default(), hasty()).await;
    let order = world.sale(sale("p-1")).await.sale.reference.0;
    let bodies = [
        format!("ORDERID={order}&STATUS=TXN_SUCCESS&TXNAMOUNT=2.50"),
        format!(r#"{{"body":{{"orderId":"{order}","status":"TXN_SUCCESS"}}}}"#),
        "ORDERID=nobody".to_owned(),
        "{\"body\":".to_owned(),
        String::new(),
    ];
    for body in bodies {
        let answer = world.post(NOTIFICATION, &body).await;
        assert_eq!(answer.summary(), "200 OK", "{body}");
    }
    assert_eq!(world.payment("p-1").await.sale.state, SaleState::Initiating);
    assert_eq!(world.post(NOTIFICATION, "x".repeat(64 * 1024)).await.status, 200);
    assert_eq!(world.post(NOTIFICATION, "x".repeat(64 * 1024 + 1)).await.status, 413);
}

#[tokio::test]
async fn a_hint_that_can_not_be_taken_is_asked_for_again() {
    let world = World::with(GateConfig::default(), hasty()).await;
    let order = world.sale(sale("p-1")).await.sale.reference.0;
    let remove = |tx: &mut dyn store::Tx| -> Result<usize, store::StoreError> {
        tx.execute("DROP TABLE operation", &[])
    };
    world.platform.store().write(remove).await.unwrap();
    let answer = world.post(NOTIFICATION, format!("ORDERID={order}")).await;
    assert_eq!(answer.summary(), "503 come again later");
    let answer = world.get(&format!("{RETURN}?ORDERID={order}")).await;
    insta::assert_snapshot!(words(&answer));
}
