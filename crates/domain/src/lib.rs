//! The rules of the house: money, identities, the payment and everything that may happen to it.
//!
//! [`decide`](decide::decide) is the one function that changes a payment. Nothing here performs
//! I/O, reads a clock, draws randomness or knows JSON; all of that arrives as arguments.

pub mod code;
pub mod command;
pub mod decide;
pub mod decision;
pub mod fx;
pub mod id;
pub mod journal;
pub mod limits;
pub mod money;
pub mod payment;
pub mod provider;
pub mod redelivery;
pub mod refund;
pub mod schedule;
pub mod time;
