//! `dwar config`: the options in force, and the options there are.

use clap::Subcommand;

use super::Answer;
use crate::cli::Shared;
use crate::config::DEFAULTS;
use crate::output::{self, Format};

/// Show the options.
#[derive(Debug, Subcommand)]
#[command(after_help = "Example: dwar config default > dwar.toml")]
pub(crate) enum ConfigCommand {
    /// The options in force, and where each value comes from.
    Print,
    /// Every option with its default and its meaning, as a file to begin with.
    Default,
}

impl ConfigCommand {
    /// Prints options.
    pub(crate) fn run(&self, shared: &Shared) -> anyhow::Result<Answer> {
        let toml = match self {
            Self::Print => shared.load([])?.print(),
            Self::Default => DEFAULTS.to_owned(),
        };
        match shared.format() {
            Format::Text => output::write_line(&toml)?,
            Format::Json => {
                output::write_line(&serde_json::to_string(&toml.parse::<toml::Table>()?)?)?;
            }
        }
        Ok(Answer::Yes)
    }
}
