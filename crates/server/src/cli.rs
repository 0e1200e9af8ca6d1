//! The command line: what can be asked of the program, and the options that all commands share.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand};

use crate::commands::{audit, bench, callback, clock, completions, config, demo, doctor};
use crate::commands::{listen, payment, project, rates, refund, sandbox, serve, sign, tail};
use crate::commands::{trigger, verify};
use crate::config::{Config, ConfigError, Flag, Loaded};
use crate::output::Format;

const AFTER_HELP: &str = "\
Examples:
  dwar demo                              try everything on this machine
  dwar project create 'Tea shop' --paytm-mid MID --paytm-key-file KEY
  dwar serve                             serve what is in ./dwar.db
  dwar doctor                            what is wrong with this installation?
  dwar payment show order-17             what happened, and what happens next
  dwar payment why order-17              the same in one sentence
  dwar refund order-17 --amount 12.50
  dwar callback replay --since 6h        tell merchants again what they missed
  dwar verify callback.json              why is this signature wrong?
  dwar trigger low-balance               a payment from end to end at the sandbox

Exit codes: 0 done, or yes; 1 it failed, or no; 2 the command line or the configuration is wrong.";

/// Dwar, a payment platform in one program.
#[derive(Debug, Parser)]
#[command(name = "dwar", version, after_help = AFTER_HELP, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) shared: Shared,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Shared {
    /// Read options from this file; `dwar config default` shows them all.
    #[arg(long, global = true, value_name = "FILE", env = "DWAR_CONFIG")]
    config: Option<PathBuf>,
    /// The database file [default: dwar.db].
    #[arg(long, global = true, value_name = "FILE")]
    database: Option<String>,
    /// Print one JSON document instead of text.
    #[arg(long, global = true, action = ArgAction::SetTrue)]
    json: bool,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Demo(demo::Demo),
    Serve(serve::Serve),
    Doctor(doctor::Doctor),
    #[command(subcommand)]
    Project(project::Project),
    #[command(subcommand)]
    Payment(payment::Payment),
    Refund(refund::Refund),
    #[command(subcommand)]
    Callback(callback::Callback),
    Rates(rates::Rates),
    Tail(tail::Tail),
    Audit(audit::Audit),
    Sign(sign::Sign),
    Verify(verify::Verify),
    Listen(listen::Listen),
    Trigger(trigger::Trigger),
    #[command(subcommand)]
    Sandbox(sandbox::Sandbox),
    #[command(subcommand)]
    Clock(clock::Clock),
    Bench(bench::Bench),
    #[command(subcommand)]
    Config(config::ConfigCommand),
    Completions(completions::Completions),
}

impl Shared {
    /// How to print.
    pub(crate) fn format(&self) -> Format {
        if self.json { Format::Json } else { Format::Text }
    }

    /// The options in force: defaults, file, environment, then the flags.
    pub(crate) fn load(
        &self,
        flags: impl IntoIterator<Item = Flag>,
    ) -> Result<Loaded, ConfigError> {
        let database = flag("--database", ("database", "path"), self.database.as_ref());
        Loaded::read(self.config.as_deref(), std::env::vars_os(), database.into_iter().chain(flags))
    }

    /// The options in force for a command without flags of its own.
    pub(crate) fn config(&self) -> Result<Config, ConfigError> {
        Ok(self.load([])?.config)
    }
}

/// A flag, if it was given.
pub(crate) fn flag(
    name: &'static str,
    sets: (&'static str, &'static str),
    value: Option<impl ToString>,
) -> Option<Flag> {
    value.map(|value| Flag { name, sets, value: value.to_string() })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn shared_options_stand_before_or_behind_the_command() {
        for line in ["dwar --json --database x audit", "dwar audit --database x --json"] {
            let cli = Cli::try_parse_from(line.split(' ')).unwrap();
            assert_eq!(cli.shared.format(), Format::Json);
            assert_eq!(cli.shared.config().unwrap().database.path, PathBuf::from("x"));
        }
    }

    /// The flags in a text of Markdown.
    fn flags(text: &str) -> BTreeSet<String> {
        let words = text.split('`').filter_map(|code| code.split(' ').next());
        words.filter(|word| word.starts_with("--")).map(str::to_owned).collect()
    }

    #[test]
    fn the_documentation_has_every_command_and_flag() {
        let document = include_str!("../../../docs/cli.md");
        let settings = document.lines().filter(|line| line.starts_with("| `--")).flat_map(flags);
        let settings: BTreeSet<String> = settings.collect();
        let mut open = vec![(String::new(), Cli::command())];
        while let Some((path, command)) = open.pop() {
            let shown = command.get_subcommands().filter(|it| !it.is_hide_set());
            open.extend(shown.map(|it| (format!("{path} {}", it.get_name()), it.clone())));
            if command.is_subcommand_required_set() {
                continue;
            }
            let begin = format!("| `{}", path.trim_start());
            let begins = |line: &&str| {
                line.strip_prefix(&begin).is_some_and(|rest| rest.starts_with([' ', '`']))
            };
            let row = document.lines().find(begins).unwrap_or_default();
            let mut told = flags(row);
            if row.contains("[settings](#projects)") {
                told.extend(settings.clone());
            }
            let own = command.get_arguments().filter(|it| !it.is_global_set() && !it.is_hide_set());
            let own = own.filter_map(|flag| Some(format!("--{}", flag.get_long()?)));
            assert_eq!(told, own.collect(), "dwar{path}: {row}");
            assert!(!row.is_empty(), "dwar{path}");
        }
    }
}
