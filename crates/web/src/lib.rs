//! The faces of the platform: what merchants, customers' browsers, the provider and operators
//! reach over HTTP. A face bounds, parses and verifies what comes, asks the app, and renders its
//! answer; it decides nothing and writes nothing.

mod error;
mod exchange;
pub mod gate;
mod html;
pub mod ops;
pub mod page;
pub mod provider;
mod request_id;
mod shared;

pub use shared::Shared;
