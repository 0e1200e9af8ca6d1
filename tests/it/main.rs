//! The end-to-end tests, as one program: each further one would link everything again.

mod ecommpay_sdk;
mod harness;
mod paytm_checksum;
