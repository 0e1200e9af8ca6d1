//! The rules of this Paytm: orders, attempts to pay, refunds, and the ledger of what they moved.
//!
//! Every function works inside one [`Session`](crate::store::Session), that is one transaction. No
//! HTTP here: what a message looks like is in [`message`](crate::message).

pub(crate) mod due;
pub(crate) mod initiate;
pub(crate) mod ledger;
pub(crate) mod merchant;
pub(crate) mod notice;
pub(crate) mod order;
pub(crate) mod pay;
pub(crate) mod plan;
pub(crate) mod refund;
pub(crate) mod wallet;
