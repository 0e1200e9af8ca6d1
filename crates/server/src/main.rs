//! The program `dwar`: configuration, the real clock, randomness and network, their wiring, and
//! the command line.

mod cli;
mod clock;
mod commands;
mod config;
mod entropy;
mod http_client;
mod installation;
mod listen;
mod output;
mod server;
mod stop;
mod telemetry;
mod test_clock;
mod worker_loop;

use std::process::ExitCode;

use clap::Parser as _;

/// What one thread allocates another often frees: the store's writer, the workers, the faces. The
/// system's allocator takes a quarter of the processor's time over that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    match commands::run(cli) {
        Ok(answer) => answer.into(),
        Err(error) => {
            eprintln!("dwar: {}", commands::in_one_line(&error));
            commands::code_of(&error)
        }
    }
}
