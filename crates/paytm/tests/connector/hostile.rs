//! A Paytm that lies, and a network that garbles: nothing makes the connector panic, and nothing
//! but the very answer that was signed pays an order or ends a refund.

use domain::provider::{RefundAnswer, SaleAnswer};
use dwar_paytm::connector::initiated;
use dwar_paytm::exchange::Answer;
use dwar_paytm::notification::Notification;
use proptest::prelude::*;
use proptest::sample::Index;

use super::refunds::{DONE, asked};
use super::sales::{OPENED, PAID, receipt, sale_answer};
use super::{account, message, ok, order, reference, signed};

/// A change that turns a message into another one.
#[derive(Debug, Clone)]
enum Change {
    Replace(Index, u8),
    Insert(Index, u8),
    Remove(Index),
    Truncate(Index),
    Swap(Index, Index),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Replace(at, byte)),
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Insert(at, byte)),
        any::<Index>().prop_map(Change::Remove),
        any::<Index>().prop_map(Change::Truncate),
        (any::<Index>(), any::<Index>()).prop_map(|(at, other)| Change::Swap(at, other)),
    ]
}

fn changed(text: &str, changes: &[Change]) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for change in changes {
        if bytes.is_empty() {
            break;
        }
        let length = bytes.len();
        match change {
            Change::Replace(at, byte) => *at.get_mut(&mut bytes) = *byte,
            Change::Insert(at, byte) => bytes.insert(at.index(length), *byte),
            Change::Remove(at) => drop(bytes.remove(at.index(length))),
            Change::Truncate(at) => bytes.truncate(at.index(length)),
            Change::Swap(at, other) => bytes.swap(at.index(length), other.index(length)),
        }
    }
    bytes
}

fn feed(bytes: &[u8], status: u16) -> (SaleAnswer, RefundAnswer) {
    let reply = Ok(Answer { status, body: bytes });
    let _ = Notification::read(bytes).map(|notification| notification.is_authentic(&account()));
    let _ = initiated(&account(), order(&reference("ORD-0001")), reply);
    (sale_answer(reply), asked(reply))
}

/// JSON whose members are those of real answers, with values of any kind.
fn answer_like() -> impl Strategy<Value = String> {
    let member = prop_oneof![
        Just("txnAmount"),
        Just("orderId"),
        Just("mid"),
        Just("txnId"),
        Just("refId"),
        Just("refundAmount"),
        Just("txnDate"),
        Just("resultInfo"),
        Just("head"),
        Just("body"),
    ];
    let value = prop_oneof![
        Just("null".to_owned()),
        Just("[]".to_owned()),
        Just(r#"{"resultStatus":"TXN_SUCCESS","resultCode":"01"}"#.to_owned()),
        Just(r#"{"resultStatus":"TXN_SUCCESS","resultCode":"10"}"#.to_owned()),
        any::<f64>().prop_map(|number| format!("{number:e}")),
        "[0-9. :-]{0,24}".prop_map(|text| format!("{text:?}")),
        "\\PC{0,12}".prop_map(|text| serde_json::to_string(&text).unwrap()),
    ];
    proptest::collection::vec((member, value), 0..10).prop_map(|members| {
        let members: Vec<String> =
            members.into_iter().map(|(name, value)| format!("{name:?}:{value}")).collect();
        format!("{{{}}}", members.join(","))
    })
}

proptest! {
    #[test]
    fn no_bytes_are_paid_and_none_panic(bytes: Vec<u8>, status: u16) {
        let (sale, refund) = feed(&bytes, status);
        prop_assert!(matches!(sale, SaleAnswer::Unknown(_)));
        prop_assert!(matches!(refund, RefundAnswer::Unknown(_)));
    }

    #[test]
    fn no_signed_nonsense_is_paid(body in answer_like()) {
        let (sale, refund) = feed(signed(&body).as_bytes(), 200);
        prop_assert!(!matches!(sale, SaleAnswer::Paid(_)), "{}", body);
        prop_assert!(!matches!(refund, RefundAnswer::Refunded { .. }), "{}", body);
    }

    #[test]
    fn an_altered_body_is_never_paid(
        changes in proptest::collection::vec(change(), 1..4),
    ) {
        for body in [PAID, DONE] {
            let whole = signed(body);
            let signature = serde_json::from_str::<serde_json::Value>(&whole).unwrap();
            let signature = signature.pointer("/head/signature").unwrap().as_str().unwrap();
            let Ok(altered) = String::from_utf8(changed(body, &changes)) else { continue };
            // White space between tokens is no alteration: the signed spelling has none.
            let meaning = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
            if meaning(&altered) == meaning(body) { continue }

            let (sale, refund) = feed(message(signature, &altered).as_bytes(), 200);
            prop_assert!(!matches!(sale, SaleAnswer::Paid(_)), "{}", altered);
            prop_assert!(!matches!(refund, RefundAnswer::Refunded { .. }), "{}", altered);
        }
    }

    #[test]
    fn an_altered_message_says_the_same_or_nothing(
        changes in proptest::collection::vec(change(), 1..6),
    ) {
        let (sale, _) = feed(&changed(&signed(PAID), &changes), 200);
        if let SaleAnswer::Paid(said) = sale {
            prop_assert_eq!(said, receipt());
        }
        let _ = feed(&changed(&signed(OPENED), &changes), 200);
    }

    #[test]
    fn only_the_amount_that_was_asked_is_paid(minor in 0_i64..1_000_000_000) {
        let amount = super::rupees(minor).to_decimal();
        let body = PAID.replace("\"100.00\"", &format!("{amount:?}"));
        let paid = matches!(sale_answer(ok(&signed(&body))), SaleAnswer::Paid(_));
        prop_assert_eq!(paid, minor == 10_000);
    }
}
