//! The sandbox over real HTTP: every endpoint, every scenario, every control.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![expect(clippy::indexing_slicing, reason = "a test stops at the first surprise")]

mod admin;
mod client;
mod initiate;
mod page;
mod process;
mod refund;
mod scenarios;
mod status;
mod webhook;
