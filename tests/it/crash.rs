//! The platform is killed at random moments while a thousand payments run against a Paytm with
//! faults. Afterwards every acknowledged payment has exactly one final state, nobody was charged
//! twice or is kept charged for a declined payment, and both books agree to the paisa.

use anyhow::{Context as _, Result};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tests::wait;
use tests::world::{World, sale};

const PAYMENTS: usize = 1_000;
const CLIENTS: usize = 8;
const KILLS: usize = 8;
const MINOR: i64 = 12_345;

/// How Paytm behaves, in turn. The first part of a payment's id chooses it.
const BEHAVIOURS: [&str; 12] = [
    "sandbox-auto-success",
    "sandbox-auto-decline",
    "sandbox-auto-success",
    "sandbox-initiate-dropped",
    "sandbox-auto-success",
    "sandbox-webhook-twice",
    "sandbox-auto-cancel",
    "sandbox-flaky",
    "sandbox-auto-pending",
    "sandbox-status-5xx",
    "sandbox-webhook-missing",
    "sandbox-initiate-5xx",
];

/// Behaviours that need somebody to pay.
const WITH_A_CUSTOMER: [&str; 5] =
    ["webhook-twice", "flaky", "status-5xx", "webhook-missing", "initiate-5xx"];

#[test]
fn kills_lose_nothing_and_charge_nobody_twice() -> Result<()> {
    let mut world = World::start(&[], &[])?;
    let acknowledged = Mutex::new(Vec::new());
    let next = AtomicUsize::new(0);
    let done = AtomicBool::new(false);

    for kill in 0..=KILLS {
        let until = PAYMENTS * (kill + 1) / (KILLS + 1);
        let shared = &world;
        std::thread::scope(|scope| {
            for _ in 0..CLIENTS {
                scope.spawn(|| send_sales(shared, until, &next, &acknowledged));
            }
            scope.spawn(|| {
                // Customers go on paying until the sending of this round is over.
                while next.load(Ordering::Relaxed) < until && !done.load(Ordering::Relaxed) {
                    customers_pay(shared, &acknowledged);
                }
            });
        });
        if kill < KILLS {
            // Not at a quiet moment: what was just accepted is under way.
            std::thread::sleep(Duration::from_millis(u64::try_from(kill)? * 37 % 150));
            world.kill_platform()?;
            world.start_platform()?;
        }
    }
    done.store(true, Ordering::Relaxed);
    let acknowledged = acknowledged.into_inner().expect("no panic");
    assert!(acknowledged.len() > PAYMENTS / 2, "only {} were accepted", acknowledged.len());

    let finals = wait_until_final(&world, &acknowledged)?;
    assert_books_agree(&world, &finals)?;
    let audit = world.dwar(&["audit"])?;
    assert!(audit.ok, "{}", audit.text);
    Ok(())
}

/// Sends sales until `until` have been sent; a sale whose answer was lost is sent again under the
/// same payment id, as a careful merchant does.
fn send_sales(world: &World, until: usize, next: &AtomicUsize, acknowledged: &Mutex<Vec<String>>) {
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= until {
            next.fetch_sub(1, Ordering::Relaxed);
            return;
        }
        let behaviour = BEHAVIOURS[number % BEHAVIOURS.len()];
        let payment = format!("{behaviour}-{number}");
        let mut document = sale(&payment, MINOR);
        if behaviour.ends_with("auto-pending") {
            document["payment"]["best_before"] = wire::date::format(unix_ms() + 6_000).into();
        }
        if let Ok(answer) = world.post("/v2/payment/wallet/paytm/sale", document)
            && matches!(answer.status, 200 | 409)
        {
            acknowledged.lock().expect("no panic").push(payment);
        }
    }
}

fn customers_pay(world: &World, acknowledged: &Mutex<Vec<String>>) {
    let waiting: Vec<String> = acknowledged.lock().expect("no panic").clone();
    for payment in waiting.iter().filter(|payment| needs_a_customer(payment)) {
        pay_if_asked(world, payment);
    }
}

/// Plays the customer of a payment that waits for one. Paying twice is what impatient customers
/// do; the sandbox refuses the second time.
fn pay_if_asked(world: &World, payment: &str) {
    let Ok(status) = world.status(payment) else { return };
    if let Some(order) = status.pointer("/redirect_data/body/orderId") {
        let url = format!("{}/sandbox/admin/pay", world.sandbox);
        let _ = tests::http::post_json(&url, &json!({ "order_id": order, "outcome": "success" }));
    }
}

fn needs_a_customer(payment: &str) -> bool {
    WITH_A_CUSTOMER.iter().any(|behaviour| payment.contains(behaviour))
}

fn wait_until_final(world: &World, payments: &[String]) -> Result<BTreeMap<String, String>> {
    let mut finals = BTreeMap::new();
    for payment in payments {
        let what = format!("{payment} to be final");
        let status = wait::until(&what, || {
            if needs_a_customer(payment) {
                pay_if_asked(world, payment);
            }
            let answer = world.status(payment).ok()?;
            let found = answer.pointer("/payment/status")?.as_str()?.to_owned();
            matches!(found.as_str(), "success" | "decline").then_some(found)
        })?;
        finals.insert(payment.clone(), status);
    }
    Ok(finals)
}

fn assert_books_agree(world: &World, finals: &BTreeMap<String, String>) -> Result<()> {
    let books = world.books()?;
    let orders = books["orders"].as_array().context("orders")?;
    let mut seen = BTreeMap::new();
    for order in orders {
        let id = order["order_id"].as_str().context("an order id")?;
        // An order's name is the payment's, the lane and randomness.
        let payment = id.rsplitn(3, '-').nth(2).context("three parts")?;
        let paid = |member: &str| order[member].as_i64().unwrap_or(0);
        let kept = paid("captured_paise") - paid("refunded_paise");
        let before = seen.insert(payment.to_owned(), kept);
        assert_eq!(before, None, "{payment} has two orders");
    }
    for (payment, status) in finals {
        let kept = seen.get(payment).copied().unwrap_or(0);
        let expected = if status == "success" { MINOR } else { 0 };
        assert_eq!(kept, expected, "{payment} is {status}");
    }
    let expected = i64::try_from(finals.values().filter(|it| *it == "success").count())? * MINOR;
    let kept: i64 = seen.values().sum();
    assert_eq!(kept, expected, "what Paytm keeps for us is what we say was paid");
    Ok(())
}

fn unix_ms() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "the programs under test run on the real clock")]
    let now = std::time::SystemTime::now();
    let since = now.duration_since(std::time::UNIX_EPOCH).expect("a clock after 1970");
    i64::try_from(since.as_millis()).expect("a clock before the year 292 million")
}
