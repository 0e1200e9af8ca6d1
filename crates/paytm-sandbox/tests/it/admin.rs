//! The sandbox's own controls, its books, and what survives a restart.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use axum::http::{Method, StatusCode};
use paytm_sandbox::Config;
use serde_json::{Value, json};

use crate::client::{KEY, MID, Sandbox, config, order};

#[tokio::test]
async fn a_token_guards_the_controls_if_there_is_one() {
    let config = Config { admin_token: Some("let-me-in".to_owned()), ..config() };
    let sandbox = Sandbox::with(config).await;
    sandbox.order("ORD-1").await;
    for (path, shown) in [("/sandbox/admin/books", "captured_paise"), ("/", "ORD-1")] {
        let without = sandbox.get(path).await;
        assert!(!without.text.contains(shown), "{path}");
        let wrong = [("authorization", "Bearer guess")];
        assert!(!sandbox.send(Method::GET, path, &wrong, "").await.unwrap().text.contains(shown));
        let right = [("authorization", "Bearer let-me-in")];
        assert!(sandbox.send(Method::GET, path, &right, "").await.unwrap().text.contains(shown));
    }
    let books = sandbox.get("/sandbox/admin/books").await;
    assert_eq!(books.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn commands_must_be_json_and_make_sense() {
    let sandbox = Sandbox::start().await;
    let cases = [
        ("/sandbox/admin/pay", "{}", 400),
        ("/sandbox/admin/pay", r#"{"order_id":"X","outcome":"success"}"#, 404),
        ("/sandbox/admin/pay", r#"{"order_id":"X","outcome":"maybe"}"#, 400),
        ("/sandbox/admin/scenario", r#"{"scenario":"declined"}"#, 400),
        ("/sandbox/admin/scenario", r#"{"order_id":"X","scenario":"nonsense"}"#, 404),
        ("/sandbox/admin/scenario", r#"{"mid":"X","scenario":"declined"}"#, 404),
        ("/sandbox/admin/merchant", r#"{"mid":"X","key":"short"}"#, 400),
        ("/sandbox/admin/clock/advance", r#"{"ms":-1}"#, 400),
    ];
    for (path, command, status) in cases {
        let answer = sandbox.post_json(path, command).await.unwrap();
        assert_eq!(answer.status.as_u16(), status, "{path} {command}");
    }
    let unmarked = sandbox.send(Method::POST, "/sandbox/admin/clock/advance", &[], r#"{"ms":1}"#);
    assert_eq!(unmarked.await.unwrap().status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn merchants_can_be_added_and_given_a_scenario() {
    let sandbox = Sandbox::start().await;
    sandbox.admin("/sandbox/admin/merchant", &json!({"mid": "OTHER", "key": KEY})).await;
    let mut body = order("ORD-1");
    body["mid"] = "OTHER".into();
    sandbox.order_of(&body).await;

    let choice = json!({"mid": "OTHER", "scenario": "auto-success"});
    sandbox.admin("/sandbox/admin/scenario", &choice).await;
    body["orderId"] = "ORD-2".into();
    sandbox.order_of(&body).await;
    assert_eq!(sandbox.booked("ORD-1").await, [0, 0, 0]);
    assert_eq!(sandbox.booked("ORD-2").await, [10_000, 0, 0]);
}

#[tokio::test]
async fn the_books_balance() {
    let sandbox = Sandbox::start().await;
    let txn_id = sandbox.paid("A", "100.00").await;
    sandbox.paid("B", "50.00").await;
    sandbox.order("C").await;
    sandbox.try_refund(&crate::client::refund("A", &txn_id, "R1", "30.00")).await.unwrap();
    sandbox.advance(5_000).await;
    sandbox.try_refund(&crate::client::refund("A", &txn_id, "R2", "20.00")).await.unwrap();
    let books = sandbox.books().await;
    assert_eq!(
        books["totals"],
        json!({
            "orders": 3, "captured_paise": 15_000, "refunded_paise": 3_000,
            "refund_pending_paise": 2_000,
        })
    );
    let accounts = books["accounts"].as_array().unwrap();
    let sum: i64 = accounts.iter().map(|account| account["balance_paise"].as_i64().unwrap()).sum();
    assert_eq!(sum, 0);
    let merchant = accounts.iter().find(|account| account["account"] == format!("merchant:{MID}"));
    assert_eq!(merchant.unwrap()["balance_paise"], 12_000);
}

#[tokio::test]
async fn books_clock_and_settings_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let config = || Config { database: Some(folder.path().join("books.db")), ..config() };
    let before = {
        let sandbox = Sandbox::with(config()).await;
        sandbox.admin("/sandbox/admin/merchant", &json!({"mid": "OTHER", "key": KEY})).await;
        sandbox.paid("ORD-1", "100.00").await;
        sandbox.order("ORD-2").await;
        sandbox.advance(14 * 60_000).await;
        sandbox.books().await
    };
    let sandbox = Sandbox::with(config()).await;
    assert_eq!(sandbox.books().await, before);
    let mut body = order("ORD-3");
    body["mid"] = "OTHER".into();
    sandbox.order_of(&body).await;
    sandbox.advance(60_000).await;
    assert_eq!(sandbox.status("ORD-2").await.code(), "141");
}

#[tokio::test]
async fn an_answered_call_survives_the_death_of_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let start = || {
        let mut program = Command::new(env!("CARGO_BIN_EXE_paytm-sandbox"))
            .args(["serve", "--listen", "127.0.0.1:0", "--mid", MID, "--key", KEY, "--database"])
            .arg(folder.path().join("books.db"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut greeting = String::new();
        BufReader::new(program.stdout.take().unwrap()).read_line(&mut greeting).unwrap();
        let (_, address) = greeting.trim().rsplit_once('/').unwrap();
        let sandbox = Sandbox::at(address.parse().unwrap());
        (program, sandbox)
    };
    let (mut program, sandbox) = start();
    for order_id in ["A", "B", "C"] {
        sandbox.paid(order_id, "100.00").await;
    }
    // SIGKILL, right after the last answer.
    program.kill().unwrap();
    program.wait().unwrap();
    let (mut program, sandbox) = start();
    assert_eq!(sandbox.books().await["totals"]["captured_paise"], 30_000);
    program.kill().unwrap();
    program.wait().unwrap();
}

#[tokio::test]
async fn scenarios_are_listed_for_programs_and_people() {
    let sandbox = Sandbox::start().await;
    let list: Vec<Value> =
        serde_json::from_str(&sandbox.get("/sandbox/scenarios").await.text).unwrap();
    assert_eq!(list.len(), paytm_sandbox::SCENARIOS.len());
    let accept = [("accept", "text/html,*/*")];
    let page = sandbox.send(Method::GET, "/sandbox/scenarios", &accept, "").await.unwrap();
    assert!(page.text.contains("<code>late-success</code>"));
}

#[tokio::test]
async fn the_front_page_shows_orders_and_accounts() {
    let sandbox = Sandbox::start().await;
    let txn_id = sandbox.paid("ORD-1", "100.00").await;
    sandbox.try_refund(&crate::client::refund("ORD-1", &txn_id, "R-77", "40.00")).await.unwrap();
    let page = sandbox.get("/").await;
    assert!(page.text.contains("ORD-1") && page.text.contains("R-77"));
    assert!(page.text.contains(&format!("merchant:{MID}")));
    let style = sandbox.get("/sandbox/style.css").await;
    assert!(style.headers["content-type"].to_str().unwrap().starts_with("text/css"));
}
