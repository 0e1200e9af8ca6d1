//! The tools of somebody who writes or runs a shop: trigger, tail, why, check, link, doctor.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::world::{Folder, get};

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value.get(member).and_then(Value::as_str).unwrap_or_default()
}

#[test]
fn a_triggered_payment_is_followed_explained_and_compared() -> Result<()> {
    let folder = Folder::new()?;
    let _demo = folder.demo()?;
    let refunded = ["trigger", "normal", "--payment", "p", "--refund", "12.50", "--json"];
    let steps = folder.on_demo(&refunded)?;
    assert_eq!(steps.code, 0, "{steps:?}");
    let steps = steps.json_lines()?;
    let (end, steps) = steps.split_last().context("no steps")?;
    assert_eq!((text(end, "status"), end.get("over")), ("partially refunded", Some(&json!(true))));
    let who: Vec<&str> = steps.iter().map(|step| text(step, "who")).collect();
    for actor in ["scenario", "gate", "platform", "customer", "merchant"] {
        assert!(who.contains(&actor), "{actor} does nothing: {steps:?}");
    }

    let why = folder.on_demo(&["payment", "why", "p"])?.stdout;
    assert!(why.contains("₹12.50 has been given back; nothing more is going to happen"), "{why}");
    let check = folder.on_demo(&["payment", "check", "p"])?;
    assert_eq!(check.code, 0, "{check:?}");
    assert!(check.stdout.contains("Both books agree."), "{check:?}");

    let arguments = ["tail", "--since", "1h", "--project", "200", "--config", "world/dwar.toml"];
    let tail = folder.start(&arguments)?;
    assert_eq!(text(&tail.ready, "event"), "sale_accepted");
    assert_eq!(text(&tail.next_line()?, "event"), "redirect_ready");
    // The customer must come first: a decline at once may overtake the answer with the redirect.
    folder.on_demo(&["trigger", "declined", "--payment", "q"])?;
    let newest = std::iter::from_fn(|| tail.next_line().ok());
    let of_q = newest.filter(|line| text(line, "payment") == "q").take(3);
    let events: Vec<String> = of_q.map(|line| text(&line, "event").to_owned()).collect();
    assert_eq!(events, ["sale_accepted", "redirect_ready", "sale_declined"]);
    assert_eq!(tail.stop()?, 0);
    Ok(())
}

#[test]
fn books_that_differ_are_told_apart_from_silence() -> Result<()> {
    let folder = Folder::new()?;
    let _demo = folder.demo()?;
    for (scenario, verdict) in
        [("status-wrong-amount", "DIFFER"), ("status-no-checksum", "unclear")]
    {
        let triggered =
            folder.on_demo(&["trigger", scenario, "--payment", scenario, "--wait", "2"])?;
        assert_eq!(triggered.code, 1, "{triggered:?}");
        let check = folder.on_demo(&["payment", "check", scenario, "--json"])?;
        assert_eq!(check.code, 1, "{check:?}");
        let sale = check.json()?.pointer("/operations/0/verdict").cloned();
        assert_eq!(sale, Some(json!(verdict)), "{scenario}: {check:?}");
    }
    let why = folder.on_demo(&["payment", "why", "status-wrong-amount"])?.stdout;
    assert!(why.contains("NEEDS A PERSON"), "{why}");
    let open =
        folder.on_demo(&["trigger", "pending-forever", "--payment", "open", "--wait", "2"])?;
    assert!(open.stdout.contains("without a result it is declined"), "{open:?}");
    assert_eq!(folder.on_demo(&["payment", "check", "open"])?.code, 0);
    Ok(())
}

#[test]
fn a_link_opens_payment_page() -> Result<()> {
    let folder = Folder::new()?;
    let _demo = folder.demo()?;
    let link = ["payment", "link", "order-18", "--amount", "249", "--description", "Two kilos"];
    let made = folder.on_demo(&[link.as_slice(), &["--json"]].concat())?.json()?;
    let (status, page) = get(text(&made, "link"))?;
    assert_eq!(status, 200);
    assert!(page.contains("249.00") && page.contains("Two kilos"), "{page}");
    let (status, _) = get(&text(&made, "link").replace("24900", "100"))?;
    assert_ne!(status, 200, "an amount that was changed is not taken");

    let folding = folder.on_demo(&["payment", "link", "x;payment_amount:1", "--amount", "249"])?;
    assert_eq!(folding.code, 1, "{folding:?}");
    let past =
        folder.on_demo(&["payment", "link", "y", "--amount", "1", "--expires", "2020-01-01"])?;
    assert_eq!(past.code, 2, "{past:?}");
    Ok(())
}

/// The results of one check of the doctor.
fn results<'a>(findings: &'a Value, check: &str) -> Vec<&'a str> {
    let checks = findings.get("checks").and_then(Value::as_array).map(Vec::as_slice);
    let of_check = checks.unwrap_or_default().iter().filter(|it| text(it, "check") == check);
    of_check.map(|it| text(it, "result")).collect()
}

#[test]
fn the_doctor_finds_nothing_wrong_with_the_demonstration() -> Result<()> {
    let folder = Folder::new()?;
    let _demo = folder.demo()?;
    let ran = folder.on_demo(&["doctor", "--deep", "--json"])?;
    assert_eq!(ran.code, 0, "{ran:?}");
    let findings = ran.json()?;
    for check in [
        "database file",
        "master key",
        "database content",
        "server",
        "Paytm account",
        "Paytm",
        "clock",
        "callback address",
    ] {
        assert_eq!(results(&findings, check), ["fine"], "{check}: {findings}");
    }
    Ok(())
}

#[test]
fn the_doctor_names_cause_and_cure() -> Result<()> {
    let folder = Folder::new()?;
    let demo = folder.demo()?;
    let set =
        |more: &[&str]| folder.on_demo(&[["project", "set", "200"].as_slice(), more].concat());
    let looks = || folder.on_demo(&["doctor"]);
    let (gate, nobody) = (demo.url("gate", "/nothing")?, "http://127.0.0.1:9");
    for (change, undo, told) in [
        (["--paytm-key", "0123456789abcdef"], ["--paytm-key", "DemoKey_DemoKey_"], "(330)"),
        (["--paytm-mid", "STRANGER"], ["--paytm-mid", "DEMOMI00000000000001"], "(335)"),
        (["--test", "false"], ["--test", "true"], "is live and uses http://127.0.0.1"),
        (["--settlement-currency", "USD"], ["--settlement-currency", "INR"], "no rate of USD"),
        (["--callback-url", &gate], ["--callback-url", "none"], "nothing that takes a POST"),
        (["--callback-url", nobody], ["--callback-url", "none"], "no connection"),
    ] {
        set(&change)?;
        let ran = looks()?;
        assert_eq!(ran.code, 1, "{change:?}: {ran:?}");
        assert!(ran.stdout.contains(told) && ran.stdout.contains("→"), "{told}: {ran:?}");
        set(&undo)?;
    }
    assert_eq!(looks()?.code, 0, "all is undone");

    let key = folder.path().join("world/dwar.db.key");
    std::process::Command::new("chmod").arg("644").arg(&key).status()?;
    let readable = looks()?;
    assert!(readable.stdout.contains("chmod 600"), "{readable:?}");
    std::fs::write(&key, "00".repeat(32))?;
    let other = looks()?;
    assert!(other.stdout.contains("sealed with another master key"), "{other:?}");
    Ok(())
}

#[test]
fn the_doctor_works_where_nothing_does() -> Result<()> {
    let folder = Folder::new()?;
    let none = folder.run(&["doctor"])?;
    assert_eq!(none.code, 1);
    assert!(none.stdout.contains("there is no database"), "{none:?}");
    std::fs::write(folder.path().join("wrong.toml"), "[public]\nurl = 7")?;
    let wrong = folder.run(&["doctor", "--config", "wrong.toml"])?;
    assert_eq!(wrong.code, 1);
    assert!(wrong.stdout.contains("wrong.toml:2"), "{wrong:?}");
    Ok(())
}

#[test]
fn every_command_has_help_and_is_completed() -> Result<()> {
    let folder = Folder::new()?;
    let completions = folder.run(&["completions", "bash"])?.stdout;
    for command in ["callback", "rates", "listen", "trigger", "tail", "doctor"] {
        let help = folder.run(&[command, "--help"])?;
        assert_eq!(help.code, 0, "{help:?}");
        assert!(completions.contains(command), "{command}");
    }
    for command in ["list", "resend", "replay", "endpoints", "resume"] {
        let help = folder.run(&["callback", command, "--help"])?.stdout;
        assert!(help.contains("Example") || help.contains("Exit code"), "{command}: {help}");
    }
    Ok(())
}
