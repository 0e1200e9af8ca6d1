//! The program `dwar`: configuration, the real clock, randomness and network, and their wiring.

#![cfg_attr(
    not(test),
    expect(dead_code, reason = "the commands that use these modules come next")
)]

mod clock;
mod config;
mod entropy;
mod http_client;
mod listen;
mod telemetry;

fn main() -> anyhow::Result<()> {
    let flags: [config::Flag; 0] = [];
    let loaded = config::Loaded::read(None, std::env::vars_os(), flags)?;
    telemetry::init(&loaded.config.log)
}
