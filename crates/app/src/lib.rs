//! The verbs of the platform: what it can do, in one place. The only caller of the rules and of the
//! store; HTTP faces, workers, the command line and the simulation all call these.

pub mod audit;
#[cfg(feature = "bugs")]
pub mod bugs;
pub mod endpoints;
mod message;
pub mod metrics;
pub mod platform;
pub mod ports;
pub mod project;
pub mod scheduler;
pub mod secrets;
mod transact;
pub mod verbs;
pub mod workers;
