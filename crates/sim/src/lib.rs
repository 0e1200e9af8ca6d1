//! The seeded world: the real rules, verbs, workers and store of the platform, among a simulated
//! clock, network, provider, merchants and customers. One seed fixes everything that happens.
//!
//! A world is one thread and one queue of events; it jumps from event to event, so that days cost
//! nothing. Faults strike while the storm lasts, a crash between any two effects among them. Then
//! the world is left to itself until nothing remains to be done, and everything must be in order:
//! the invariants I1 … I7 of the reliability rules are checked on the way and at the end.

mod audit;
mod figures;
mod fingerprint;
mod merchants;
mod ports;
mod provider;
mod queue;
mod rng;
mod tasks;
mod troubles;
mod violation;
mod world;

pub use figures::Figures;
pub use fingerprint::Trace;
pub use troubles::Trouble;
pub use violation::Violation;
pub use world::{Options, Report, run};
