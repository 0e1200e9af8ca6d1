//! The simulation from outside, as the program that is run: that a seed is a world, that honest
//! worlds are in order, and that dishonest ones are found out.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod bugs;
mod honest;

use std::process::{Command, Output};

/// Runs the program to its end.
fn sim(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sim")).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap()
}
