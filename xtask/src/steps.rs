//! `cargo xtask test`: everything a change must pass, in order, cheapest first. Each step shows
//! its title and the time it took; the first that fails ends the run.
//!
//! All steps that build the workspace name the same packages, features and flags, so that nothing
//! is compiled twice. `RUSTFLAGS` is left alone: another value would start from nothing.

use crate::{layers, repository, tidy, tools};
use anyhow::{Context as _, Result, bail};
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::time::Instant;

/// What has been counted so far. A step is one check, and each test of the test step is another.
#[derive(Default)]
struct Tally {
    passed: u64,
    failed: u64,
    skipped: Vec<String>,
}

type Step = (&'static str, fn(&mut Tally) -> Result<()>);

const STEPS: [Step; 11] = [
    ("format", |_| cargo(&["fmt", "--all", "--check"])),
    ("layers", |_| layers::check()),
    ("tidy", |_| tidy::check()),
    ("tools", |_| tools::install()),
    ("licences, bans, sources", |_| {
        cargo(&["deny", "--log-level", "error", "check", "licenses", "bans", "sources"])
    }),
    ("advisories", advisories),
    ("clippy", |_| cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])),
    ("documentation", |_| documentation()),
    ("build", |_| cargo(&["build", "--workspace", "--all-targets"])),
    ("tests", tests),
    ("simulation", |_| cargo(&["run", "--release", "--package", "sim", "--", "--seeds", "1000"])),
];

/// Runs every step and ends with one line: how many checks and tests passed and failed.
pub(crate) fn run() -> Result<()> {
    let mut tally = Tally::default();
    let started = now();
    let outcome = STEPS.iter().try_for_each(|(title, step)| {
        println!("\n== {title}");
        let started = now();
        let outcome = step(&mut tally);
        let seconds = started.elapsed().as_secs();
        match outcome {
            Ok(()) => {
                println!("== {title}: passed in {seconds} s");
                tally.passed = tally.passed.saturating_add(1);
                Ok(())
            }
            Err(error) => {
                println!("== {title}: FAILED after {seconds} s");
                tally.failed = tally.failed.max(1);
                Err(error.context(format!("step \"{title}\" failed")))
            }
        }
    });
    println!();
    for skipped in &tally.skipped {
        println!("SKIPPED: {skipped}");
    }
    println!(
        "in {} s: {} passed, {} failed",
        started.elapsed().as_secs(),
        tally.passed,
        tally.failed
    );
    outcome
}

fn cargo(arguments: &[&str]) -> Result<()> {
    repository::run(repository::cargo(arguments))
}

/// The advisories live in a git repository elsewhere. Without a network the check cannot be made;
/// the run says so instead of passing it in silence.
fn advisories(tally: &mut Tally) -> Result<()> {
    if repository::succeeds(repository::cargo(&["deny", "fetch", "db"])) {
        return cargo(&["deny", "--log-level", "error", "--offline", "check", "advisories"]);
    }
    let reason = "advisories were NOT checked: the RustSec database cannot be fetched";
    println!("{reason}");
    tally.skipped.push(reason.to_owned());
    Ok(())
}

fn documentation() -> Result<()> {
    let arguments = ["doc", "--workspace", "--no-deps", "--document-private-items"];
    let mut doc = repository::cargo(&arguments);
    doc.env("RUSTDOCFLAGS", "-D warnings");
    repository::run(doc)
}

/// Runs the tests, shows what they print, and adds up the closing line of each test program.
fn tests(tally: &mut Tally) -> Result<()> {
    let mut command = repository::cargo(&["test", "--workspace", "--no-fail-fast"]);
    let mut child = command.stdout(Stdio::piped()).spawn().context("start cargo test")?;
    let output = child.stdout.take().context("cargo test has no output")?;
    for line in BufReader::new(output).lines() {
        let line = line?;
        println!("{line}");
        let (passed, failed) = counts(&line).unwrap_or_default();
        tally.passed = tally.passed.saturating_add(passed);
        tally.failed = tally.failed.saturating_add(failed);
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("cargo test ended with {status}");
    }
    Ok(())
}

/// Reads `test result: ok. 12 passed; 0 failed; …`.
fn counts(line: &str) -> Option<(u64, u64)> {
    let (_, numbers) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let mut numbers = numbers.split("; ");
    let passed = numbers.next()?.strip_suffix(" passed")?.parse().ok()?;
    let failed = numbers.next()?.strip_suffix(" failed")?.parse().ok()?;
    Some((passed, failed))
}

#[expect(clippy::disallowed_methods, reason = "the time a step takes is not a product's time")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::counts;

    #[test]
    fn only_the_closing_line_of_a_test_program_counts() {
        let good = "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out";
        assert_eq!(counts(good), Some((12, 0)));
        let bad = "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out";
        assert_eq!(counts(bad), Some((3, 2)));
        assert_eq!(counts("test money::rounds ... ok"), None);
        assert_eq!(counts("running 12 tests"), None);
    }
}
