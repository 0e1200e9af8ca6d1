//! The harness itself, where a mistake would make other tests pass for nothing.

use anyhow::Result;
use serde_json::json;
use tests::http;
use tests::program::Program;
use tests::receiver::{Receiver, Reply};

#[test]
fn the_receiver_records_requests_and_answers_as_told() -> Result<()> {
    let receiver = Receiver::start()?;
    receiver.reply_next([Reply::Status(500), Reply::HangUp, Reply::Status(302)]);
    let url = receiver.url("/callback");

    assert_eq!(http::post_json(&url, &json!({"id": "päy"}))?.status, 500);
    assert!(http::post_form(&url, "a=1").is_err());
    assert_eq!(http::get(&url)?.status, 302);
    assert_eq!(http::get(&url)?.status, 200);

    let requests = receiver.wait_for(4)?;
    let [first, second, ..] = &requests[..] else { panic!("{requests:?}") };
    assert_eq!(first.request_line, "POST /callback HTTP/1.1");
    assert_eq!(first.json()?, json!({"id": "päy"}));
    assert!(first.headers.contains(&("content-type".into(), "application/json".into())));
    assert_eq!(second.body, "a=1");
    Ok(())
}

#[test]
fn a_program_that_ends_is_not_waited_for() -> Result<()> {
    let mut program = Program::start("xtask", &["no-such-command"], &[])?;
    let usage = program.wait_for_line("usage:")?;
    assert_eq!(usage, "usage: cargo xtask <command>");

    let error = program.wait_for_ok("http://127.0.0.1:1/").unwrap_err().to_string();
    assert!(error.starts_with("ended (exit status: 2) before http://127.0.0.1:1/"), "{error}");
    assert!(error.contains(&usage), "{error}");
    Ok(())
}

#[test]
fn a_program_that_is_not_built_is_named() {
    let error = Program::start("no-such-program", &[], &[]).unwrap_err().to_string();
    assert!(error.starts_with("no-such-program is not built"), "{error}");
}
