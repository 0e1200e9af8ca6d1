//! Exchange rates by command, and what becomes of a sale and its refunds in another currency.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::world::{Folder, Running, post};

const ECB: &str = include_str!("eurofxref-daily.xml");

#[test]
fn rates_are_set_imported_and_shown() -> Result<()> {
    let folder = Folder::with_project()?;
    assert!(folder.run(&["rates"])?.stdout.starts_with("No rates are in force"));
    let imported = folder.run_with(ECB, &["rates", "import", "-"])?;
    assert_eq!(imported.code, 0, "{imported:?}");
    folder.run(&["rates", "set", "USD", "1.1", "--day", "2026-11-21"])?;
    folder.run(&["rates", "set", "USD", "2", "--day", "2026-11-25"])?;
    insta::assert_snapshot!(folder.run(&["rates", "--day", "2026-11-23"])?.stdout);
    let earlier = folder.run(&["rates", "--day", "2026-11-20", "--json"])?.json()?;
    assert_eq!(earlier.pointer("/rates/3/rate"), Some(&json!("1.0891")));
    assert_eq!(earlier.pointer("/rates/3/source"), Some(&json!("ecb")));

    for (wrong, code) in [
        (["rates", "set", "EUR", "1"], 2),
        (["rates", "set", "USD", "0"], 2),
        (["rates", "set", "usd", "1"], 2),
        (["rates", "import", "nowhere.xml", "--json"], 1),
    ] {
        assert_eq!(folder.run(&wrong)?.code, code, "{wrong:?}");
    }
    let page = folder.run_with("<html>maintenance</html>", &["rates", "import", "-"])?;
    assert!(page.stderr.contains("not the daily XML file"), "{page:?}");
    Ok(())
}

/// The operations of a payment as Gate tells them.
fn operations(folder: &Folder, demo: &Running, payment: &str) -> Result<Vec<Value>> {
    let question = json!({"general": {"project_id": 200, "payment_id": payment}}).to_string();
    let sign = ["sign", "--signed", "--config", "world/dwar.toml"];
    let signed = folder.run_with(&question, &sign)?.stdout;
    let (_, answer) = post(&demo.url("gate", "/v2/payment/status")?, &signed)?;
    answer.get("operations").and_then(Value::as_array).cloned().context("no operations")
}

#[test]
fn a_project_settled_in_dollars_adds_up_to_the_last_cent() -> Result<()> {
    let folder = Folder::new()?;
    let demo = folder.demo()?;
    let set = folder.on_demo(&["project", "set", "200", "--settlement-currency", "USD"])?;
    assert_eq!(set.code, 0, "{set:?}");
    let sale = ["trigger", "auto-success", "--amount", "33.33", "--payment", "p"];
    let refused = folder.on_demo(&sale)?;
    assert!(refused.stderr.contains("no exchange rate of"), "{refused:?}");

    for (currency, rate) in [("INR", "91.2345"), ("USD", "1.0891")] {
        folder.on_demo(&["rates", "set", currency, rate])?;
    }
    let paid = folder.on_demo(&sale)?;
    assert_eq!(paid.code, 0, "{paid:?}");
    for _ in 0..3 {
        let refund = folder.on_demo(&["refund", "p", "--amount", "11.11"])?;
        assert_eq!(refund.code, 0, "{refund:?}");
    }
    // Two equal refunds of one order wait for each other: Paytm takes them ten minutes apart.
    folder.on_demo(&["clock", "advance", "1h"])?;
    folder.wait_for(&["payment", "show", "p"], |payment| {
        payment.get("status") == Some(&json!("refunded"))
    })?;

    let converted: Vec<(i64, String)> = operations(&folder, &demo, "p")?
        .iter()
        .filter_map(|operation| {
            let sum = operation.get("sum_converted")?;
            let currency = sum.get("currency")?.as_str()?.to_owned();
            Some((sum.get("amount")?.as_i64()?, currency))
        })
        .collect();
    let (sale, refunds) = converted.split_first().context("no operations")?;
    assert_eq!(sale, &(40, "USD".to_owned()), "33.33 / 91.2345 * 1.0891 = 0.3979");
    assert_eq!(refunds.len(), 3);
    assert_eq!(refunds.iter().map(|(amount, _)| amount).sum::<i64>(), 40, "{refunds:?}");
    let audit = folder.on_demo(&["audit"])?;
    assert_eq!(audit.code, 0, "{audit:?}");
    Ok(())
}
