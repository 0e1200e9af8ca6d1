//! `dwar demo`: a payment and its refund, a death, and a second life with the same data.

use std::net::TcpStream;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::world::{Folder, Ran, Running, get, post};

/// A busy machine must not fail a test.
const TRIES: u32 = 600;
const PAUSE: Duration = Duration::from_millis(50);

const DATABASE: [&str; 2] = ["--database", "world/dwar.db"];

const SALE: &str = r#"{
    "general": {"project_id": 200, "payment_id": "order-17"},
    "customer": {"id": "c-1", "ip_address": "1.1.1.1"},
    "payment": {"amount": 25000, "currency": "INR"}
}"#;

fn run(folder: &Folder, input: &str, arguments: &[&str]) -> Result<Ran> {
    folder.run_with(input, &[arguments, &DATABASE].concat())
}

fn shown(folder: &Folder) -> Result<Value> {
    Ok(serde_json::from_str(&run(folder, "", &["payment", "show", "order-17", "--json"])?.stdout)?)
}

/// Waits until the payment's operations and callbacks stand so.
fn wait_for(folder: &Folder, statuses: &[&str], callbacks: usize) -> Result<Value> {
    for _ in 0..TRIES {
        let payment = shown(folder)?;
        let list = |member: &str| payment.get(member).and_then(Value::as_array).cloned();
        let operations = list("operations").context("no operations")?;
        let is: Vec<_> = operations.iter().filter_map(|it| it.get("status")?.as_str()).collect();
        let told = list("callbacks").context("no callbacks")?;
        let delivered = told.iter().filter(|it| it.get("state") == Some(&json!("delivered")));
        if is == statuses && delivered.count() == callbacks {
            return Ok(payment);
        }
        sleep(PAUSE);
    }
    bail!("waited in vain for {statuses:?} and {callbacks} callbacks: {}", shown(folder)?)
}

#[test]
fn a_payment_lives_through_refund_and_death() -> Result<()> {
    let folder = Folder::new()?;
    let demo = folder.demo()?;
    assert_eq!(get(&demo.url("shop", "/")?)?.0, 200);
    assert_eq!(get(&demo.url("ops", "/readyz")?)?.0, 200);

    let signed = run(&folder, SALE, &["sign", "--signed"])?.stdout;
    let (status, _) = post(&demo.url("gate", "/v2/payment/wallet/paytm/sale")?, &signed)?;
    assert_eq!(status, 200);
    let open = wait_for(&folder, &["awaiting redirect result"], 1)?;

    let order = open.pointer("/operations/0/provider_reference").cloned();
    let pay = json!({"order_id": order, "outcome": "success"}).to_string();
    assert_eq!(post(&demo.url("sandbox", "/sandbox/admin/pay")?, &pay)?.0, 200);
    wait_for(&folder, &["success"], 2)?;

    // The command writes, the server acts.
    let refunded = run(&folder, "", &["refund", "order-17", "--amount", "12.50"])?;
    assert_eq!(refunded.code, 0, "{refunded:?}");
    let paid = wait_for(&folder, &["success", "success"], 3)?;
    assert_eq!(paid.get("refunded"), Some(&json!(1250)));
    let too_much = run(&folder, "", &["refund", "order-17", "--amount", "240"])?;
    assert_eq!(too_much.code, 1);
    assert!(too_much.stdout.contains("3283"), "{too_much:?}");
    wait_for(&folder, &["success", "success", "decline"], 4)?;
    let audit = run(&folder, "", &["audit"])?;
    insta::assert_snapshot!(audit.stdout);

    let (before, sandbox) = (demo.ready.get("projects").cloned(), demo.url("sandbox", "")?);
    demo.kill()?;
    wait_until_gone(sandbox.trim_start_matches("http://"))?;
    let again = folder.demo()?;
    assert_eq!(again.ready.get("projects").cloned(), before, "the same project and secret");
    let project = run(&folder, "", &["project", "show", "--json"])?.stdout;
    let callbacks = serde_json::from_str::<Value>(&project)?.get("callback_url").cloned();
    assert_eq!(callbacks, Some(json!(again.url("shop", "/callback")?)));
    assert_eq!(shown(&folder)?.get("status"), Some(&json!("partially refunded")));
    let sandbox = again.url("sandbox", "")?;
    assert_eq!(again.stop()?, 0);
    wait_until_gone(sandbox.trim_start_matches("http://"))
}

#[test]
fn fresh_forgets_and_a_second_one_finds_other_ports() -> Result<()> {
    let folder = Folder::new()?;
    let demo = folder.demo()?;
    let secret = |demo: &Running| demo.ready.pointer("/projects/0/secret").cloned();
    let first = secret(&demo);

    let same_data = folder.run(&["demo", "--data", "world"])?;
    assert_eq!(same_data.code, 1);
    assert!(same_data.stderr.contains("is held by process"), "{same_data:?}");
    std::fs::create_dir(folder.path().join("other"))?;
    let addresses = "addresses.json";
    let world = folder.path().join("world").join(addresses);
    std::fs::copy(world, folder.path().join("other").join(addresses))?;
    let other = folder.start(&["demo", "--data", "other"])?;
    assert_ne!(other.url("gate", "")?, demo.url("gate", "")?);
    assert_eq!(get(&other.url("shop", "/")?)?.0, 200);
    assert_eq!((other.stop()?, demo.stop()?), (0, 0));

    let fresh = folder.start(&["demo", "--data", "world", "--fresh"])?;
    assert_ne!(secret(&fresh), first);
    Ok(())
}

fn wait_until_gone(address: &str) -> Result<()> {
    for _ in 0..TRIES {
        if TcpStream::connect(address).is_err() {
            return Ok(());
        }
        sleep(PAUSE);
    }
    bail!("{address} still answers")
}
