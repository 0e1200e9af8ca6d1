//! The end-to-end tests, as one program: each further one would link everything again.

#![expect(
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "a test that finds something else than it expects has to end"
)]

mod attempts;
mod browser;
mod clock;
mod crash;
mod ecommpay_sdk;
mod harness;
mod payment;
mod paytm_checksum;
mod paytm_sdk;
mod scenarios;
