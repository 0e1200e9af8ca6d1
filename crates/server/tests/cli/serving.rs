//! `dwar serve`, and the commands that work beside it.

use anyhow::Result;
use serde_json::Value;

use crate::world::{Folder, get, post};

const SERVE: [&str; 5] = ["serve", "--listen", "127.0.0.1:0", "--ops", "127.0.0.1:0"];

const SALE: &str = r#"{
    "general": {"project_id": 200, "payment_id": "order-17"},
    "customer": {"id": "c-1", "ip_address": "1.1.1.1"},
    "payment": {"amount": 25000, "currency": "INR"}
}"#;

#[test]
fn an_empty_database_is_served_and_the_next_step_told() -> Result<()> {
    let folder = Folder::new()?;
    let server = folder.start(&SERVE)?;
    assert_eq!(server.ready.get("projects"), Some(&Value::from(0)));
    assert_eq!(get(&server.url("ops", "/healthz")?)?.0, 200);
    assert_eq!(get(&server.url("ops", "/readyz")?)?.0, 200);
    assert!(get(&server.url("ops", "/metrics")?)?.1.contains("dwar_jobs_running"));
    assert_eq!(server.stop()?, 0);
    assert!(!folder.path().join("dwar.db-wal").exists(), "the log was not put into the database");
    Ok(())
}

#[test]
fn one_process_serves_and_others_work_beside_it() -> Result<()> {
    let folder = Folder::new()?;
    let server = folder.start(&SERVE)?;

    let second = folder.run(&SERVE)?;
    let told = format!(
        "dwar: this database is being served already: dwar.db.lock is held by process {}\n",
        server.id()
    );
    assert_eq!((second.code, second.stderr), (1, told));

    // A project that is made now takes a sale at once.
    let account = ["--paytm-mid", "M", "--paytm-key", "0123456789abcdef"];
    let create = ["project", "create", "Tea shop", "--id", "200", "--paytm-url"];
    let nobody = ["http://127.0.0.1:1"];
    assert_eq!(folder.run(&[create.as_slice(), &nobody, &account].concat())?.code, 0);
    let signed = folder.run_with(SALE, &["sign", "--signed"])?.stdout;
    let gate = server.url("gate", "/v2/payment/wallet/paytm/sale")?;
    let (status, answer) = post(&gate, &signed)?;
    assert_eq!((status, answer.get("status")), (200, Some(&Value::from("success"))));

    let shown = folder.run(&["payment", "show", "order-17", "--json"])?;
    let shown: Value = serde_json::from_str(&shown.stdout)?;
    assert_eq!(shown.get("status"), Some(&Value::from("processing")));
    assert_eq!(shown.pointer("/operations/0/request_id"), answer.get("request_id"));
    assert_eq!(shown.pointer("/history/0/event"), Some(&Value::from("sale_accepted")));

    let early = folder.run(&["refund", "order-17"])?;
    assert_eq!(early.code, 1);
    assert!(early.stderr.contains("only a successful payment can be refunded"), "{early:?}");
    let audit = folder.run(&["audit"])?;
    assert_eq!(
        (audit.code, audit.stdout.as_str()),
        (0, "The books are true. Payments compared: 1.\n")
    );

    let (status, answer) = post(&gate, &signed.replace("25000", "1"))?;
    assert_eq!((status, answer.get("code")), (401, Some(&Value::from("3261"))));
    assert_eq!(server.stop()?, 0);
    Ok(())
}

#[test]
fn an_address_that_is_taken_is_named() -> Result<()> {
    let folder = Folder::new()?;
    let taken = std::net::TcpListener::bind("127.0.0.1:0")?;
    let address = taken.local_addr()?.to_string();
    let ran = folder.run(&["serve", "--listen", &address, "--ops", "127.0.0.1:0"])?;
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.starts_with(&format!("dwar: cannot listen on {address}: ")), "{ran:?}");
    Ok(())
}
