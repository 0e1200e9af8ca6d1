//! The Paytm Payment Gateway as a pure translation.
//!
//! [`connector`] turns what the platform wants into signed HTTP requests (values, never sent from
//! here) and answers into the words of [`domain::provider`]; [`notification`] reads what Paytm
//! sends by itself; [`checksum`] is the signature under both. Salt and time are arguments.

pub mod account;
pub mod checksum;
mod codes;
pub mod connector;
pub mod exchange;
mod message;
pub mod notification;
