//! What messages look like: the envelope of JSON calls, the forms, and who signs what.
//!
//! A signed JSON body holds only strings, ASCII, no apostrophe and no backslash, and follows the
//! head without spaces: then every client library of Paytm's verifies it.

pub(crate) mod payment;
pub(crate) mod refund;

use aws_lc_rs::rand;
use paytm::checksum::{self, CHECKSUM_PARAM, ChecksumError, SALT_LENGTH};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::clock::Millis;
use crate::code;
use crate::scenario::Seal;
use crate::store::StoreError;

/// The parameters of a form, in the order in which they are written.
pub(crate) type Fields = Vec<(&'static str, String)>;

/// A JSON call, its body still as it was sent.
#[derive(Debug, Deserialize)]
pub(crate) struct Call<'a> {
    #[serde(default)]
    pub(crate) head: CallHead,
    #[serde(borrow)]
    body: &'a RawValue,
}

/// The members of a call's head that mean anything here.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CallHead {
    #[serde(default)]
    pub(crate) signature: Option<String>,
    #[serde(default)]
    pub(crate) client_id: Option<String>,
    #[serde(default)]
    pub(crate) txn_token: Option<String>,
}

impl<'a> Call<'a> {
    pub(crate) fn parse(message: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(message).ok()
    }

    /// The text of the body, which is what a checksum covers.
    pub(crate) fn body(&self) -> &'a str {
        self.body.get()
    }

    pub(crate) fn is_signed_with(&self, key: &str) -> bool {
        self.head
            .signature
            .as_deref()
            .is_some_and(|signature| checksum::verify(self.body(), key, signature))
    }
}

/// `resultInfo`, the first thing in every body.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct ResultInfo<'a> {
    #[serde(rename = "resultStatus")]
    pub(crate) status: &'a str,
    #[serde(rename = "resultCode")]
    pub(crate) code: &'a str,
    #[serde(rename = "resultMsg")]
    pub(crate) msg: &'a str,
}

impl<'a> ResultInfo<'a> {
    /// A code of a payment with its word and text.
    pub(crate) fn payment(code: &'a str) -> Self {
        Self { status: code::payment_status(code), code, msg: code::message(code) }
    }

    /// A code of a refund with its word and text.
    pub(crate) fn refund(code: &'a str) -> Self {
        Self { status: code::refund_status(code), code, msg: code::message(code) }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AnswerHead<'a> {
    response_timestamp: String,
    version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<String>,
}

#[derive(Serialize)]
struct AnswerMessage<'a> {
    head: AnswerHead<'a>,
    body: &'a RawValue,
}

/// Writes an answer (or a JSON notification). Without a key it is unsigned.
pub(crate) fn json(
    now: Millis,
    client_id: Option<&str>,
    key: Option<&str>,
    seal: Seal,
    body: &impl Serialize,
) -> Result<String, StoreError> {
    let body = serde_json::value::to_raw_value(body)?;
    let signature = match (key, seal) {
        (Some(key), Seal::Right) => Some(checksum::sign(body.get(), key, salt())?),
        (Some(key), Seal::Wrong) => Some(checksum::sign("something else", key, salt())?),
        (None, _) | (Some(_), Seal::Missing) => None,
    };
    let head =
        AnswerHead { response_timestamp: now.to_string(), version: "v1", client_id, signature };
    Ok(serde_json::to_string(&AnswerMessage { head, body: &body })?)
}

/// Appends the checksum to a form's fields.
pub(crate) fn seal_fields(
    mut fields: Fields,
    key: &str,
    seal: Seal,
) -> Result<Fields, ChecksumError> {
    let pairs = || fields.iter().map(|(name, value)| (*name, value.as_str()));
    let checksum = match seal {
        Seal::Right => Some(checksum::sign_params(pairs(), key, salt())?),
        Seal::Wrong => Some(checksum::sign("something else", key, salt())?),
        Seal::Missing => None,
    };
    fields.extend(checksum.map(|checksum| (CHECKSUM_PARAM, checksum)));
    Ok(fields)
}

/// `application/x-www-form-urlencoded`.
pub(crate) fn form(fields: &Fields) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// 32 random hexadecimal digits.
pub(crate) fn token_digits() -> String {
    format!("{:032x}", u128::from_be_bytes(random()))
}

/// Four characters of the base64 alphabet, as Paytm's own Node library draws them.
fn salt() -> [u8; SALT_LENGTH] {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    random::<SALT_LENGTH>()
        .map(|byte| ALPHABET.get(usize::from(byte % 64)).copied().unwrap_or(b'A'))
}

/// Random bytes of the operating system; all zero if it has none, since a sandbox guards nothing.
fn random<const LENGTH: usize>() -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    let _ = rand::fill(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "SandboxKey000001";

    #[derive(Serialize)]
    struct Body {
        mid: &'static str,
    }

    #[test]
    fn answers_verify_unless_they_shall_not() {
        let verifies = |seal| {
            let message = json(0, None, Some(KEY), seal, &Body { mid: "M" }).unwrap();
            Call::parse(message.as_bytes()).unwrap().is_signed_with(KEY)
        };
        assert!(verifies(Seal::Right));
        assert!(!verifies(Seal::Wrong));
        assert!(!verifies(Seal::Missing));
    }

    #[test]
    fn the_head_comes_first_and_without_spaces() {
        let message = json(7, Some("C"), None, Seal::Right, &Body { mid: "M" }).unwrap();
        assert_eq!(
            message,
            r#"{"head":{"responseTimestamp":"7","version":"v1","clientId":"C"},"body":{"mid":"M"}}"#
        );
    }
}
