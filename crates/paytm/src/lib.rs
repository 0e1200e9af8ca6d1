//! paytm

pub mod checksum;
