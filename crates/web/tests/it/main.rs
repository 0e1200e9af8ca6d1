//! The faces over real HTTP: a TCP listener, a SQLite file and a whole platform for each test.
//! Only time, randomness and the outside world are stood in for.

#![expect(clippy::unwrap_used, reason = "a test's own steps must not fail")]
#![expect(clippy::indexing_slicing, reason = "a test names members that must be there")]

mod client;
mod gate;
mod ops;
mod page;
mod provider;
mod scratch;
mod world;
mod wrong_requests;
