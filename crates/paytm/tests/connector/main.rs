//! The connector from outside: what it sends, byte for byte, and what it makes of every answer.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod accounts;
mod hostile;
mod notifications;
mod refunds;
mod requests;
mod sales;

use domain::id::ProviderReference;
use domain::money::{Amount, Currency};
use dwar_paytm::account::{Account, MerchantKey, Mode};
use dwar_paytm::checksum::sign;
use dwar_paytm::connector::{Order, Refund};
use dwar_paytm::exchange::{Answer, Reply};

pub(crate) const KEY: &str = "AbCdEf0123456789";
pub(crate) const SALT: [u8; 4] = *b"aB3d";

pub(crate) fn account() -> Account {
    Account {
        mid: "TESTMI00000000000001".into(),
        key: MerchantKey::new(KEY).unwrap(),
        base_url: "https://paytm.example/".into(),
        website: "WEBSTAGING".into(),
        modes: vec![Mode::wallet()],
        callback_url: "https://dwar.example/return/paytm".into(),
    }
}

pub(crate) fn reference(text: &str) -> ProviderReference {
    ProviderReference(text.into())
}

pub(crate) fn rupees(minor: i64) -> Amount {
    Amount::new(minor, Currency::INR).unwrap()
}

/// Order `ORD-0001` over ₹100.00.
pub(crate) fn order(reference: &ProviderReference) -> Order<'_> {
    Order { reference, amount: rupees(10_000) }
}

/// Refund `REF-0001` of ₹40.00.
pub(crate) fn refund<'a>(
    order: &'a ProviderReference,
    reference: &'a ProviderReference,
) -> Refund<'a> {
    Refund {
        order,
        reference,
        transaction_id: "20260601010580000872102410000000001",
        amount: rupees(4_000),
        comment: None,
    }
}

/// An answer signed as Paytm signs: over the body's text.
pub(crate) fn signed(body: &str) -> String {
    signed_with(body, KEY)
}

pub(crate) fn signed_with(body: &str, key: &str) -> String {
    message(&sign(body, key, SALT).unwrap(), body)
}

pub(crate) fn message(signature: &str, body: &str) -> String {
    format!(r#"{{"head":{{"version":"v1","signature":"{signature}"}},"body":{body}}}"#)
}

pub(crate) fn unsigned(body: &str) -> String {
    format!(r#"{{"head":{{"responseTimestamp":"1780000000000","version":"v1"}},"body":{body}}}"#)
}

#[expect(clippy::unnecessary_wraps, reason = "a reply is what the connector takes")]
pub(crate) fn ok(body: &str) -> Reply<'_> {
    Ok(Answer { status: 200, body: body.as_bytes() })
}
