//! Whether a merchant account works.

use domain::provider::Unclear;
use dwar_paytm::connector::{AccountAnswer, account_answered};
use dwar_paytm::exchange::TransportError;

use crate::{account, ok, signed, signed_with, unsigned};

fn body(code: &str) -> String {
    format!(r#"{{"resultInfo":{{"resultStatus":"TXN_FAILURE","resultCode":"{code}"}}}}"#)
}

#[test]
fn an_account_is_accepted_by_a_signed_answer_only() {
    use AccountAnswer::{Accepted, Unknown, UnknownMerchant, WrongKey};
    let unknown_order = body("334");
    for (answer, expected) in [
        (signed(&unknown_order), Accepted),
        (unsigned(&unknown_order), Unknown(Unclear::NotAuthentic)),
        (signed_with(&unknown_order, "0123456789AbCdEf"), Unknown(Unclear::NotAuthentic)),
        (unsigned(&body("335")), UnknownMerchant),
        (unsigned(&body("330")), WrongKey),
    ] {
        assert_eq!(account_answered(&account(), ok(&answer)), expected, "{answer}");
    }
    let silent = account_answered(&account(), Err(TransportError::NoAnswer));
    assert_eq!(silent, Unknown(Unclear::NoAnswer));
}
