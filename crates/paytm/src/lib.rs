//! paytm
