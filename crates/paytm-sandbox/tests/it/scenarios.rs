//! Every scenario, by name. A scenario that is in no list here fails a test.

use std::collections::BTreeSet;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use paytm_sandbox::{Config, SCENARIOS, by_name};
use serde_json::json;

use crate::client::{Answer, MID, Sandbox, config, fields_verify, order, refund, signed};

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;

/// Scenario, and the status code after the customer paid, after a minute, an hour, 24 and 72 hours.
const PAYMENTS: [(&str, [&str; 5]); 14] = [
    ("normal", ["01", "01", "01", "01", "01"]),
    ("declined", ["227", "227", "227", "227", "227"]),
    ("low-balance", ["235", "235", "235", "235", "235"]),
    ("cancelled", ["141", "141", "141", "141", "141"]),
    ("wrong-vpa", ["295", "295", "295", "295", "295"]),
    ("bank-down", ["296", "296", "296", "296", "296"]),
    ("unknown-code", ["9876", "9876", "9876", "9876", "9876"]),
    ("pending-forever", ["402", "402", "402", "402", "402"]),
    ("pending-72h", ["402", "402", "402", "402", "227"]),
    ("late-success", ["402", "01", "01", "01", "01"]),
    ("late-success-1h", ["402", "402", "01", "01", "01"]),
    ("late-success-24h", ["402", "402", "402", "01", "01"]),
    ("late-failure", ["402", "227", "227", "227", "227"]),
    ("success-after-failure", ["227", "01", "01", "01", "01"]),
];

/// Scenario without a person, and the status code at once, and ten seconds and a minute later.
const AUTOMATIC: [(&str, [&str; 3]); 7] = [
    ("auto-success", ["01", "01", "01"]),
    ("auto-decline", ["227", "227", "227"]),
    ("auto-success-on-status", ["01", "01", "01"]),
    ("auto-success-10s", ["334", "01", "01"]),
    ("auto-cancel", ["141", "141", "141"]),
    ("auto-pending", ["402", "402", "402"]),
    ("auto-late-success", ["402", "402", "01"]),
];

/// How a call looks from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    Right,
    ServerError,
    Garbage,
    Empty,
    Huge,
    NoReply,
    BadChecksum,
}

impl Look {
    fn of(answer: Option<&Answer>) -> Self {
        match answer {
            None => Self::NoReply,
            Some(answer) if answer.status.as_u16() == 503 => Self::ServerError,
            Some(answer) if answer.text.is_empty() => Self::Empty,
            Some(answer) if answer.text.len() > 1_000_000 => Self::Huge,
            Some(answer) if answer.text.starts_with("<html>") => Self::Garbage,
            Some(answer) if answer.is_signed() => Self::Right,
            Some(_) => Self::BadChecksum,
        }
    }
}

/// Scenario, and how its first three calls of initiateTransaction look.
const INITIATE: [(&str, [Look; 3]); 7] = [
    ("initiate-5xx", [Look::ServerError, Look::ServerError, Look::Right]),
    ("initiate-garbage", [Look::Garbage, Look::Garbage, Look::Right]),
    ("initiate-empty", [Look::Empty, Look::Empty, Look::Right]),
    ("initiate-huge", [Look::Huge, Look::Huge, Look::Right]),
    ("initiate-reset", [Look::NoReply, Look::NoReply, Look::Right]),
    ("initiate-dropped", [Look::NoReply, Look::Right, Look::Right]),
    ("initiate-wrong-checksum", [Look::BadChecksum, Look::BadChecksum, Look::BadChecksum]),
];

/// Scenario, and how the first three calls of the order status look.
const STATUS: [(&str, [Look; 3]); 8] = [
    ("status-5xx", [Look::ServerError, Look::ServerError, Look::Right]),
    ("status-garbage", [Look::Garbage, Look::Garbage, Look::Right]),
    ("status-empty", [Look::Empty, Look::Empty, Look::Right]),
    ("status-huge", [Look::Huge, Look::Huge, Look::Right]),
    ("status-reset", [Look::NoReply, Look::NoReply, Look::Right]),
    ("status-dropped", [Look::NoReply, Look::NoReply, Look::Right]),
    ("status-wrong-checksum", [Look::BadChecksum, Look::BadChecksum, Look::BadChecksum]),
    ("status-no-checksum", [Look::BadChecksum, Look::BadChecksum, Look::BadChecksum]),
];

/// Scenario, a member of the order status, and its value in the first three calls of a paid order
/// of 100 rupees.
const LIES: [(&str, &str, [&str; 3]); 5] = [
    ("status-wrong-amount", "/txnAmount", ["101.00", "101.00", "101.00"]),
    (
        "status-wrong-mid",
        "/mid",
        ["OTHERM00000000000001", "OTHERM00000000000001", "OTHERM00000000000001"],
    ),
    ("status-wrong-order", "/orderId", ["ORD-1X", "ORD-1X", "ORD-1X"]),
    ("status-contradicts", "/resultInfo/resultCode", ["01", "227", "227"]),
    ("status-forgets", "/resultInfo/resultCode", ["334", "334", "01"]),
];

/// Scenario, and its notifications of a payment: status, amount, whether the checksum is right.
type Sent = (&'static str, &'static str, bool);
const WEBHOOKS: [(&str, &[Sent]); 8] = [
    ("webhook-missing", &[]),
    ("webhook-twice", &[("TXN_SUCCESS", "100.00", true), ("TXN_SUCCESS", "100.00", true)]),
    ("webhook-late", &[("TXN_SUCCESS", "100.00", true)]),
    ("webhook-reordered", &[("TXN_SUCCESS", "100.00", true), ("PENDING", "100.00", true)]),
    ("webhook-contradicts", &[("TXN_SUCCESS", "100.00", true), ("TXN_FAILURE", "100.00", true)]),
    ("webhook-wrong-amount", &[("TXN_SUCCESS", "101.00", true)]),
    ("webhook-wrong-checksum", &[("TXN_SUCCESS", "100.00", false)]),
    ("webhook-forged", &[("TXN_SUCCESS", "100.00", false)]),
];

/// Scenario, how the first three calls for one refund look, and the paise refunded in the end.
const REFUND_CALLS: [(&str, [Look; 3], i64); 5] = [
    ("refund-dropped", [Look::NoReply, Look::Right, Look::Right], 4_000),
    ("refund-reset", [Look::NoReply, Look::NoReply, Look::Right], 4_000),
    ("refund-5xx", [Look::ServerError, Look::ServerError, Look::Right], 4_000),
    ("refund-garbage", [Look::Garbage, Look::Right, Look::Right], 4_000),
    ("refund-wrong-checksum", [Look::BadChecksum, Look::BadChecksum, Look::BadChecksum], 4_000),
];

/// Scenario, the code of the refund's answer, of its status at once and after an hour, and the
/// merchant's paise in the end.
const REFUND_FATES: [(&str, [&str; 3], i64); 5] = [
    ("refund-refused", ["600", "631", "631"], 10_000),
    ("refund-unfunded", ["601", "601", "620"], 10_000),
    ("refund-fails-at-bank", ["601", "601", "600"], 10_000),
    ("refund-slow", ["601", "601", "10"], 6_000),
    ("refund-pending-forever", ["601", "601", "601"], 10_000),
];

/// Scenario, and the notifications of a refund in the order in which they are due.
const REFUND_WEBHOOKS: [(&str, &[&str]); 3] = [
    ("refund-webhooks-reordered", &["refund_credited", "refund_accepted"]),
    (
        "refund-webhooks-twice",
        &["refund_accepted", "refund_accepted", "refund_credited", "refund_credited"],
    ),
    ("refund-webhooks-missing", &[]),
];

/// Scenarios with a test of their own.
const OTHERS: [&str; 9] = [
    "initiate-slow",
    "status-slow",
    "refund-answers-slowly",
    "webhook-before-answer",
    "callback-forged",
    "callback-lies",
    "refund-status-5xx",
    "refund-status-wrong-amount",
    "flaky",
];

#[test]
fn every_scenario_is_covered() {
    let covered: BTreeSet<&str> = PAYMENTS
        .iter()
        .map(|row| row.0)
        .chain(AUTOMATIC.iter().map(|row| row.0))
        .chain(INITIATE.iter().map(|row| row.0))
        .chain(STATUS.iter().map(|row| row.0))
        .chain(LIES.iter().map(|row| row.0))
        .chain(WEBHOOKS.iter().map(|row| row.0))
        .chain(REFUND_CALLS.iter().map(|row| row.0))
        .chain(REFUND_FATES.iter().map(|row| row.0))
        .chain(REFUND_WEBHOOKS.iter().map(|row| row.0))
        .chain(OTHERS)
        .collect();
    let all: BTreeSet<&str> = SCENARIOS.iter().map(|scenario| scenario.name).collect();
    assert_eq!(covered, all);
}

#[test]
fn the_documentation_lists_every_scenario() {
    let documentation = include_str!("../../../../docs/sandbox.md");
    assert!(documentation.contains(&paytm_sandbox::markdown()), "run `paytm-sandbox scenarios`");
}

#[tokio::test]
async fn every_way_to_choose_a_scenario_works() {
    let sandbox = Sandbox::start().await;
    let declined = by_name("auto-decline").unwrap();
    let mut by_order = order("x-sandbox-auto-decline-1");
    by_order["txnAmount"]["value"] = "1.00".into();
    let mut by_customer = order("by-customer");
    by_customer["userInfo"]["custId"] = "sandbox-auto-decline".into();
    let mut by_phone = order("by-phone");
    by_phone["userInfo"]["mobile"] = declined.phone().unwrap().into();
    let mut by_amount = order("by-amount");
    by_amount["txnAmount"]["value"] = declined.amount().unwrap().to_string().into();
    sandbox.choose_scenario("by-admin", "auto-decline").await;
    for body in [by_order, by_customer, by_phone, by_amount, order("by-admin")] {
        sandbox.order_of(&body).await;
        let order_id = body["orderId"].as_str().unwrap();
        assert_eq!(sandbox.status(order_id).await.code(), "227", "{order_id}");
    }
}

#[tokio::test]
async fn payments_take_their_course() {
    for (scenario, codes) in PAYMENTS {
        let sandbox = Sandbox::start().await;
        sandbox.choose_scenario("ORD-1", scenario).await;
        sandbox.order("ORD-1").await;
        sandbox.pay("ORD-1", "success").await;
        let waits = [0, MINUTE_MS, HOUR_MS, 24 * HOUR_MS, 72 * HOUR_MS];
        for (wait, code) in waits.into_iter().zip(codes) {
            sandbox.advance(wait).await;
            assert_eq!(sandbox.status("ORD-1").await.code(), code, "{scenario} {wait}");
        }
        let captured = if codes[4] == "01" { 10_000 } else { 0 };
        assert_eq!(sandbox.booked("ORD-1").await, [captured, 0, 0], "{scenario}");
    }
}

#[tokio::test]
async fn automatic_customers_need_no_person() {
    for (scenario, codes) in AUTOMATIC {
        let sandbox = Sandbox::start().await;
        sandbox.choose_scenario("ORD-1", scenario).await;
        sandbox.order("ORD-1").await;
        for (wait, code) in [0, 10_000, 50_000].into_iter().zip(codes) {
            sandbox.advance(wait).await;
            assert_eq!(sandbox.status("ORD-1").await.code(), code, "{scenario} {wait}");
        }
    }
}

#[tokio::test]
async fn initiate_misbehaves() {
    for (scenario, looks) in INITIATE {
        let sandbox = Sandbox::start().await;
        sandbox.choose_scenario("ORD-1", scenario).await;
        for look in looks {
            let answer = sandbox.initiate(&order("ORD-1")).await;
            assert_eq!(Look::of(answer.as_ref()), look, "{scenario}");
        }
        assert_eq!(sandbox.books().await["totals"]["orders"], 1, "{scenario}");
    }
}

#[tokio::test]
async fn a_dropped_answer_leaves_its_effect_and_a_broken_call_none() {
    let sandbox = Sandbox::start().await;
    sandbox.choose_scenario("PAID", "initiate-dropped").await;
    assert!(sandbox.initiate(&order("PAID")).await.is_none());
    assert_eq!(sandbox.booked("PAID").await, [10_000, 0, 0]);
    assert_eq!(sandbox.initiate(&order("PAID")).await.unwrap().code(), "0002");

    sandbox.choose_scenario("NOTHING", "initiate-reset").await;
    assert!(sandbox.initiate(&order("NOTHING")).await.is_none());
    assert_eq!(sandbox.status("NOTHING").await.code(), "334");
    assert_eq!(sandbox.books().await["totals"]["orders"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_is_a_reset_and_a_dropped_answer_is_not() {
    let sandbox = Sandbox::start().await;
    for (scenario, end) in
        [("initiate-reset", Err(ErrorKind::ConnectionReset)), ("initiate-dropped", Ok(0))]
    {
        sandbox.choose_scenario(scenario, scenario).await;
        let message = signed(&order(scenario).to_string());
        let mut stream = TcpStream::connect(sandbox.address).unwrap();
        write!(
            stream,
            "POST /order/initiate?mid={MID}&orderId={scenario} HTTP/1.1\r\nhost: x\r\n\
             content-length: {}\r\n\r\n{message}",
            message.len()
        )
        .unwrap();
        let read = stream.read(&mut [0]).map_err(|error| error.kind());
        assert_eq!(read, end, "{scenario}");
    }
}

#[tokio::test]
async fn the_status_misbehaves() {
    for (scenario, looks) in STATUS {
        let sandbox = Sandbox::start().await;
        sandbox.choose_scenario("ORD-1", scenario).await;
        sandbox.paid("ORD-1", "100.00").await;
        for look in looks {
            let answer = sandbox.try_status("ORD-1").await;
            assert_eq!(Look::of(answer.as_ref()), look, "{scenario}");
        }
        assert_eq!(sandbox.booked("ORD-1").await, [10_000, 0, 0], "{scenario}");
    }
}

#[tokio::test]
async fn the_status_lies_under_a_right_checksum() {
    for (scenario, pointer, values) in LIES {
        let sandbox = Sandbox::start().await;
        sandbox.choose_scenario("ORD-1", scenario).await;
        sandbox.paid("ORD-1", "100.00").await;
        for value in values {
            let answer = sandbox.status("ORD-1").await;
            assert!(answer.is_signed(), "{scenario}");
            assert_eq!(answer.body().pointer(pointer).unwrap(), value, "{scenario}");
        }
    }
}

#[tokio::test]
async fn notifications_misbehave() {
    for (scenario, sent) in WEBHOOKS {
        let (sandbox, mut receiver) = Sandbox::with_receiver(config()).await;
        sandbox.choose_scenario("ORD-1", scenario).await;
        sandbox.paid("ORD-1", "100.00").await;
        for (number, (status, amount, signed)) in sent.iter().enumerate() {
            // The first comes by itself, unless it is the late one.
            if number > 0 || scenario == "webhook-late" {
                sandbox.advance(MINUTE_MS).await;
            }
            let fields = receiver.next().await.fields();
            assert_eq!(fields["STATUS"], *status, "{scenario}");
            assert_eq!(fields["TXNAMOUNT"], *amount, "{scenario}");
            assert_eq!(fields_verify(&fields), *signed, "{scenario}");
        }
        assert_eq!(sandbox.webhooks("ORD-1").await.len(), sent.len(), "{scenario}");
    }
}

#[tokio::test]
async fn callbacks_lie_about_a_declined_payment() {
    for (scenario, signed) in [("callback-forged", false), ("callback-lies", true)] {
        let sandbox = Sandbox::start().await;
        sandbox.choose_scenario("ORD-1", scenario).await;
        sandbox.order("ORD-1").await;
        let paid = sandbox.pay("ORD-1", "success").await;
        let fields: Vec<(String, String)> =
            serde_json::from_value(paid["callback"].clone()).unwrap();
        let fields = fields.into_iter().collect::<std::collections::BTreeMap<_, _>>();
        assert_eq!(fields["STATUS"], "TXN_SUCCESS", "{scenario}");
        assert_eq!(fields_verify(&fields), signed, "{scenario}");
        assert_eq!(sandbox.status("ORD-1").await.code(), "227", "{scenario}");
    }
}

#[tokio::test]
async fn slow_answers_take_at_least_their_time() {
    let slow_answer = Duration::from_millis(150);
    let sandbox = Sandbox::with(Config { slow_answer, ..config() }).await;
    for scenario in ["initiate-slow", "status-slow", "refund-answers-slowly"] {
        sandbox.choose_scenario(scenario, scenario).await;
        let started = now();
        let txn_id = sandbox.paid(scenario, "100.00").await;
        sandbox.status(scenario).await;
        sandbox.try_refund(&refund(scenario, &txn_id, scenario, "40.00")).await.unwrap();
        assert!(now() - started >= slow_answer, "{scenario}");
    }
}

#[expect(clippy::disallowed_methods, reason = "measures the least time that an answer took")]
fn now() -> Instant {
    Instant::now()
}

#[tokio::test]
async fn a_notification_can_overtake_the_answer() {
    // So slow that only the notification can end this test.
    let config = Config { slow_answer: Duration::from_hours(1), ..config() };
    let (sandbox, mut receiver) = Sandbox::with_receiver(config).await;
    sandbox.choose_scenario("ORD-1", "webhook-before-answer").await;
    let body = order("ORD-1");
    tokio::select! {
        answer = sandbox.initiate(&body) => panic!("answered first: {answer:?}"),
        notification = receiver.next() => {
            assert_eq!(notification.fields()["STATUS"], "TXN_SUCCESS");
        }
    }
}

#[tokio::test]
async fn refund_calls_misbehave_and_the_refund_is_made_once() {
    for (scenario, looks, refunded) in REFUND_CALLS {
        let sandbox = Sandbox::start().await;
        sandbox.choose_scenario("ORD-1", scenario).await;
        let txn_id = sandbox.paid("ORD-1", "100.00").await;
        for look in looks {
            let answer = sandbox.try_refund(&refund("ORD-1", &txn_id, "R1", "40.00")).await;
            assert_eq!(Look::of(answer.as_ref()), look, "{scenario}");
        }
        sandbox.advance(MINUTE_MS).await;
        assert_eq!(sandbox.booked("ORD-1").await, [10_000, refunded, 0], "{scenario}");
    }
}

#[tokio::test]
async fn refunds_take_their_course() {
    for (scenario, [answered, at_once, later], merchant_paise) in REFUND_FATES {
        let sandbox = Sandbox::start().await;
        sandbox.choose_scenario("ORD-1", scenario).await;
        let txn_id = sandbox.paid("ORD-1", "100.00").await;
        let ask = refund("ORD-1", &txn_id, "R1", "40.00");
        assert_eq!(sandbox.try_refund(&ask).await.unwrap().code(), answered, "{scenario}");
        assert_eq!(sandbox.refund_status("ORD-1", "R1").await.code(), at_once, "{scenario}");
        sandbox.advance(HOUR_MS).await;
        assert_eq!(sandbox.refund_status("ORD-1", "R1").await.code(), later, "{scenario}");
        let books = sandbox.books().await;
        let merchant = json!({
            "account": format!("merchant:{MID}"), "balance_paise": merchant_paise,
        });
        assert!(books["accounts"].as_array().unwrap().contains(&merchant), "{scenario} {books}");
    }
}

#[tokio::test]
async fn the_refund_status_misbehaves() {
    let sandbox = Sandbox::start().await;
    for scenario in ["refund-status-5xx", "refund-status-wrong-amount"] {
        sandbox.choose_scenario(scenario, scenario).await;
        let txn_id = sandbox.paid(scenario, "100.00").await;
        sandbox.try_refund(&refund(scenario, &txn_id, scenario, "40.00")).await.unwrap();
    }
    for look in [Look::ServerError, Look::ServerError, Look::Right] {
        let answer = sandbox.try_refund_status("refund-status-5xx", "refund-status-5xx").await;
        assert_eq!(Look::of(answer.as_ref()), look);
    }
    let name = "refund-status-wrong-amount";
    assert_eq!(sandbox.refund_status(name, name).await.body()["refundAmount"], "41.00");
}

#[tokio::test]
async fn refund_notifications_misbehave() {
    for (scenario, kinds) in REFUND_WEBHOOKS {
        let (sandbox, _receiver) = Sandbox::with_receiver(config()).await;
        sandbox.choose_scenario("ORD-1", scenario).await;
        let txn_id = sandbox.paid("ORD-1", "100.00").await;
        let ask = refund("ORD-1", &txn_id, "R1", "40.00");
        sandbox.try_refund(&ask).await.unwrap();
        // First the acceptance, then the credit.
        sandbox.advance(1_000).await;
        sandbox.advance(1_000).await;
        let mut log = sandbox.webhooks("ORD-1").await;
        log.retain(|logged| logged["kind"] != "payment");
        let mut logged: Vec<&str> =
            log.iter().map(|logged| logged["kind"].as_str().unwrap()).collect();
        if scenario == "refund-webhooks-reordered" {
            // The acceptance was written first, but is due a second after the credit.
            let accepted_due = log[0]["due_at_ms"].as_i64().unwrap();
            assert!(accepted_due > log[1]["created_at_ms"].as_i64().unwrap());
            logged.reverse();
        }
        assert_eq!(logged, kinds, "{scenario}");
    }
}

#[tokio::test]
async fn a_flaky_gateway_loses_each_first_answer_and_no_money() {
    let sandbox = Sandbox::start().await;
    sandbox.choose_scenario("ORD-1", "flaky").await;
    assert!(sandbox.initiate(&order("ORD-1")).await.is_none());
    assert_eq!(sandbox.initiate(&order("ORD-1")).await.unwrap().code(), "0002");
    let txn_id = sandbox.pay("ORD-1", "success").await["txn_id"].as_str().unwrap().to_owned();
    assert!(sandbox.try_status("ORD-1").await.is_none());
    assert_eq!(sandbox.status("ORD-1").await.code(), "01");
    let ask = refund("ORD-1", &txn_id, "R1", "40.00");
    assert!(sandbox.try_refund(&ask).await.is_none());
    assert_eq!(sandbox.try_refund(&ask).await.unwrap().code(), "601");
    assert!(sandbox.try_refund_status("ORD-1", "R1").await.is_none());
    sandbox.advance(MINUTE_MS).await;
    assert_eq!(sandbox.refund_status("ORD-1", "R1").await.code(), "10");
    assert_eq!(sandbox.booked("ORD-1").await, [10_000, 4_000, 0]);
}
