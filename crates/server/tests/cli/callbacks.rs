//! Callbacks by command: received on this machine, listed, sent again; endpoints that fail for
//! days, and go on.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::world::{Folder, Running};

/// A demonstration whose callbacks go to a listener that answers `status`.
fn world(folder: &Folder, status: &str) -> Result<(Running, Running)> {
    let demo = folder.demo()?;
    let listener = listen(folder, "0", status)?;
    let url = listener.url("listening", "/paid")?;
    let set = folder.on_demo(&["project", "set", "200", "--callback-url", &url])?;
    assert_eq!(set.code, 0, "{set:?}");
    Ok((demo, listener))
}

fn listen(folder: &Folder, port: &str, status: &str) -> Result<Running> {
    let listen = ["listen", "--port", port, "--answer", status, "--config", "world/dwar.toml"];
    folder.start(&listen)
}

fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str)
}

#[test]
fn callbacks_are_received_verified_and_sent_again() -> Result<()> {
    let folder = Folder::new()?;
    let (_demo, listener) = world(&folder, "200")?;
    let paid = folder.on_demo(&["trigger", "auto-success", "--payment", "p"])?;
    assert_eq!(paid.code, 0, "{paid:?}");
    let (redirect, sale) = (listener.next_line()?, listener.next_line()?);
    assert_eq!(redirect.get("verified"), Some(&json!(true)));
    assert_eq!(text(&redirect, "/callback/payment/status"), Some("awaiting redirect result"));
    assert_eq!(text(&sale, "/callback/payment/status"), Some("success"));

    let resent = folder.on_demo(&["callback", "resend", "p", "--json"])?.json()?;
    assert_eq!(resent.get("seq"), Some(&json!(2)));
    let again = listener.next_line()?;
    assert_eq!(again.get("again"), Some(&json!(true)));
    for member in ["webhook_id", "callback"] {
        assert_eq!(again.get(member), sale.get(member), "{member} stays the same");
    }
    let delivered = |list: &Value| {
        let all = list.as_array().map(Vec::as_slice).unwrap_or_default();
        all.iter().all(|it| it.get("state") == Some(&json!("delivered")))
    };
    folder.wait_for(&["callback", "list"], delivered)?;
    let nothing = folder.on_demo(&["callback", "replay", "--since", "1h", "--json"])?.json()?;
    assert_eq!(nothing.get("callbacks"), Some(&json!(0)));
    let all = ["callback", "replay", "--since", "1h", "--all", "--project", "200", "--json"];
    assert_eq!(folder.on_demo(&all)?.json()?.get("callbacks"), Some(&json!(2)));
    assert_eq!(listener.next_line()?.get("webhook_id"), redirect.get("webhook_id"));
    assert_eq!(listener.next_line()?.get("webhook_id"), sale.get("webhook_id"));

    let unknown = folder.on_demo(&["callback", "resend", "p", "9"])?;
    assert_eq!((unknown.code, unknown.stderr.trim()), (1, "dwar: payment p has no callback 9"));
    Ok(())
}

#[test]
fn a_listener_says_what_is_wrong_and_passes_it_on_all_the_same() -> Result<()> {
    let folder = Folder::new()?;
    let demo = folder.demo()?;
    let shop = demo.url("shop", "/callback")?;
    let listen = ["listen", "--port", "0", "--secret", "another", "--forward", &shop];
    let listener = folder.start(&listen)?;
    let url = listener.url("listening", "/")?;
    folder.on_demo(&["project", "set", "200", "--callback-url", &url])?;
    folder.on_demo(&["trigger", "auto-decline"])?;
    let wrong = listener.next_line()?;
    assert_eq!(wrong.get("verified"), Some(&json!(false)));
    let problem = text(&wrong, "/problem").context("no problem")?;
    assert!(problem.contains("the secret differs"), "{problem}");
    assert_eq!(wrong.get("answered"), Some(&json!(200)), "the shop knows the secret");
    Ok(())
}

#[test]
fn an_endpoint_that_fails_for_days_is_paused_and_goes_on_by_command() -> Result<()> {
    let folder = Folder::new()?;
    let (_demo, listener) = world(&folder, "500")?;
    for number in 1..=5 {
        let payment = format!("p-{number}");
        folder.on_demo(&["trigger", "auto-success", "--payment", &payment, "--wait", "0"])?;
    }
    let state = |list: &Value| text(list, "/0/state").map(str::to_owned);
    let endpoints = ["callback", "endpoints"];
    folder.wait_for(&endpoints, |list| state(list).as_deref() == Some("cut off"))?;
    folder.on_demo(&["clock", "advance", "5d2h"])?;
    let paused = folder.wait_for(&endpoints, |list| state(list).as_deref() == Some("paused"))?;
    assert_eq!(text(&paused, "/0/last_error"), Some("it answered 500"));
    assert_eq!(folder.on_demo(&endpoints)?.code, 1);
    let doctor = folder.on_demo(&["doctor", "--offline"])?;
    assert!(doctor.stdout.contains("is paused: it has failed for 5 d"), "{doctor:?}");
    let why = folder.on_demo(&["payment", "why", "p-1"])?.stdout;
    assert!(why.contains("is paused"), "{why}");

    let url = listener.url("listening", "")?;
    let port = url.rsplit(':').next().context("no port")?.to_owned();
    listener.stop()?;
    let listener = listen(&folder, &port, "200")?;
    let resumed = folder.on_demo(&["callback", "resume", &format!("{url}/paid")])?;
    assert_eq!(resumed.code, 0, "{resumed:?}");
    folder.wait_for(&endpoints, |list| list == &json!([]))?;
    let replayed = folder.on_demo(&["callback", "replay", "--since", "30d", "--json"])?.json()?;
    assert!(replayed.get("callbacks").is_some(), "{replayed}");
    let pending = ["callback", "list", "--state", "pending"];
    folder.wait_for(&pending, |list| list == &json!([]))?;
    assert_eq!(listener.next_line()?.get("verified"), Some(&json!(true)));
    let never = folder.on_demo(&["callback", "resume", "https://tea.example"])?;
    assert_eq!(never.code, 1);
    Ok(())
}
