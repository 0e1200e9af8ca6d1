//! Refunds: rules, life, duplicates, notifications.

use paytm_sandbox::Config;
use serde_json::{Value, json};

use crate::client::{MID, Sandbox, config, refund};

const TEN_MINUTES_MS: u64 = 600_000;
const LONG_ENOUGH_MS: u64 = 5_000;

#[tokio::test]
async fn a_refund_is_taken_accepted_and_credited() {
    let (sandbox, mut receiver) = Sandbox::with_receiver(config()).await;
    let txn_id = sandbox.paid("ORD-1", "100.00").await;
    assert_eq!(receiver.next().await.fields()["STATUS"], "TXN_SUCCESS");

    let taken = sandbox.try_refund(&refund("ORD-1", &txn_id, "R1", "40.00")).await.unwrap();
    assert!(taken.is_signed());
    assert_eq!(taken.body()["resultInfo"]["resultStatus"], "PENDING");
    assert_eq!(taken.code(), "601");
    assert_eq!(taken.body()["refundAmount"], "40.00");
    let refund_id = taken.body()["refundId"].as_str().unwrap().to_owned();
    assert_eq!(sandbox.booked("ORD-1").await, [10_000, 0, 4_000]);

    sandbox.advance(LONG_ENOUGH_MS).await;
    let done = sandbox.refund_status("ORD-1", "R1").await;
    assert!(done.is_signed());
    assert_eq!(done.code(), "10");
    assert_eq!(done.body()["refundId"], refund_id);
    assert_eq!(done.body()["acceptRefundStatus"], "SUCCESS");
    assert_eq!(done.body()["userCreditInitiateStatus"], "SUCCESS");
    assert_eq!(done.body()["totalRefundAmount"], "40.00");
    assert_eq!(done.body()["refundDetailInfoList"][0]["payMethod"], "BALANCE");
    assert_eq!(sandbox.status("ORD-1").await.body()["refundAmt"], "40.00");
    assert_eq!(sandbox.booked("ORD-1").await, [10_000, 4_000, 0]);

    let accepted = receiver.next().await.json();
    assert_eq!((&accepted["status"], &accepted["refId"]), (&json!("SUCCESS"), &json!("R1")));
    let credited = receiver.next().await.json();
    assert_eq!(credited["refundDetailInfoList"][0]["refundType"], "TO_SOURCE");
    assert_eq!(credited["resultInfo"], Value::Null);
}

#[tokio::test]
async fn rules_have_the_documented_codes() {
    let sandbox = Sandbox::start().await;
    let txn_id = sandbox.paid("ORD-1", "100.00").await;
    sandbox.order("UNPAID").await;
    let unpaid = sandbox.pay("UNPAID", "decline").await["txn_id"].as_str().unwrap().to_owned();
    let ask = |ref_id, amount| refund("ORD-1", &txn_id, ref_id, amount);
    let mut charge = ask("R1", "1.00");
    charge["txnType"] = "CHARGE".into();
    let cases = [
        ("too much", ask("R1", "100.01"), "619"),
        ("nothing", ask("R1", "0.00"), "619"),
        ("not an amount", ask("R1", "ten"), "619"),
        ("under a rupee", ask("R1", "0.99"), "635"),
        ("another transaction", refund("ORD-1", &unpaid, "R1", "1.00"), "627"),
        ("no such order", refund("ORD-9", &txn_id, "R1", "1.00"), "627"),
        ("not paid", refund("UNPAID", &unpaid, "R1", "1.00"), "607"),
        ("no reference", ask("", "1.00"), "600"),
        ("another type", charge, "600"),
    ];
    for (what, body, code) in cases {
        let answer = sandbox.try_refund(&body).await.unwrap();
        assert_eq!(answer.code(), code, "{what}");
        assert_eq!(answer.body()["resultInfo"]["resultStatus"], "TXN_FAILURE", "{what}");
        assert_eq!(answer.body()["refundId"], Value::Null, "{what}");
        assert!(answer.is_signed(), "{what}");
    }
    assert_eq!(sandbox.refund_status("ORD-1", "R1").await.code(), "631");

    let unsignable = sandbox.try_refund(&ask("R'1", "1.00")).await.unwrap();
    assert_eq!((unsignable.code().as_str(), unsignable.is_signed()), ("600", false));
    let mut stranger = ask("R1", "1.00");
    stranger["mid"] = "NOBODY".into();
    assert_eq!(sandbox.try_refund(&stranger).await.unwrap().code(), "335");
    assert_eq!(sandbox.booked("ORD-1").await, [10_000, 0, 0]);
}

#[tokio::test]
async fn a_second_refund_waits_for_the_first() {
    let sandbox = Sandbox::start().await;
    let txn_id = sandbox.paid("ORD-1", "100.00").await;
    let ask = async |ref_id: &str, amount: &str| {
        sandbox.try_refund(&refund("ORD-1", &txn_id, ref_id, amount)).await.unwrap().code()
    };
    assert_eq!(ask("R1", "40.00").await, "601");
    assert_eq!(ask("R2", "30.00").await, "626");
    assert_eq!(ask("R3", "40.00").await, "617");
    sandbox.advance(LONG_ENOUGH_MS).await;
    assert_eq!(ask("R3", "40.00").await, "617");
    assert_eq!(ask("R2", "30.00").await, "601");
    sandbox.advance(TEN_MINUTES_MS).await;
    assert_eq!(ask("R3", "40.00").await, "619");
    assert_eq!(ask("R4", "30.00").await, "601");
    sandbox.advance(LONG_ENOUGH_MS).await;
    assert_eq!(sandbox.booked("ORD-1").await, [10_000, 10_000, 0]);
}

#[tokio::test]
async fn the_same_reference_returns_the_same_refund() {
    let sandbox = Sandbox::start().await;
    let txn_id = sandbox.paid("ORD-1", "100.00").await;
    let first = sandbox.try_refund(&refund("ORD-1", &txn_id, "R1", "40.00")).await.unwrap();
    sandbox.advance(LONG_ENOUGH_MS).await;
    let again = sandbox.try_refund(&refund("ORD-1", &txn_id, "R1", "40.00")).await.unwrap();
    assert_eq!(again.code(), "10");
    assert_eq!(again.body()["refundId"], first.body()["refundId"]);
    let other = sandbox.try_refund(&refund("ORD-1", &txn_id, "R1", "10.00")).await.unwrap();
    assert_eq!(other.code(), "627");
    assert_eq!(sandbox.booked("ORD-1").await, [10_000, 4_000, 0]);
}

#[tokio::test]
async fn the_synchronous_call_answers_when_it_is_done() {
    let sandbox = Sandbox::start().await;
    let txn_id = sandbox.paid("ORD-1", "100.00").await;
    let body = refund("ORD-1", &txn_id, "R1", "100.00");
    let answer = sandbox.call("/refund/api/v1/refund/apply/sync", &body).await.unwrap();
    assert_eq!(answer.code(), "10");
    assert_eq!(sandbox.booked("ORD-1").await, [10_000, 10_000, 0]);
}

#[tokio::test]
async fn aliases_and_bare_numbers_are_accepted() {
    let sandbox = Sandbox::start().await;
    let txn_id = sandbox.paid("ORD-1", "100.00").await;
    let mut body = refund("ORD-1", &txn_id, "R1", "0");
    body["refundAmount"] = json!(12);
    let answer = sandbox.call("/refund/api/v1/async/refund", &body).await.unwrap();
    assert_eq!(answer.code(), "601");
    let question = json!({"mid": MID, "orderId": "ORD-1", "refId": "R1"});
    let answer = sandbox.call("/refund/api/v1/refundStatus", &question).await.unwrap();
    assert_eq!((answer.code().as_str(), &answer.body()["refundAmount"]), ("601", &json!("12.00")));
}

#[tokio::test]
async fn the_window_of_equal_refunds_is_a_setting() {
    let sandbox = Sandbox::with(Config { equal_refund_window_ms: 0, ..config() }).await;
    let txn_id = sandbox.paid("ORD-1", "100.00").await;
    for ref_id in ["R1", "R2"] {
        let body = refund("ORD-1", &txn_id, ref_id, "10.00");
        assert_eq!(sandbox.try_refund(&body).await.unwrap().code(), "601");
        sandbox.advance(LONG_ENOUGH_MS).await;
    }
    assert_eq!(sandbox.booked("ORD-1").await, [10_000, 2_000, 0]);
}
