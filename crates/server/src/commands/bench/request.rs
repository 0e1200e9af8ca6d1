//! Signed sales, each with a payment id of its own. The document is made and signed once by the
//! merchants' SDK; for every payment its id is put in and the string to sign is signed anew, so
//! that the generator spends its time on sending.

use anyhow::{Context as _, ensure};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use wire::client::{Merchant, Sale};
use wire::signature;

use super::connection::post;

const PATH: &str = "/v2/payment/wallet/paytm/sale";

/// Stands for the payment's id in the template.
const ID: &str = "PAYMENT-ID";
/// Stands for the signature.
const SIGNATURE: &str = "SIGNATURE";

/// What every payment's id begins with.
const PREFIX: &str = "bench-";

/// The customer of all payments: one of the sandbox's wallets with much money.
const PHONE: &str = "8888888888";

/// The smallest sale, ₹1.00.
const AMOUNT: i64 = 100;

/// A sale that lacks its payment id and its signature.
pub(super) struct Template {
    body: String,
    to_sign: String,
    key: hmac::Key,
}

impl Template {
    /// The sales of a project; callbacks go to `callback_url` or else to the project's.
    pub(super) fn new(
        project_id: i64,
        secret: &str,
        callback_url: Option<&str>,
    ) -> anyhow::Result<Self> {
        let merchant = Merchant {
            project_id,
            secret: secret.to_owned(),
            gate_url: String::new(),
            page_url: String::new(),
        };
        let sale = |payment_id: String| Sale {
            payment_id,
            amount: AMOUNT,
            currency: "INR".to_owned(),
            customer_id: "customer-17".to_owned(),
            customer_ip: "203.0.113.7".to_owned(),
            customer_phone: Some(PHONE.to_owned()),
            description: Some("Two kilograms of Darjeeling tea, first flush".to_owned()),
            callback_url: callback_url.map(str::to_owned),
            success_url: Some("https://shop.example/thanks".to_owned()),
            decline_url: Some("https://shop.example/sorry".to_owned()),
            return_url: Some("https://shop.example/orders".to_owned()),
        };
        let signed = merchant.sale(&sale(ID.to_owned()))?.body;
        let document: Value = serde_json::from_str(&signed)?;
        let given = signature::given(&document).context("the SDK did not sign")?;
        let template = Self {
            body: signed.replace(given, SIGNATURE),
            to_sign: signature::canonical_string(&document),
            key: hmac::Key::new(hmac::HMAC_SHA512, secret.as_bytes()),
        };
        let alike = template.body(7) == merchant.sale(&sale(payment_id(7)))?.body;
        ensure!(alike, "the template differs from what the SDK signs");
        Ok(template)
    }

    /// The request of one payment.
    pub(super) fn request(&self, payment: u64) -> Vec<u8> {
        post(PATH, &self.body(payment))
    }

    /// The body of one payment's request.
    pub(super) fn body(&self, payment: u64) -> String {
        let id = payment_id(payment);
        let signature = hmac::sign(&self.key, self.to_sign.replace(ID, &id).as_bytes());
        self.body.replace(ID, &id).replace(SIGNATURE, &BASE64_STANDARD.encode(signature))
    }

    /// The string whose signature a request carries.
    pub(super) fn to_sign(&self) -> &str {
        &self.to_sign
    }
}

fn payment_id(payment: u64) -> String {
    format!("{PREFIX}{payment:010}")
}

/// The number of a payment that is ours.
pub(super) fn number_of(payment_id: &str) -> Option<u64> {
    payment_id.strip_prefix(PREFIX)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_is_signed() {
        let template = Template::new(200, "secret", Some("http://127.0.0.1:1/c")).unwrap();
        for payment in [0, 41, 9_999_999_999] {
            let document: Value = serde_json::from_str(&template.body(payment)).unwrap();
            let given = signature::given(&document).unwrap();
            assert_eq!(signature::verify(&document, given, &["secret"]), Ok(()));
            let id = document["general"]["payment_id"].as_str().unwrap();
            assert_eq!(number_of(id), Some(payment));
        }
        assert_eq!(number_of("order-17"), None);
    }
}
