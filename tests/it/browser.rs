//! Payment Page, the widget and the demo shop in a real browser, and links that the public SDKs
//! make, against the demonstration: platform, shop and sandbox together.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use tests::http;
use tests::program::Program;
use tests::sdk::Sdk;

/// A running demonstration, and what it says about itself.
struct Demo {
    program: Program,
    ready: Value,
    folder: PathBuf,
}

impl Demo {
    fn start(name: &str) -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("dwar-{name}-{}", std::process::id()));
        let data = folder.to_str().context("the temporary folder is not UTF-8")?;
        let mut program = Program::start("dwar", &["demo", "--json", "--data", data], &[])?;
        let ready = serde_json::from_str(&program.wait_for_line("\"payment_page\"")?)?;
        Ok(Self { program, ready, folder })
    }

    fn stop(mut self) -> Result<()> {
        self.program.stop()?;
        Ok(fs::remove_dir_all(&self.folder)?)
    }
}

#[test]
fn page_widget_and_shop_work_in_a_browser() -> Result<()> {
    let demo = Demo::start("browser")?;
    let home = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let stories = ["page", "widget", "widget-api", "shop"]
        .map(|name| home.join(format!("browser/{name}.test.mjs")));
    let told = Command::new("node")
        .args(["--test", "--test-concurrency=1"])
        .args(stories)
        .env("DWAR_DEMO", demo.ready.to_string())
        .env("SCREENSHOTS", home.join("../target/screenshots"))
        .output()
        .context("run node; `cargo xtask tools` installs what it needs")?;
    demo.stop()?;
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stdout));
    Ok(())
}

#[test]
fn links_of_the_sdks_open_the_page() -> Result<()> {
    let demo = Demo::start("sdk-links")?;
    let page = demo.ready["payment_page"].as_str().context("an address")?;
    let project = &demo.ready["projects"][0];
    // The JavaScript SDK appends `/payment`; that of PHP does so to a base that has it already.
    let bases = [
        (Sdk::EcommpayNode, page.to_owned()),
        (Sdk::EcommpayNode, format!("{page}/payment")),
        (Sdk::EcommpayPython, format!("{page}/payment")),
    ];
    for (sdk, base_url) in bases {
        let params = json!({
            "project_id": project["id"],
            "payment_id": "order 7/ä+&=",
            "payment_amount": 2500,
            "payment_currency": "INR",
            "customer_id": "customer-1",
            "payment_description": "चाय, दो कप",
            "close_on_missclick": true,
        });
        let call = json!({
            "call": "page_url", "secret": project["secret"], "base_url": base_url, "params": params,
        });
        let url = sdk.call(&[call])?.remove(0).map_err(anyhow::Error::msg)?;
        let answer = http::get(url.as_str().context("a link")?)?;
        assert_eq!(answer.status, 200, "{url}: {}", answer.body);
        assert!(answer.body.contains("₹25.00"), "{url}");
    }
    demo.stop()
}
