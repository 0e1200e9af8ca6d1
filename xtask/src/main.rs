//! The chores of this repository, written in Rust so that they run wherever the project builds.
//! `cargo xtask test` is the one command that decides whether a change is good; the others are
//! its parts, for running alone. Nothing here is shipped.

mod layers;
mod repository;
mod steps;
mod tidy;
mod tools;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask <command>

  test      everything a change must pass, in order
  layers    which crate may import which
  tidy      what a compiler does not check: lengths, names, leftovers
  tools     install what the end-to-end tests need and this machine lacks";

fn main() -> ExitCode {
    let command = std::env::args().nth(1);
    let outcome = match command.as_deref() {
        Some("test") => steps::run(),
        Some("layers") => layers::check(),
        Some("tidy") => tidy::check(),
        Some("tools") => tools::install(),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
