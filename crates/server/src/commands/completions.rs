//! `dwar completions`: a script that completes this command line in a shell.

use std::io;

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::Answer;
use crate::cli::Cli;

/// Print a completion script for a shell.
#[derive(Debug, Args)]
#[command(after_help = "Example: dwar completions bash > /etc/bash_completion.d/dwar")]
pub(crate) struct Completions {
    /// The shell.
    shell: Shell,
}

impl Completions {
    /// Prints the script.
    pub(crate) fn run(&self) -> anyhow::Result<Answer> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "dwar", &mut script);
        io::Write::write_all(&mut io::stdout(), &script)?;
        Ok(Answer::Yes)
    }
}
