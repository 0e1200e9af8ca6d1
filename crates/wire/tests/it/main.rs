//! The wire formats against the platform's own examples and the output of its SDKs.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail like the test itself")]

mod callbacks;
mod folding;
mod gate;
mod vectors;
