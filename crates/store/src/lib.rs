//! The only SQL of the platform. Transactions are plain synchronous closures that run where the
//! connection lives; [`Store`] takes them there and answers when they are durable. The engine
//! knows nothing of payments: that is the tables' part.

pub mod callbacks;
pub mod endpoints;
mod error;
pub mod health;
pub mod ids;
pub mod jobs;
pub mod journal;
mod lock;
mod migrate;
pub mod payments;
pub mod projects;
pub mod rates;
mod sqlite;
mod stats;
mod store;
mod task;
mod tx;

pub use error::{Cause, Result, StoreError};
pub use lock::ServeLock;
pub use migrate::Migration;
pub use sqlite::threads::{READ_QUEUE, WRITE_QUEUE};
pub use stats::Stats;
pub use store::{Options, Store};
pub use tx::{Row, Tx, Value};
