//! The engine's contract: what a commit promises, what a failure leaves, what stays bounded.

#![expect(clippy::unwrap_used, reason = "a test's own steps must not fail")]

mod callbacks;
mod durability;
mod groups;
mod inline;
mod log;
mod migrations;
mod scratch;
mod statements;
mod upgrades;
