//! The public libraries of other languages, called for real: the payment platform's SDKs, and
//! Paytm's checksum libraries and SDKs, each behind a small driver in `drivers/` that reads a JSON
//! list of calls and writes a JSON list of answers.

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// A library behind its driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sdk {
    /// npm `ecommpay`. Calls: `sign` (secret, document), `page_url` (secret, `base_url`, params),
    /// `payment_id` (secret, body), which verifies a callback before it answers.
    EcommpayNode,
    /// PyPI `ecommpay-sdk`. The same calls; its `base_url` ends in `/payment`.
    EcommpayPython,
    /// npm `paytmchecksum`. Calls: `sign` (key, input), `sign_text` (key, text, salt), `verify`
    /// (key, input, checksum); `input` is a text or an object of texts.
    PaytmNode,
    /// PyPI `paytmchecksum`. The same calls.
    PaytmPython,
    /// npm `paytm-pg-node-sdk`. Every call has the account (`base`, `mid`, `key`). Calls: `create`
    /// (order, amount), `status` (order), `refund` (order, transaction, reference, amount),
    /// `refund_status` (order, reference); amounts are texts like `100.00`.
    PaytmPgNode,
    /// PyPI `paytm-pg`. The same calls.
    PaytmPgPython,
}

impl Sdk {
    /// Makes all the calls in one process. Each answer is the call's value, or the text of the
    /// error the library raised.
    ///
    /// # Errors
    /// When the driver itself fails, for instance because the tools are not installed.
    pub fn call(self, calls: &[Value]) -> Result<Vec<Result<Value, String>>> {
        let (tool, script) = match self {
            Self::EcommpayNode => ("node", "ecommpay.mjs"),
            Self::EcommpayPython => (".tools/venv/bin/python", "ecommpay.py"),
            Self::PaytmNode => ("node", "paytm.mjs"),
            Self::PaytmPython => (".tools/venv/bin/python", "paytm.py"),
            Self::PaytmPgNode => ("node", "paytm_pg.mjs"),
            Self::PaytmPgPython => (".tools/venv/bin/python", "paytm_pg.py"),
        };
        let output = run(tool, script, &serde_json::to_vec(calls)?)
            .with_context(|| format!("run {script}; `cargo xtask tools` installs what it needs"))?;
        let answers: Vec<Value> = serde_json::from_slice(&output)?;
        ensure!(answers.len() == calls.len(), "{script} left calls unanswered");
        Ok(answers.iter().map(outcome).collect())
    }
}

fn run(tool: &str, script: &str, input: &[u8]) -> Result<Vec<u8>> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let local = home.join(tool);
    let mut child = Command::new(if local.exists() { local.as_path() } else { Path::new(tool) })
        .arg(home.join("drivers").join(script))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    // A driver reads all of its input before it writes, so that neither side blocks the other.
    child.stdin.take().context("a pipe was asked for")?.write_all(input)?;
    let output = child.wait_with_output()?;
    if !output.status.success() {
        bail!("{}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(output.stdout)
}

fn outcome(answer: &Value) -> Result<Value, String> {
    match answer.get("value") {
        Some(value) => Ok(value.clone()),
        None => Err(answer.get("error").map(ToString::to_string).unwrap_or_default()),
    }
}
