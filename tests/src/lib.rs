//! The harness of the end-to-end tests: starts the real programs, talks to them over HTTP, plays
//! the merchant's callback address, and drives the SDKs of other languages. It knows nothing of
//! the product's insides; the tests themselves are in `it/`.
//!
//! The programs and SDKs must be there before a test runs: `cargo xtask test` builds and installs
//! them first; by hand it is `cargo build --workspace --all-targets` and `cargo xtask tools`.

pub mod http;
pub mod program;
pub mod receiver;
pub mod sdk;
pub mod wait;
pub mod world;
