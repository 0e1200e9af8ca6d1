//! Runs worlds by their seeds and names the first one in which an invariant breaks.
//!
//! Many seeds are shared out among processes of this same program, one for each core: within one
//! process, SQLite's allocator makes the threads wait for each other.

use std::num::NonZero;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;

use anyhow::{Context as _, ensure};
use clap::Parser;
use serde::{Deserialize, Serialize};
use sim::{Figures, Options, Trace, Violation, run};

/// Seeds that one process runs.
const SHARE: u64 = 20;

/// Among so many seeds every kind of trouble must strike: one that never does tests nothing.
const ENOUGH: u64 = 500;

/// The seeded world: every seed is a life of the platform among faults.
#[derive(Parser)]
#[command(name = "sim")]
struct Arguments {
    /// How many seeds to run.
    #[arg(long, default_value_t = 1)]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Run this seed alone.
    #[arg(long, conflicts_with_all = ["seeds", "from"])]
    seed: Option<u64>,
    /// Tell the story on standard error.
    #[arg(long)]
    trace: bool,
    /// Print the digest of each world, one on a line.
    #[arg(long)]
    hash: bool,
    /// Let the platform make a mistake, by its name; for builds with the feature `bugs`.
    #[arg(long)]
    bug: Option<String>,
    /// Run the seeds in this process, and print the outcome for the one that asked.
    #[arg(long, hide = true)]
    share: bool,
}

impl Arguments {
    fn options(&self) -> anyhow::Result<Options> {
        #[cfg(not(feature = "bugs"))]
        ensure!(self.bug.is_none(), "this program is built without the feature `bugs`");
        Ok(Options {
            trace: if self.trace { Trace::Told } else { Trace::Silent },
            #[cfg(feature = "bugs")]
            bug: self.bug.as_deref().map(str::parse).transpose()?,
            ..Options::default()
        })
    }

    /// Runs a share of the seeds in another process.
    fn elsewhere(&self, from: u64, seeds: u64) -> anyhow::Result<Outcome> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["--share", "--from", &from.to_string(), "--seeds", &seeds.to_string()]);
        command.args(self.bug.iter().flat_map(|bug| ["--bug", bug]));
        let output = command.stderr(Stdio::inherit()).output()?;
        ensure!(output.status.success(), "the worlds from {from} on ended by {}", output.status);
        serde_json::from_slice(&output.stdout).context("the outcome of a share can't be read")
    }
}

/// What came of some worlds.
#[derive(Default, Serialize, Deserialize)]
struct Outcome {
    figures: Figures,
    /// Seeds and digests.
    hashes: Vec<(u64, u64)>,
    /// The lowest seed that broke an invariant.
    broken: Option<(u64, Violation)>,
}

impl Outcome {
    fn add(&mut self, other: Self) {
        self.figures.add(&other.figures);
        self.hashes.extend(other.hashes);
        let lowest = |broken: &Option<(u64, Violation)>| broken.as_ref().map(|(seed, _)| *seed);
        if self.broken.is_none()
            || lowest(&other.broken).is_some_and(|seed| Some(seed) < lowest(&self.broken))
        {
            self.broken = other.broken.or(self.broken.take());
        }
    }
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let (from, seeds) = arguments.seed.map_or((arguments.from, arguments.seeds), |seed| (seed, 1));
    #[expect(clippy::disallowed_methods, reason = "how long it took, for people; no world sees it")]
    let began = std::time::Instant::now();
    let mut outcome = if seeds == 1 || arguments.share {
        run_here(arguments.options()?, from, seeds)
    } else {
        run_on_all_cores(&arguments, from, seeds)?
    };
    if arguments.share {
        println!("{}", serde_json::to_string(&outcome)?);
        return Ok(ExitCode::SUCCESS);
    }
    if arguments.hash {
        outcome.hashes.sort_unstable();
        for (seed, hash) in &outcome.hashes {
            println!("{seed} {hash:016x}");
        }
    } else {
        println!("{}, {} s", outcome.figures, began.elapsed().as_secs());
    }
    let Some((seed, violation)) = outcome.broken else {
        let missing = outcome.figures.missing();
        ensure!(seeds < ENOUGH || missing.is_empty(), "these troubles never struck: {missing:?}");
        return Ok(ExitCode::SUCCESS);
    };
    eprintln!("seed {seed}: {violation}");
    eprintln!("replay it with: cargo run --release --package sim -- --seed {seed} --trace");
    Ok(ExitCode::FAILURE)
}

/// Runs worlds one after the other, until one is broken.
fn run_here(options: Options, from: u64, seeds: u64) -> Outcome {
    let mut outcome = Outcome::default();
    for seed in from..from.saturating_add(seeds) {
        match run(Options { seed, ..options }) {
            Ok(report) => {
                outcome.figures.add(&report.figures);
                outcome.hashes.push((seed, report.digest));
            }
            Err(violation) => {
                outcome.broken = Some((seed, violation));
                break;
            }
        }
    }
    outcome
}

/// Shares the seeds out, in their order, until all are run or one is broken.
fn run_on_all_cores(arguments: &Arguments, from: u64, seeds: u64) -> anyhow::Result<Outcome> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let end = from.saturating_add(seeds);
    let next = AtomicU64::new(from);
    let total = Mutex::new(Ok(Outcome::default()));
    let work = || {
        loop {
            let start = next.fetch_add(SHARE, Relaxed);
            if start >= end {
                return;
            }
            let outcome = arguments.elsewhere(start, SHARE.min(end.saturating_sub(start)));
            let Ok(mut total) = total.lock() else { return };
            match (total.as_mut(), outcome) {
                (Ok(total), Ok(outcome)) => {
                    total.add(outcome);
                    eprintln!("{} of {seeds} seeds", total.figures.seeds);
                    if total.broken.is_some() {
                        next.store(end, Relaxed);
                    }
                }
                (Ok(_), Err(error)) => *total = Err(error),
                (Err(_), _) => return,
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(work);
        }
    });
    total.into_inner().unwrap_or_else(|_| Ok(Outcome::default()))
}
