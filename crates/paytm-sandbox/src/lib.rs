//! paytm-sandbox
