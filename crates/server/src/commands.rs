//! The commands, one file each, and what they have in common: they end with an answer or an error,
//! and the process's exit code tells which.

pub(crate) mod audit;
pub(crate) mod bench;
pub(crate) mod callback;
pub(crate) mod clock;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod listen;
pub(crate) mod payment;
pub(crate) mod project;
pub(crate) mod rates;
pub(crate) mod refund;
pub(crate) mod sandbox;
pub(crate) mod serve;
pub(crate) mod sign;
mod signing;
pub(crate) mod tail;
pub(crate) mod trigger;
pub(crate) mod verify;
mod when;

use std::fmt;
use std::process::ExitCode;

use anyhow::Context as _;
use app::verbs::VerbError;

use crate::cli::{Cli, Command};
use crate::config::ConfigError;

/// How a command ended that did what it was asked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Done, or yes: exit code 0.
    Yes,
    /// The question was answered with no: exit code 1.
    No,
}

impl From<Answer> for ExitCode {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Yes => Self::SUCCESS,
            Answer::No => Self::from(1),
        }
    }
}

/// The command was given something that can't be: exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Usage(pub(crate) String);

/// Carries out a command.
pub(crate) fn run(cli: Cli) -> anyhow::Result<Answer> {
    let shared = &cli.shared;
    match cli.command {
        Command::Config(command) => command.run(shared),
        Command::Completions(command) => command.run(),
        Command::Demo(command) => wait_for(command.run(shared)),
        Command::Serve(command) => wait_for(command.run(shared)),
        Command::Project(command) => wait_for(command.run(shared)),
        Command::Payment(command) => wait_for(command.run(shared)),
        Command::Refund(command) => wait_for(command.run(shared)),
        Command::Callback(command) => wait_for(command.run(shared)),
        Command::Rates(command) => wait_for(command.run(shared)),
        Command::Listen(command) => wait_for(command.run(shared)),
        Command::Trigger(command) => wait_for(command.run(shared)),
        Command::Tail(command) => wait_for(command.run(shared)),
        Command::Doctor(command) => wait_for(command.run(shared)),
        Command::Sign(command) => wait_for(command.run(shared)),
        Command::Verify(command) => wait_for(command.run(shared)),
        Command::Audit(command) => wait_for(command.run(shared)),
        Command::Bench(command) => command.run(shared),
        Command::Clock(command) => wait_for(command.run(shared)),
        Command::Sandbox(command) => wait_for(command.run(shared)),
    }
}

fn wait_for(command: impl Future<Output = anyhow::Result<Answer>>) -> anyhow::Result<Answer> {
    tokio::runtime::Runtime::new().context("cannot start the runtime")?.block_on(command)
}

/// The exit code of an error: 2 where the command line or the configuration is at fault, else 1.
pub(crate) fn code_of(error: &anyhow::Error) -> ExitCode {
    let ours = |cause: &(dyn std::error::Error + 'static)| {
        cause.is::<ConfigError>() || cause.is::<Usage>()
    };
    ExitCode::from(if error.chain().any(ours) { 2 } else { 1 })
}

/// An error with its causes. A cause that the line before quotes already is not said again.
pub(crate) fn in_one_line(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if line.is_empty() {
            line = cause;
        } else if !line.ends_with(&cause) {
            line = format!("{line}: {cause}");
        }
    }
    line.replace('\n', " ")
}

/// What a verb refused, as an error of the command.
fn refused(error: VerbError) -> anyhow::Error {
    match error {
        VerbError::Fault(fault) => fault.into(),
        VerbError::Refused(refusal) => {
            let earlier = refusal.earlier.map(|request| format!(", request_id {}", request.0));
            let (message, code) = (refusal.message, refusal.code.number());
            anyhow::anyhow!("{message} (code {code}{})", earlier.unwrap_or_default())
        }
    }
}

/// Text that a report shows where there is none.
struct OrDash<'a>(Option<&'a str>);

impl fmt::Display for OrDash<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.unwrap_or("-"))
    }
}
