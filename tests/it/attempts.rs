//! Several attempts at one payment, as a customer of Payment Page makes them: whatever happens,
//! the customer has paid once at the end, or not at all.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tests::world::{PROJECT, SECRET, World};
use tests::{http, wait};
use wire::page::sign_page_url;
use wire::query::Params;

use crate::payment::states;

/// Paise.
const SUM: i64 = 10_000;

const TO_PAYTM: &str = "awaiting redirect result/sale/9999";

/// A customer at the page of a payment.
struct Customer<'a> {
    world: &'a World,
    payment: &'static str,
    /// The address of the payment's own page.
    page: String,
}

impl<'a> Customer<'a> {
    /// Opens the merchant's link and confirms what the page shows.
    fn start(world: &'a World, payment: &'static str) -> Result<Self> {
        let params = Params::from_pairs([
            ("project_id", PROJECT.to_string().as_str()),
            ("payment_id", payment),
            ("payment_amount", SUM.to_string().as_str()),
            ("payment_currency", "INR"),
            ("customer_id", "customer-1"),
        ])?;
        let shown = http::get(&sign_page_url(&world.gate, &params, SECRET))?;
        let form = Params::from_pairs(hidden_inputs(&shown.body))?.encode();
        let confirmed = http::post_form(&format!("{}/payment/confirm", world.gate), &form)?;
        let path = confirmed.header("location").with_context(|| confirmed.body.clone())?;
        Ok(Self { world, payment, page: format!("{}{path}", world.gate) })
    }

    /// Goes to Paytm and pays (`success`), is declined (`decline`) or cancels (`cancel`).
    fn at_paytm(&self, outcome: &str) -> Result<()> {
        self.world.customer(self.payment, outcome)
    }

    /// Waits until the payment may be tried again, and does so.
    fn try_again(&self) -> Result<()> {
        self.world.wait_for_status(self.payment, &["awaiting customer"])?;
        let shown = http::get(&self.page)?;
        ensure!(shown.body.contains("Try again"), "{}", shown.body);
        self.press("retry")
    }

    fn press(&self, what: &str) -> Result<()> {
        let pressed = http::post_form(&format!("{}/{what}", self.page), "")?;
        ensure!(pressed.status == 303, "{what}: {} {}", pressed.status, pressed.body);
        Ok(())
    }

    fn told(&self, count: usize) -> Result<Vec<String>> {
        states(&self.world.callbacks(self.payment, count)?)
    }
}

/// Names and values of a page's hidden inputs.
fn hidden_inputs(html: &str) -> Vec<(String, String)> {
    let plain = |text: &str| {
        let entities =
            [("&#x2f;", "/"), ("&#x27;", "'"), ("&quot;", "\""), ("&lt;", "<"), ("&gt;", ">")];
        let text = entities.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
        text.replace("&amp;", "&")
    };
    html.split("<input type=\"hidden\" name=\"")
        .skip(1)
        .filter_map(|rest| {
            let (name, rest) = rest.split_once("\" value=\"")?;
            let (value, _) = rest.split_once('"')?;
            Some((plain(name), plain(value)))
        })
        .collect()
}

fn totals(world: &World) -> Result<(Value, Value)> {
    let books = world.books()?;
    let of = |member: &str| books["totals"][member].clone();
    Ok((of("captured_paise"), of("refunded_paise")))
}

#[test]
fn a_second_try_pays_the_payment() -> Result<()> {
    let world = World::start(&[], &[])?;
    let customer = Customer::start(&world, "second")?;
    customer.at_paytm("cancel")?;
    customer.try_again()?;
    customer.at_paytm("success")?;
    let told = customer.told(4)?;
    let cancelled = "awaiting customer/sale/20301";
    assert_eq!(told, [TO_PAYTM, cancelled, TO_PAYTM, "success/sale/0"]);

    let status = world.status("second")?;
    let operations = status["operations"].as_array().context("operations")?;
    let told: Vec<_> = operations.iter().map(|it| (&it["status"], &it["code"])).collect();
    assert_eq!(told, [(&json!("decline"), &json!("20301")), (&json!("success"), &json!("0"))]);

    world.refund("second", None)?;
    world.wait_for_status("second", &["refunded"])?;
    assert_eq!(totals(&world)?, (json!(SUM), json!(SUM)));
    let checked = world.dwar(&["payment", "check", "second"])?;
    assert!(checked.ok, "{}", checked.text);
    assert!(world.dwar(&["audit"])?.ok);
    Ok(())
}

#[test]
fn a_new_try_outlives_the_death_of_the_platform() -> Result<()> {
    let mut world = World::start(&[], &[])?;
    let customer = Customer::start(&world, "killed")?;
    customer.at_paytm("decline")?;
    customer.try_again()?;
    world.kill_platform()?;
    world.start_platform()?;
    world.customer("killed", "success")?;
    world.wait_for_status("killed", &["success"])?;
    assert_eq!(totals(&world)?, (json!(SUM), json!(0)));
    assert!(world.dwar(&["audit"])?.ok);
    Ok(())
}

#[test]
fn money_that_comes_by_a_try_that_had_failed_goes_back() -> Result<()> {
    // Each order fails, and turns out to be paid a minute later.
    let world = World::start(&["--scenario", "success-after-failure"], &[])?;
    let customer = Customer::start(&world, "thrice")?;
    customer.at_paytm("success")?;
    customer.try_again()?;
    customer.at_paytm("success")?;
    customer.try_again()?;
    customer.at_paytm("success")?;
    world.wait_for_status("thrice", &["decline"])?;
    let failed = "awaiting customer/sale/20100";
    let sales = [TO_PAYTM, failed, TO_PAYTM, failed, TO_PAYTM, "decline/sale/20100"];
    assert_eq!(customer.told(6)?, sales);

    world.advance("2h")?;
    assert_eq!(customer.told(9)?[6..], ["decline/refund/0"; 3]);
    assert_eq!(totals(&world)?, (json!(3 * SUM), json!(3 * SUM)));
    let checked = world.dwar(&["payment", "check", "thrice"])?;
    assert!(checked.ok, "{}", checked.text);
    assert!(world.dwar(&["audit"])?.ok);
    Ok(())
}

#[test]
fn who_does_not_try_again_is_declined_at_the_limit() -> Result<()> {
    let world = World::start(&[], &[])?;
    let customer = Customer::start(&world, "left")?;
    customer.at_paytm("cancel")?;
    world.wait_for_status("left", &["awaiting customer"])?;
    world.advance("15m")?;
    let told = customer.told(3)?;
    assert_eq!(told[1..], ["awaiting customer/sale/20301", "decline/sale/20301"]);
    customer.press("retry")?;
    customer.press("leave")?;
    assert_eq!(world.status("left")?["payment"]["status"], "decline");
    Ok(())
}

#[test]
fn two_tabs_leave_and_try_again_at_once() -> Result<()> {
    let world = World::start(&[], &[])?;
    let customer = Customer::start(&world, "torn")?;
    customer.at_paytm("cancel")?;
    world.wait_for_status("torn", &["awaiting customer"])?;
    std::thread::scope(|scope| {
        let presses =
            ["retry", "leave", "retry", "leave"].map(|what| scope.spawn(|| customer.press(what)));
        presses.into_iter().try_for_each(|pressed| pressed.join().expect("no panic"))
    })?;
    // Whoever came first decided.
    let decided = wait::until("a decision", || {
        let status = world.status("torn").ok()?["payment"]["status"].as_str()?.to_owned();
        ["decline", "awaiting redirect result"].contains(&status.as_str()).then_some(status)
    })?;
    let attempts = world.status("torn")?["operations"].as_array().context("operations")?.len();
    assert_eq!(attempts, if decided == "decline" { 1 } else { 2 });
    Ok(())
}
