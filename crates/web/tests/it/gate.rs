//! Gate: what is accepted, and what becomes of requests that are right but can't be carried out.

use std::sync::mpsc::channel;
use std::time::Duration;

use dwar_web::gate::GateConfig;
use serde_json::json;
use store::StoreError;

use crate::client::{exchange, send};
use crate::world::{
    LIVE, LIVE_SECRET, NOW, TEST, TEST_SECRET, World, about, hasty, paid, sale, signed,
};

const SALE: &str = "/v2/payment/wallet/paytm/sale";
const REFUND: &str = "/v2/payment/wallet/paytm/refund";
const STATUS: &str = "/v2/payment/status";
const REQUEST_STATUS: &str = "/v2/payment/status/request";

#[tokio::test]
async fn a_sale_is_accepted_once() {
    let world = World::new().await;
    let first = world.post_signed(SALE, sale("p-1")).await;
    insta::assert_snapshot!(first.summary());
    let again = world.post_signed(SALE, sale("p-1")).await;
    insta::assert_snapshot!(again.summary());
    let mut other = sale("p-1");
    other["payment"]["amount"] = 251.into();
    let other = world.post_signed(SALE, other).await;
    insta::assert_snapshot!(other.summary());
    assert_eq!(first.json()["request_id"], again.json()["request_id"]);
    assert_eq!(first.json()["request_id"], other.json()["request_id"]);
    assert_eq!(world.payment("p-1").await.terms.amount.minor(), 250);
}

#[tokio::test]
async fn a_project_number_may_be_text_and_content_types_are_not_asked() {
    let world = World::new().await;
    let mut body = sale("p-1");
    body["general"]["project_id"] = LIVE.to_string().into();
    let body = signed(body, LIVE_SECRET).to_string();
    let headers = "Content-Type: text/plain\r\n";
    let answer = send(world.address(), "POST", SALE, headers, body.as_bytes()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.json()["project_id"], LIVE);
}

#[tokio::test]
async fn every_path_of_a_refund_refunds_the_payment_that_is_named() {
    let world = World::new().await;
    world.sale(sale("p-1")).await;
    world.provider_says("p-1", paid()).await;
    let paths = [
        REFUND,
        "/v2/payment/refund",
        "/v2/payment/card/refund",
        "/v2/payment/wallet/refund",
        "/v2/payment/wallet/paypal/refund",
        "/v2/payment/online-banking/any/refund",
    ];
    for path in paths {
        let mut body = about("p-1");
        body["payment"] = json!({"amount": 10, "currency": "INR", "description": path});
        let answer = world.post_signed(path, body).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        let newest = world.payment("p-1").await.refunds.pop().unwrap();
        assert_eq!(answer.json()["request_id"], newest.request.0, "{path}");
        assert_eq!(newest.description.as_deref(), Some(path));
    }
    assert_eq!(world.payment("p-1").await.balance().refunding, 60);
}

#[tokio::test]
async fn a_refund_id_is_taken_once() {
    let world = World::new().await;
    world.sale(sale("p-1")).await;
    world.provider_says("p-1", paid()).await;
    let mut body = about("p-1");
    body["payment"] = json!({"amount": 10, "currency": "INR", "merchant_refund_id": "r-1"});
    let first = world.post_signed(REFUND, body.clone()).await;
    assert_eq!(first.status, 200, "{}", first.body);
    let again = world.post_signed(REFUND, body).await;
    insta::assert_snapshot!(again.summary());
    assert_eq!(first.json()["request_id"], again.json()["request_id"]);
    assert_eq!(world.payment("p-1").await.refunds.len(), 1);
}

#[tokio::test]
async fn a_status_is_answered_and_signed_also_for_a_payment_nobody_knows() {
    let world = World::new().await;
    let accepted = world.post_signed(SALE, sale("p-1")).await.json();
    let known = world.post_signed(STATUS, about("p-1")).await;
    insta::assert_snapshot!(known.summary());
    let unknown = world.post_signed(STATUS, about("p-2")).await;
    insta::assert_snapshot!(unknown.summary());

    let question = |id: &str| json!({"project_id": LIVE, "request_id": id});
    let id = accepted["request_id"].as_str().unwrap();
    let by_request = world.post_signed(REQUEST_STATUS, question(id)).await;
    assert_eq!(by_request.body, known.body);
    let no_request = world.post_signed(REQUEST_STATUS, question("r-1")).await;
    insta::assert_snapshot!(no_request.summary());

    for answer in [known, unknown, no_request] {
        let document = answer.json();
        let signature = wire::signature::given(&document).unwrap().to_owned();
        assert_eq!(wire::signature::verify(&document, &signature, &[LIVE_SECRET]), Ok(()));
    }
}

#[tokio::test]
async fn another_projects_payments_are_out_of_reach() {
    let world = World::new().await;
    let id = world.post_signed(SALE, sale("p-1")).await.json()["request_id"].clone();

    // Signed by one project, asking about the other's payment under every name it could use.
    let mut body = about("p-1");
    body["general"]["project_id"] = TEST.into();
    body["project_id"] = LIVE.into();
    let answer = world.post(STATUS, signed(body, TEST_SECRET).to_string()).await;
    assert_eq!(answer.json()["errors"][0]["code"], "3061", "{}", answer.body);

    let body = json!({"project_id": TEST, "request_id": id, "general": {"project_id": LIVE}});
    let answer = world.post(REQUEST_STATUS, signed(body, TEST_SECRET).to_string()).await;
    assert_eq!(answer.json()["errors"][0]["code"], "3061", "{}", answer.body);

    let body = json!({"project_id": LIVE, "request_id": id, "general": {"project_id": TEST}});
    let answer = world.post(REQUEST_STATUS, signed(body, TEST_SECRET).to_string()).await;
    assert_eq!(answer.status, 401, "{}", answer.body);
}

#[tokio::test]
async fn a_rotated_secret_stays_good_until_the_next_rotation() {
    let world = World::new().await;
    let status = |secret: &str| signed(about("p-1"), secret).to_string();
    for (rotations, expected) in [(0, 200), (1, 200), (2, 401)] {
        let answer = world.post(STATUS, status(LIVE_SECRET)).await;
        assert_eq!(answer.status, expected, "after {rotations} rotations: {}", answer.body);
        let view = world.platform.project_view(domain::id::ProjectId(LIVE)).await.unwrap();
        let rotated = world.platform.rotate_key(view.unwrap().project).await.unwrap();
        let answer = world.post(STATUS, status(rotated.signing_secret())).await;
        assert_eq!(answer.status, 200, "the new secret: {}", answer.body);
    }
}

#[tokio::test]
async fn a_test_project_is_told_what_to_sign() {
    let world = World::new().await;
    let mut body = sale("p-1");
    body["general"]["project_id"] = TEST.into();
    let left_out = {
        let mut partly = body.clone();
        partly["customer"].as_object_mut().unwrap().remove("ip_address");
        let signature = signed(partly, TEST_SECRET)["general"]["signature"].clone();
        let mut body = body.clone();
        body["general"]["signature"] = signature;
        body
    };
    let answer = world.post(SALE, left_out.to_string()).await;
    insta::assert_snapshot!(answer.summary());
    let answer = world.post(SALE, signed(body, "other secret").to_string()).await;
    insta::assert_snapshot!(answer.summary());
}

#[tokio::test]
async fn a_live_project_is_not_told_what_to_sign() {
    let world = World::new().await;
    let answer = world.post(SALE, signed(sale("p-1"), "other secret").to_string()).await;
    insta::assert_snapshot!(answer.summary());
}

/// The same document, so many bytes long.
fn padded(body: &str, bytes: usize) -> String {
    format!("{body}{}", " ".repeat(bytes - body.len()))
}

#[tokio::test]
async fn the_body_is_bounded_to_the_byte() {
    let bytes_max = 1_000;
    let config = GateConfig { body_bytes_max: bytes_max, ..GateConfig::default() };
    let world = World::with(config, hasty()).await;
    let body = signed(sale("p-1"), LIVE_SECRET).to_string();
    let answer = world.post(SALE, padded(&body, bytes_max + 1)).await;
    insta::assert_snapshot!(answer.summary());
    let answer = world.post(SALE, padded(&body, bytes_max)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[tokio::test]
async fn the_default_bound_is_64_kib() {
    let world = World::new().await;
    let body = signed(about("p-1"), LIVE_SECRET).to_string();
    assert_eq!(world.post(STATUS, padded(&body, 64 * 1024)).await.status, 200);
    assert_eq!(world.post(STATUS, padded(&body, 64 * 1024 + 1)).await.status, 413);
}

#[tokio::test]
async fn clients_of_http_1_0_are_served() {
    let world = World::new().await;
    let body = signed(about("p-1"), LIVE_SECRET).to_string();
    let request = format!(
        "POST {STATUS} HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = exchange(world.address(), request.as_bytes()).await;
    assert_eq!((answer.version.as_str(), answer.status), ("HTTP/1.0", 200), "{}", answer.body);
    let length = answer.body.len().to_string();
    assert_eq!(answer.header("content-length"), Some(length.as_str()), "no chunks in HTTP/1.0");
}

#[tokio::test]
async fn request_ids_are_ours_and_used_once() {
    let world = World::new().await;
    let mut seen = Vec::new();
    for path in [STATUS, STATUS, "/v2/nothing", "/v2/payment/wallet/upi/sale"] {
        let answer = send(world.address(), "POST", path, "X-Request-Id: mine\r\n", b"{}").await;
        let id: u64 = answer.header("x-request-id").unwrap().parse().unwrap();
        assert!(!seen.contains(&id), "{path}: {id} came twice");
        seen.push(id);
    }
}

#[tokio::test]
async fn a_store_that_hangs_does_not_hold_the_answer_up() {
    let config = GateConfig { answer_within: Duration::from_millis(500), ..GateConfig::default() };
    let world = World::with(config, hasty()).await;
    let (entered, has_entered) = channel();
    let (release, released) = channel::<()>();
    let store = world.platform.store().clone();
    let hold = tokio::spawn(async move {
        let hold = move |_: &mut dyn store::Tx| -> Result<(), StoreError> {
            entered.send(()).unwrap();
            assert!(released.recv().is_err(), "the release is a dropped sender");
            Ok(())
        };
        store.write(hold).await
    });
    tokio::task::spawn_blocking(move || has_entered.recv().unwrap()).await.unwrap();
    let answer = world.post_signed(SALE, sale("p-1")).await;
    insta::assert_snapshot!(answer.summary());
    drop(release);
    hold.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let config = GateConfig { answer_within: Duration::from_millis(200), ..GateConfig::default() };
    let world = World::with(config, hasty()).await;
    let request = format!("POST {STATUS} HTTP/1.0\r\nContent-Length: 100\r\n\r\n{{");
    let answer = exchange(world.address(), request.as_bytes()).await;
    insta::assert_snapshot!(answer.summary());
}

#[tokio::test]
async fn too_many_at_once_are_turned_away() {
    let config = GateConfig { in_flight_max: 0, ..GateConfig::default() };
    let world = World::with(config, hasty()).await;
    let answer = world.post_signed(SALE, sale("p-1")).await;
    assert_eq!(answer.header("retry-after"), Some("1"));
    insta::assert_snapshot!(answer.summary());
}

#[tokio::test]
async fn faults_give_nothing_away() {
    let world = World::new().await;
    let spoil = |tx: &mut dyn store::Tx| -> Result<usize, StoreError> {
        tx.execute("UPDATE project SET settings = '{\"callback_url\": 1}'", &[])
    };
    world.platform.store().write(spoil).await.unwrap();
    let answer = world.post_signed(STATUS, about("p-1")).await;
    insta::assert_snapshot!(answer.summary());

    let world = World::new().await;
    let remove = |tx: &mut dyn store::Tx| -> Result<usize, StoreError> {
        tx.execute("DROP TABLE payment", &[])
    };
    world.platform.store().write(remove).await.unwrap();
    let answer = world.post_signed(SALE, sale("p-1")).await;
    insta::assert_snapshot!(answer.summary());
}

#[tokio::test]
async fn a_panic_is_answered() {
    let world = World::new().await;
    world.clock.break_it();
    let answer = world.post_signed(SALE, sale("p-1")).await;
    insta::assert_snapshot!(answer.summary());
    assert!(answer.header("x-request-id").is_some());
}

#[tokio::test]
async fn a_payment_that_must_end_in_the_past_is_refused() {
    let world = World::new().await;
    let mut body = sale("p-1");
    body["payment"]["best_before"] = "2026-01-31T10:00:00+00:00".into();
    let answer = world.post_signed(SALE, body.clone()).await;
    insta::assert_snapshot!(answer.summary());
    world.clock.set(domain::time::Timestamp(NOW.0 - 1));
    assert_eq!(world.post_signed(SALE, body).await.status, 200);
}
