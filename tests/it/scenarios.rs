//! Every scenario of the sandbox, driven through Gate: what becomes of the payment and its refund,
//! what the merchant is told, and what the provider's own books say. All payments live in one
//! world, whose time is moved through three days.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tests::receiver::Received;
use tests::sdk::Sdk;
use tests::world::{SECRET, World, sale};
use tests::{http, wait};
use wire::query::Params;

use crate::payment::states;

/// A sale, and what is given back of it in the refund scenarios.
const SALE: i64 = 10_000;
const REFUND: i64 = 4_000;

/// Who acts on the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Payer {
    /// A customer, who is sent to Paytm, does what they can to pay, and comes back.
    Customer,
    /// The scenario itself, perhaps before the merchant is told where to send the customer.
    Itself,
    /// Nobody can: there is no page to send the customer to.
    Nobody,
}
use Payer::{Customer, Itself, Nobody};

/// The provider's books of one order, in paise: captured, refunded, refunds under way.
type Books = [i64; 3];

const PAID: Books = [SALE, 0, 0];
const UNPAID: Books = [0, 0, 0];
const GIVEN_BACK: Books = [SALE, SALE, 0];

/// Scenario, payer, results told after the redirect, books. The last thing told is the end.
const SALES: [(&str, Payer, &[&str], Books); 54] = [
    ("normal", Customer, &["success/sale/0"], PAID),
    ("auto-success", Itself, &["success/sale/0"], PAID),
    ("auto-decline", Itself, &["decline/sale/20100"], UNPAID),
    ("auto-success-on-status", Itself, &["success/sale/0"], PAID),
    ("auto-success-10s", Itself, &["success/sale/0"], PAID),
    ("auto-cancel", Itself, &["decline/sale/20301"], UNPAID),
    ("auto-pending", Itself, &["decline/sale/603"], UNPAID),
    ("auto-late-success", Itself, &["success/sale/0"], PAID),
    ("declined", Customer, &["decline/sale/20100"], UNPAID),
    ("low-balance", Customer, &["decline/sale/20105"], UNPAID),
    ("cancelled", Customer, &["decline/sale/20301"], UNPAID),
    ("wrong-vpa", Customer, &["decline/sale/20102"], UNPAID),
    ("bank-down", Customer, &["decline/sale/20202"], UNPAID),
    // A code that we don't know ends nothing; the limit time does.
    ("unknown-code", Customer, &["decline/sale/603"], UNPAID),
    ("pending-forever", Customer, &["decline/sale/603"], UNPAID),
    ("pending-72h", Customer, &["decline/sale/603"], UNPAID),
    ("late-success", Customer, &["success/sale/0"], PAID),
    // Paid after the decline: given back.
    ("late-success-1h", Customer, &["decline/sale/603", "decline/refund/0"], GIVEN_BACK),
    ("late-success-24h", Customer, &["decline/sale/603", "decline/refund/0"], GIVEN_BACK),
    ("late-failure", Customer, &["decline/sale/20100"], UNPAID),
    ("success-after-failure", Customer, &["decline/sale/20100", "decline/refund/0"], GIVEN_BACK),
    ("initiate-slow", Customer, &["success/sale/0"], PAID),
    ("initiate-5xx", Customer, &["success/sale/0"], PAID),
    ("initiate-garbage", Customer, &["success/sale/0"], PAID),
    ("initiate-empty", Customer, &["success/sale/0"], PAID),
    ("initiate-huge", Customer, &["success/sale/0"], PAID),
    ("initiate-reset", Customer, &["success/sale/0"], PAID),
    ("initiate-dropped", Itself, &["success/sale/0"], PAID),
    // An order token that is not signed is never given to a customer.
    ("initiate-wrong-checksum", Nobody, &["decline/sale/603"], UNPAID),
    ("webhook-before-answer", Itself, &["success/sale/0"], PAID),
    ("status-slow", Customer, &["success/sale/0"], PAID),
    ("status-5xx", Customer, &["success/sale/0"], PAID),
    ("status-garbage", Customer, &["success/sale/0"], PAID),
    ("status-empty", Customer, &["success/sale/0"], PAID),
    ("status-huge", Customer, &["success/sale/0"], PAID),
    ("status-reset", Customer, &["success/sale/0"], PAID),
    ("status-dropped", Customer, &["success/sale/0"], PAID),
    // Paytm has the money and says so in a way that can't be believed: an operator must look.
    ("status-wrong-amount", Customer, &["decline/sale/603"], PAID),
    ("status-wrong-mid", Customer, &["decline/sale/603"], PAID),
    ("status-wrong-order", Customer, &["decline/sale/603"], PAID),
    ("status-wrong-checksum", Customer, &["decline/sale/603"], PAID),
    ("status-no-checksum", Customer, &["decline/sale/603"], PAID),
    ("status-contradicts", Customer, &["success/sale/0"], PAID),
    ("status-forgets", Customer, &["success/sale/0"], PAID),
    ("webhook-missing", Customer, &["success/sale/0"], PAID),
    ("webhook-twice", Customer, &["success/sale/0"], PAID),
    ("webhook-late", Customer, &["success/sale/0"], PAID),
    ("webhook-reordered", Customer, &["success/sale/0"], PAID),
    ("webhook-contradicts", Customer, &["success/sale/0"], PAID),
    ("webhook-wrong-amount", Customer, &["success/sale/0"], PAID),
    ("webhook-wrong-checksum", Customer, &["success/sale/0"], PAID),
    ("webhook-forged", Customer, &["decline/sale/20100"], UNPAID),
    ("callback-forged", Customer, &["decline/sale/20100"], UNPAID),
    ("callback-lies", Customer, &["decline/sale/20100"], UNPAID),
];

const REFUNDED: &[&str] = &["partially refunded/refund/0"];
const PARTLY_BACK: Books = [SALE, REFUND, 0];

/// Scenario of a customer who pays and is given a part back: what is told about the refund, books.
const REFUNDS: [(&str, &[&str], Books); 17] = [
    ("refund-refused", &["success/refund/3610"], PAID),
    ("refund-unfunded", &["success/refund/20504"], PAID),
    ("refund-fails-at-bank", &["success/refund/3610"], PAID),
    ("refund-slow", REFUNDED, PARTLY_BACK),
    ("refund-pending-forever", &[], [SALE, 0, REFUND]),
    ("refund-dropped", REFUNDED, PARTLY_BACK),
    ("refund-reset", REFUNDED, PARTLY_BACK),
    ("refund-5xx", REFUNDED, PARTLY_BACK),
    ("refund-garbage", REFUNDED, PARTLY_BACK),
    ("refund-wrong-checksum", REFUNDED, PARTLY_BACK),
    ("refund-answers-slowly", REFUNDED, PARTLY_BACK),
    ("refund-status-5xx", REFUNDED, PARTLY_BACK),
    // It is never believed, so the refund stays open: an operator must look.
    ("refund-status-wrong-amount", &[], PARTLY_BACK),
    ("refund-webhooks-reordered", REFUNDED, PARTLY_BACK),
    ("refund-webhooks-twice", REFUNDED, PARTLY_BACK),
    ("refund-webhooks-missing", REFUNDED, PARTLY_BACK),
    ("flaky", REFUNDED, PARTLY_BACK),
];

/// Refunds that have not ended after three days, and go on being asked after.
const OPEN_REFUNDS: [&str; 2] = ["refund-pending-forever", "refund-status-wrong-amount"];

#[test]
fn every_scenario_ends_as_it_should() -> Result<()> {
    let world = World::start(&["--slow-answer-ms", "200"], &[])?;
    let phones = phones(&world)?;
    let rows = rows();
    assert!(phones.keys().eq(rows.keys()), "a row for each scenario: {:?}", phones.keys());

    for (scenario, phone) in &phones {
        let mut document = sale(scenario, SALE);
        if !phone.is_null() {
            document["customer"]["phone"] = phone.clone();
        }
        let answer = world.post("/v2/payment/wallet/paytm/sale", document)?;
        assert_eq!(answer.status, 200, "{scenario}: {}", answer.body);
    }
    // Orders whose first calls were broken are open by then.
    world.advance("10s")?;
    customers_pay_and_come_back(&world, &rows)?;
    world.advance("3m")?;
    for (scenario, ..) in REFUNDS {
        let answer = world.refund(scenario, Some(REFUND))?;
        assert_eq!(answer.status, 200, "{scenario}: {}", answer.body);
    }
    world.advance("74h")?;

    let told = everything_told(&world, &rows)?;
    let books = books(&world)?;
    for (scenario, row) in &rows {
        row.check(scenario, told.get(*scenario).context("told")?)?;
        let status = world.status(scenario)?;
        let last = row.told.last().context("a row ends somehow")?;
        let expected = last.split('/').next().unwrap_or_default();
        assert_eq!(status["payment"]["status"], expected, "{scenario}");
        assert_eq!(books.get(*scenario), Some(&row.books), "{scenario}: books");
    }
    the_sdks_verify(told.values().flatten())?;
    the_journal_agrees(&world, &rows)
}

/// What is expected of one scenario.
#[derive(Debug)]
struct Row {
    payer: Payer,
    /// After the redirect.
    told: Vec<&'static str>,
    books: Books,
}

impl Row {
    /// A customer who pays is sent to Paytm by one callback before all others. Where the scenario
    /// pays by itself, the result may be known before that callback was sent.
    fn check(&self, scenario: &str, told: &[Received]) -> Result<()> {
        let states = states(told)?;
        let redirects = states.iter().take_while(|it| it.contains("/9999")).count();
        let expected = match self.payer {
            Customer => 1..=1,
            Itself => 0..=1,
            Nobody => 0..=0,
        };
        assert!(expected.contains(&redirects), "{scenario}: {states:?}");
        assert_eq!(states[redirects..], self.told, "{scenario}");
        let ids: BTreeSet<_> = told.iter().map(|it| header(it, "webhook-id")).collect();
        assert_eq!(ids.len(), told.len(), "{scenario}: each callback came once");
        Ok(())
    }
}

fn rows() -> BTreeMap<&'static str, Row> {
    let sales = SALES.into_iter().map(|(scenario, payer, told, books)| {
        (scenario, Row { payer, told: told.to_vec(), books })
    });
    let refunds = REFUNDS.into_iter().map(|(scenario, told, books)| {
        let told = [&["success/sale/0"], told].concat();
        (scenario, Row { payer: Customer, told, books })
    });
    sales.chain(refunds).collect()
}

/// The scenarios there are, and the customers' phones that choose them.
fn phones(world: &World) -> Result<BTreeMap<String, Value>> {
    let listed = world.dwar(&["sandbox", "scenarios", "--json"])?;
    ensure!(listed.ok, "{}", listed.text);
    let scenarios = listed.json.as_array().context("a list")?.iter();
    let of = |it: &Value| Some((it["name"].as_str()?.to_owned(), it["phone"].clone()));
    scenarios.map(|it| of(it).context("a name")).collect()
}

/// All at once: who comes back waits for the result, and some wait in vain.
fn customers_pay_and_come_back(world: &World, rows: &BTreeMap<&'static str, Row>) -> Result<()> {
    let customers = rows.iter().filter(|(_, row)| row.payer == Customer).map(|(it, _)| *it);
    std::thread::scope(|scope| {
        let come = |payment| scope.spawn(move || pay_and_come_back(world, payment));
        let all: Vec<_> = customers.map(|payment| (payment, come(payment))).collect();
        all.into_iter()
            .try_for_each(|(payment, back)| back.join().expect("no panic").context(payment))
    })
}

/// The customer does what they can to pay, and their browser brings back what Paytm gave it.
fn pay_and_come_back(world: &World, payment: &str) -> Result<()> {
    let status = wait::until("a redirect", || {
        world.status(payment).ok().filter(|status| status.get("redirect_data").is_some())
    })?;
    let pay =
        json!({ "order_id": status["redirect_data"]["body"]["orderId"], "outcome": "success" });
    let url = format!("{}/sandbox/admin/pay", world.sandbox);
    let paid = http::post_json(&url, &pay)?.json()?;
    let fields: Vec<(String, String)> = serde_json::from_value(paid["callback"].clone())?;
    let back = paid["callback_url"].as_str().context("where to")?;
    let answer = http::post_form(back, &Params::from_pairs(fields)?.encode())?;
    ensure!(answer.status < 400, "the way back: {} {}", answer.status, answer.body);
    Ok(())
}

/// What the merchant was told, by scenario, once all of it has come.
fn everything_told(
    world: &World,
    rows: &BTreeMap<&'static str, Row>,
) -> Result<BTreeMap<String, Vec<Received>>> {
    let mut told: BTreeMap<String, Vec<Received>> = BTreeMap::new();
    for (scenario, row) in rows {
        let redirect = usize::from(row.payer == Customer);
        world.callbacks(scenario, row.told.len() + redirect).with_context(|| {
            world
                .dwar(&["payment", "show", scenario])
                .map_or_else(|it| it.to_string(), |it| it.text)
        })?;
    }
    for received in world.merchant.received() {
        let body = received.json()?;
        let payment = body["payment"]["id"].as_str().context("a payment")?;
        told.entry(payment.to_owned()).or_default().push(received);
    }
    Ok(told)
}

/// The provider's books, by scenario. No payment has two orders.
fn books(world: &World) -> Result<BTreeMap<String, Books>> {
    let books = world.books()?;
    let orders = books["orders"].as_array().context("orders")?;
    let mut found = BTreeMap::new();
    for order in orders {
        let scenario = order["scenario"].as_str().context("a scenario")?;
        let paise = |member: &str| order[member].as_i64().context("paise");
        let of_order =
            [paise("captured_paise")?, paise("refunded_paise")?, paise("refund_pending_paise")?];
        let earlier = found.insert(scenario.to_owned(), of_order);
        assert_eq!(earlier, None, "{scenario} has two orders");
    }
    Ok(found)
}

/// Every callback verifies with both official SDKs.
fn the_sdks_verify<'a>(told: impl Iterator<Item = &'a Received>) -> Result<()> {
    let call = |it: &Received| json!({ "call": "payment_id", "secret": SECRET, "body": it.body });
    let calls: Vec<Value> = told.map(call).collect();
    for sdk in [Sdk::EcommpayNode, Sdk::EcommpayPython] {
        for (call, answer) in calls.iter().zip(sdk.call(&calls)?) {
            assert!(answer.is_ok(), "{sdk:?} {answer:?}: {}", call["body"]);
        }
    }
    Ok(())
}

/// The journal balances, agrees with the payments, and holds what the rows say: what was paid and
/// believed, less what went back or is on its way.
fn the_journal_agrees(world: &World, rows: &BTreeMap<&'static str, Row>) -> Result<()> {
    let audit = world.dwar(&["audit", "--json"])?;
    assert!(audit.ok, "{}", audit.text);
    let believed = rows.values().filter(|row| row.told.contains(&"success/sale/0")).count();
    let refunds = rows.values().filter(|row| row.told.contains(&REFUNDED[0])).count();
    let (believed, refunds) = (i64::try_from(believed)?, i64::try_from(refunds)?);
    let open = i64::try_from(OPEN_REFUNDS.len())? * REFUND;
    let merchant = believed * SALE - refunds * REFUND - open;
    assert_eq!(balance(&audit.json, "merchant"), merchant, "{}", audit.text);
    assert_eq!(balance(&audit.json, "refunds_in_flight"), open, "{}", audit.text);
    assert_eq!(balance(&audit.json, "suspense"), 0, "{}", audit.text);
    Ok(())
}

fn balance(audit: &Value, account: &str) -> i64 {
    let balances = audit["balances"].as_array().into_iter().flatten();
    let mut found = balances.filter(|balance| balance["account"] == account);
    found.next().and_then(|balance| balance["amount"].as_i64()).unwrap_or(0)
}

fn header(received: &Received, name: &str) -> Option<String> {
    let found = received.headers.iter().find(|(header, _)| header == name);
    found.map(|(_, value)| value.clone())
}
