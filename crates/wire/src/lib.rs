//! The public language of Dwar: the wire formats of the `ECommPay` platform.
//!
//! Everything here is a pure function of its arguments: bytes become typed messages, typed messages
//! become signed bytes. Nothing here reads a clock, a socket or a database, and money is always an
//! `i64` of minor units.

pub mod callback;
#[cfg(feature = "client")]
pub mod client;
pub mod date;
pub mod explain;
pub mod field;
pub mod gate;
pub mod json;
pub mod limits;
pub mod page;
mod parameters;
pub mod query;
mod rule;
pub mod signature;
pub mod status;
pub mod vocabulary;
pub mod webhook;
