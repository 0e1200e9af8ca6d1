//! The whole product as its users run it: the platform and the sandbox as processes of their own,
//! each with its own durable state, and a merchant who listens for callbacks.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use wire::signature;

use crate::http::{self, Answer};
use crate::program::{self, Program};
use crate::receiver::{Received, Receiver};
use crate::wait;

/// The merchant's project.
pub const PROJECT: i64 = 200;

/// What the project signs with.
pub const SECRET: &str = "the merchant's secret";

/// The merchant's account at the sandbox.
pub const MID: &str = "TESTMI00000000000001";

/// The key of that account.
pub const KEY: &str = "AbCdEf0123456789";

/// Platform, sandbox and merchant.
#[derive(Debug)]
pub struct World {
    /// The merchant's callback address.
    pub merchant: Receiver,
    /// Base address of the platform's Gate.
    pub gate: String,
    /// Base address of the platform's metrics and health.
    pub ops: String,
    /// Base address of the sandbox.
    pub sandbox: String,
    folder: PathBuf,
    platform: Option<Program>,
    _paytm: Program,
}

impl World {
    /// Starts everything. `sandbox` are further arguments of the sandbox, `project` of
    /// `dwar project create`.
    ///
    /// # Errors
    /// When something does not start; the message shows what it wrote.
    pub fn start(sandbox: &[&str], project: &[&str]) -> Result<Self> {
        let folder = new_folder()?;
        let merchant = Receiver::start()?;
        let [gate_at, ops_at, sandbox_at] = [address()?, address()?, address()?];
        let (gate, ops) = (format!("http://{gate_at}"), format!("http://{ops_at}"));
        let sandbox_url = format!("http://{sandbox_at}");
        let notifications = format!("{gate}/provider/paytm/notification");
        let books = path(&folder, "sandbox.db");
        let mut arguments = vec!["serve", "--listen", &sandbox_at, "--database", &books];
        arguments.extend(["--mid", MID, "--key", KEY, "--notification-url", &notifications]);
        arguments.extend(["--refund-delay-ms", "50", "--equal-refund-window-ms", "0"]);
        arguments.extend(["--webhook-retries-ms", "500,1000,5000"]);
        arguments.extend(sandbox);
        let mut paytm = Program::start("paytm-sandbox", &arguments, &[])?;
        paytm.wait_for_ok(&format!("{sandbox_url}/sandbox/scenarios"))?;

        let database = path(&folder, "dwar.db");
        let callbacks = merchant.url("/callback");
        let number = PROJECT.to_string();
        let mut create = vec!["project", "create", "Shop", "--id", &number, "--secret", SECRET];
        create.extend(["--database", &database, "--test", "--callback-url", &callbacks]);
        create.extend(["--paytm-mid", MID, "--paytm-key", KEY, "--paytm-url", &sandbox_url]);
        create.extend(["--paytm-modes", "BALANCE"]);
        create.extend(project);
        let mut world = Self {
            merchant,
            gate,
            ops,
            sandbox: sandbox_url.clone(),
            folder,
            platform: None,
            _paytm: paytm,
        };
        let made = world.dwar(&create)?;
        ensure!(made.ok, "project create: {}", made.text);
        world.start_platform()?;
        Ok(world)
    }

    /// Starts the platform over what is stored, and waits until it serves.
    ///
    /// # Errors
    /// When it does not.
    pub fn start_platform(&mut self) -> Result<()> {
        self.start_platform_with(&[])
    }

    /// The same, with more variables in its environment.
    ///
    /// # Errors
    /// When it does not serve.
    pub fn start_platform_with(&mut self, variables: &[(&str, &str)]) -> Result<()> {
        let (gate_at, ops_at) = (host(&self.gate), host(&self.ops));
        let database = path(&self.folder, "dwar.db");
        let arguments = ["serve", "--database", &database, "--listen", gate_at, "--ops", ops_at];
        let usual = [
            ("DWAR_PUBLIC__URL", self.gate.as_str()),
            ("DWAR_EGRESS__ALLOW_PRIVATE", "true"),
            ("DWAR_EGRESS__ALLOW_HTTP", "true"),
            ("DWAR_TEST__CLOCK", "true"),
            ("DWAR_LOG__LEVEL", "warn"),
        ];
        let environment = [&usual, variables].concat();
        let mut platform = Program::start("dwar", &arguments, &environment)?;
        platform.wait_for_ok(&format!("{}/readyz", self.ops))?;
        self.platform = Some(platform);
        Ok(())
    }

    /// Kills the platform at once: it can save nothing.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn kill_platform(&mut self) -> Result<()> {
        self.platform.take().context("the platform runs")?.kill()
    }

    /// Runs a command of the program on the platform's database to its end.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn dwar(&self, arguments: &[&str]) -> Result<Ended> {
        let database = path(&self.folder, "dwar.db");
        let mut all = arguments.to_vec();
        if !arguments.contains(&"--database") {
            all.extend(["--database", &database]);
        }
        let output = program::run("dwar", &all)?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        Ok(Ended {
            ok: output.status.success(),
            json: serde_json::from_slice(&output.stdout).unwrap_or(Value::Null),
            text,
        })
    }

    /// Moves the time of platform and sandbox, as far as `by` (`15m`) says, and returns what the
    /// command printed. When it ends, all that was due on the way is done.
    ///
    /// # Errors
    /// When the command fails.
    pub fn advance(&self, by: &str) -> Result<Value> {
        let ended = self.dwar(&["clock", "advance", by, "--ops", host(&self.ops), "--json"])?;
        ensure!(ended.ok, "clock advance {by}: {}", ended.text);
        Ok(ended.json)
    }

    /// Signs a document with the project's secret and posts it to Gate.
    ///
    /// # Errors
    /// When there is no HTTP answer.
    pub fn post(&self, path: &str, mut document: Value) -> Result<Answer> {
        let signed = signature::sign(&document, SECRET);
        let place = if document.get("general").is_some() { "/general" } else { "" };
        let place = document.pointer_mut(place).context("a document")?;
        place.as_object_mut().context("an object")?.insert("signature".into(), signed.into());
        http::post_json(&format!("{}{path}", self.gate), &document)
    }

    /// Posts a sale of `minor` paise under this payment id.
    ///
    /// # Errors
    /// When there is no HTTP answer.
    pub fn sale(&self, payment: &str, minor: i64) -> Result<Answer> {
        self.post("/v2/payment/wallet/paytm/sale", sale(payment, minor))
    }

    /// Posts a refund, full when no sum is given.
    ///
    /// # Errors
    /// When there is no HTTP answer.
    pub fn refund(&self, payment: &str, minor: Option<i64>) -> Result<Answer> {
        let sum = minor.map_or_else(
            || json!({ "description": "back" }),
            |minor| json!({ "description": "back", "amount": minor, "currency": "INR" }),
        );
        let general = json!({ "project_id": PROJECT, "payment_id": payment });
        self.post("/v2/payment/wallet/paytm/refund", json!({ "general": general, "payment": sum }))
    }

    /// The status answer of a payment.
    ///
    /// # Errors
    /// When there is no answer or it is not JSON.
    pub fn status(&self, payment: &str) -> Result<Value> {
        let general = json!({ "project_id": PROJECT, "payment_id": payment });
        self.post("/v2/payment/status", json!({ "general": general }))?.json()
    }

    /// Waits until a payment has one of these statuses.
    ///
    /// # Errors
    /// When it does not before the deadline.
    pub fn wait_for_status(&self, payment: &str, wanted: &[&str]) -> Result<Value> {
        wait::until(&format!("{payment} to be one of {wanted:?}"), || {
            let status = self.status(payment).ok()?;
            let now = status.pointer("/payment/status")?.as_str()?;
            wanted.contains(&now).then(|| status.clone())
        })
    }

    /// Waits for `count` callbacks about a payment and returns them in order of arrival.
    ///
    /// # Errors
    /// When they do not come before the deadline.
    pub fn callbacks(&self, payment: &str, count: usize) -> Result<Vec<Received>> {
        wait::until(&format!("{count} callbacks about {payment}"), || {
            let about = |received: &Received| {
                let body = received.json().ok();
                body.is_some_and(|body| body.pointer("/payment/id") == Some(&payment.into()))
            };
            let found: Vec<_> = self.merchant.received().into_iter().filter(about).collect();
            (found.len() >= count).then_some(found)
        })
    }

    /// The customer pays (`success`), is declined (`decline`) or leaves (`cancel`), as told by the
    /// redirect callback of the payment.
    ///
    /// # Errors
    /// When no redirect comes, or the sandbox refuses.
    pub fn customer(&self, payment: &str, outcome: &str) -> Result<()> {
        let status = wait::until(&format!("a redirect of {payment}"), || {
            self.status(payment).ok().filter(|status| status.get("redirect_data").is_some())
        })?;
        let order = status.pointer("/redirect_data/body/orderId").context("an order id")?;
        let answer = http::post_json(
            &format!("{}/sandbox/admin/pay", self.sandbox),
            &json!({ "order_id": order, "outcome": outcome }),
        )?;
        ensure!(answer.status == 200, "sandbox: {answer:?}");
        Ok(())
    }

    /// The bank of the customer of a payment that was declined in the meantime succeeds after
    /// all. `told` begins with the payment's redirect callback.
    ///
    /// # Errors
    /// When the sandbox refuses.
    pub fn customer_of_declined(&self, payment: &str, told: &[Received]) -> Result<()> {
        let redirect = told.first().context("a callback")?.json()?;
        let order = redirect.pointer("/redirect_data/body/orderId").context("an order id")?;
        let answer = http::post_json(
            &format!("{}/sandbox/admin/pay", self.sandbox),
            &json!({ "order_id": order, "outcome": "success" }),
        )?;
        ensure!(answer.status == 200, "{payment}: {answer:?}");
        Ok(())
    }

    /// What `dwar payment show` tells of a payment.
    ///
    /// # Errors
    /// When the command fails.
    pub fn shown(&self, payment: &str) -> Result<Value> {
        let ended = self.dwar(&["payment", "show", payment, "--json"])?;
        ensure!(ended.ok, "payment show {payment}: {}", ended.text);
        Ok(ended.json)
    }

    /// The sandbox's books.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn books(&self) -> Result<Value> {
        http::get(&format!("{}/sandbox/admin/books", self.sandbox))?.json()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.platform = None;
        if !std::thread::panicking() {
            // What is left behind in the temporary folder harms nobody.
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    /// Whether its exit code was 0.
    pub ok: bool,
    /// What it printed, if it was JSON.
    pub json: Value,
    /// What it printed, both streams.
    pub text: String,
}

/// A sale, not yet signed.
pub fn sale(payment: &str, minor: i64) -> Value {
    json!({
        "general": { "project_id": PROJECT, "payment_id": payment },
        "customer": { "id": "customer1", "ip_address": "1.1.1.1", "phone": "7777777777" },
        "payment": { "amount": minor, "currency": "INR", "description": payment },
    })
}

fn address() -> Result<String> {
    Ok(format!("127.0.0.1:{}", program::free_port()?))
}

fn host(url: &str) -> &str {
    url.strip_prefix("http://").unwrap_or(url)
}

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).display().to_string()
}

fn new_folder() -> Result<PathBuf> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("dwar-test-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}
