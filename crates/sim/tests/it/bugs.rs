//! A checker that never finds anything proves nothing: each deliberate bug must be found.

use app::bugs::Bug;

use super::{sim, text};

/// Each was found among the first hundred when this was written.
const SEEDS: &str = "1000";

/// Where the bug shows is up to the seed; that it shows is not.
#[track_caller]
fn is_found(bug: Bug) {
    let output = sim(&["--seeds", SEEDS, "--bug", &bug.to_string()]);
    assert!(!output.status.success(), "{bug} was not found: {}", text(&output.stdout));
    let stderr = text(&output.stderr);
    assert!(stderr.contains(" is broken "), "{bug}: {stderr}");
    assert!(stderr.contains("--trace"), "{bug}: {stderr}");
}

#[test]
fn new_reference_is_found() {
    is_found(Bug::NewReference);
}

#[test]
fn stale_refund_is_found() {
    is_found(Bug::StaleRefund);
}

#[test]
fn timeout_declines_is_found() {
    is_found(Bug::TimeoutDeclines);
}

#[test]
fn callback_apart_is_found() {
    is_found(Bug::CallbackApart);
}

#[test]
fn job_taken_is_found() {
    is_found(Bug::JobTaken);
}

#[test]
fn callback_rewritten_is_found() {
    is_found(Bug::CallbackRewritten);
}

#[test]
fn notice_believed_is_found() {
    is_found(Bug::NoticeBelieved);
}

#[test]
fn late_success_lost_is_found() {
    is_found(Bug::LateSuccessLost);
}

#[test]
fn earlier_forgotten_is_found() {
    is_found(Bug::EarlierForgotten);
}

#[test]
fn answer_misplaced_is_found() {
    is_found(Bug::AnswerMisplaced);
}
