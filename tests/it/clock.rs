//! The time moves: eleven days of tries to deliver a callback, limit times and three days of late
//! answers, within a second or two.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use std::time::Instant;
use tests::http;
use tests::receiver::{Receiver, Reply};
use tests::world::{World, sale};

use crate::payment::states;

/// ECommPay's published table of a callback's tries. All in seconds: number of the try, time since
/// the one before, time since the first, and how coarsely the table tells that.
const TRIES: [(usize, i64, i64, i64); 19] = [
    (2, 10, 10, 0),
    (3, 10, 20, 0),
    (4, 10, 30, 0),
    (5, 10, 40, 0),
    (6, 10, 50, 0),
    (7, 10, 60, 0),
    (8, 86, 2 * 60 + 26, 1),
    (9, 88, 3 * 60 + 53, 1),
    (10, 90, 5 * 60 + 23, 1),
    (15, 105, 816, 3),          // 13.6 min
    (20, 131, 1_410, 3),        // 23.5 min
    (25, 178, 2_196, 3),        // 36.6 min
    (30, 260, 3_300, 30),       // 55 min
    (40, 661, 7_776, 18),       // 2.16 h
    (50, 1_907, 20_088, 18),    // 5.58 h
    (60, 5_774, 56_880, 180),   // 15.8 h
    (68, 14_194, 136_080, 180), // 37.8 h
    (69, 14_400, 150_480, 180),
    (120, 14_400, 884_736, 432), // 10.24 days
];

/// Tries of one callback.
const TRIES_MAX: usize = 120;

#[test]
fn every_try_of_a_callback_comes_at_its_time() -> Result<()> {
    let world = World::start(&["--scenario", "auto-success"], &[])?;
    let deaf = Receiver::start()?;
    deaf.reply_next(std::iter::repeat_n(Reply::Status(500), 2 * TRIES_MAX));
    let mut document = sale("unheard", 10_000);
    document["general"]["merchant_callback_url"] = deaf.url("/deaf").into();
    assert_eq!(world.post("/v2/payment/wallet/paytm/sale", document)?.status, 200);
    world.wait_for_status("unheard", &["success"])?;

    let began = now();
    let moved = world.advance("11d")?;
    // Time goes on while the programs work: so much later may everything be, and a second more,
    // for times are told in seconds.
    let late = i64::try_from(began.elapsed().as_secs())? + 2;
    assert_eq!(moved["next_due_ms"], Value::Null, "{moved}");

    let shown = world.shown("unheard")?;
    let told = shown["callbacks"].as_array().context("callbacks")?.last().context("a result")?;
    assert_eq!((&told["topic"], &told["state"]), (&json!("sale"), &json!("expired")), "{told}");
    let tries = told["tries"].as_array().context("tries")?;
    let at: Vec<i64> = tries.iter().map(seconds).collect::<Result<_>>()?;
    assert_eq!(at.len(), TRIES_MAX);
    for (number, step, since, coarse) in TRIES {
        let is = at[number - 1] - at[number - 2];
        assert!((step - 1..=step + late).contains(&is), "step before try {number}: {is} s");
        let is = at[number - 1] - at[0];
        let range = since - coarse - 1..=since + coarse + late;
        assert!(range.contains(&is), "try {number} came after {is} s");
    }
    Ok(())
}

#[test]
fn nobody_pays_until_the_limit_and_paytm_is_asked_for_73_hours_more() -> Result<()> {
    let world = World::start(&[], &[])?;
    let payments = ["sandbox-normal", "sandbox-auto-pending", "sandbox-late-success-24h"];
    for payment in payments {
        assert_eq!(world.sale(payment, 10_000)?.status, 200);
        world.callbacks(payment, 1)?;
    }
    world.customer("sandbox-late-success-24h", "success")?;

    world.advance("14m")?;
    for payment in payments {
        assert_eq!(world.status(payment)?["payment"]["status"], "awaiting redirect result");
    }
    let began = now();
    world.advance("1m")?;
    let late = i64::try_from(began.elapsed().as_secs())? + 1;
    for payment in payments {
        assert_eq!(states(&world.callbacks(payment, 2)?)?[1], "decline/sale/603");
        let shown = world.shown(payment)?;
        let after = seconds(&shown["operations"][0]["updated"])? - seconds(&shown["limit"])?;
        assert!((0..=late).contains(&after), "{payment} ended {after} s after its limit");
    }

    let moved = world.advance("73h")?;
    let late = world.callbacks("sandbox-late-success-24h", 3)?;
    assert_eq!(states(&late)?[2], "decline/refund/0");
    assert_eq!(moved["next_due_ms"], Value::Null, "asking has ended: {moved}");
    for payment in ["sandbox-normal", "sandbox-auto-pending"] {
        assert_eq!(world.callbacks(payment, 2)?.len(), 2);
    }
    assert!(world.dwar(&["audit"])?.ok);
    let totals = &world.books()?["totals"];
    assert_eq!(
        (&totals["captured_paise"], &totals["refunded_paise"]),
        (&json!(10_000), &json!(10_000))
    );
    Ok(())
}

#[test]
fn a_moved_time_outlives_the_server_and_needs_the_test_mode() -> Result<()> {
    let mut world = World::start(&[], &[])?;
    let ops = world.ops.clone();
    let moved = world.advance("2d")?["now_ms"].as_i64().context("a time")?;
    world.kill_platform()?;

    let plain = ["serve", "--listen", "127.0.0.1:0", "--ops", "127.0.0.1:0"];
    let refused = world.dwar(&plain)?;
    assert!(!refused.ok && refused.text.contains("test mode"), "{}", refused.text);

    world.start_platform()?;
    let asked = http::post_json(&format!("{ops}/admin/clock/advance"), &json!({ "ms": 0 }))?;
    assert!(asked.json()?["now_ms"].as_i64() >= Some(moved), "{}", asked.body);
    for wrong in [json!({ "ms": -1 }), json!({ "ms": 3_000_000_000_i64 }), json!({})] {
        let answer = http::post_json(&format!("{ops}/admin/clock/advance"), &wrong)?;
        assert_eq!(answer.status, 400, "{wrong}");
    }
    let form = http::post_form(&format!("{ops}/admin/clock/advance"), r#"{"ms":1}"#)?;
    assert_eq!(form.status, 400, "what a page of another site can send is not obeyed");
    Ok(())
}

#[test]
fn without_the_test_mode_time_stands() -> Result<()> {
    let mut world = World::start(&[], &[])?;
    world.kill_platform()?;
    world.start_platform_with(&[("DWAR_TEST__CLOCK", "false")])?;
    let url = format!("{}/admin/clock/advance", world.ops);
    assert_eq!(http::post_json(&url, &json!({ "ms": 1 }))?.status, 404);
    let refused = world.advance("1m").unwrap_err().to_string();
    assert!(refused.contains("only in test mode"), "{refused}");
    Ok(())
}

/// A moment of the wire as seconds since 1970; of a try, when it began.
fn seconds(told: &Value) -> Result<i64> {
    let text = told.get("at").unwrap_or(told).as_str().context("a moment")?;
    Ok(wire::date::parse(text)? / 1_000)
}

#[expect(clippy::disallowed_methods, reason = "the programs under test run on the real clock")]
fn now() -> Instant {
    Instant::now()
}
