//! The provider's messages: reading signed requests, writing answers that are signed rightly,
//! wrongly or not at all.

use paytm::checksum::{body_slice, sign, verify};
use serde_json::{Value, json};

use super::KEY;

/// A key that is not the account's.
const OTHER_KEY: &str = "AnotherKey012345";

/// How an answer is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seal {
    /// As it should be.
    Right,
    /// With another key.
    Wrong,
    /// Not at all.
    Missing,
}

/// An answer before it is signed.
#[derive(Debug, Clone)]
pub(crate) struct Answer(Value);

impl Answer {
    pub(crate) const fn new(body: Value) -> Self {
        Self(body)
    }

    /// The same answer with another text in `member`, if it has that member.
    #[must_use]
    pub(crate) fn with_other(mut self, member: &str, text: &str) -> Self {
        if let Some(value) = self.0.get_mut(member) {
            *value = text.into();
        }
        self
    }

    /// The message.
    pub(crate) fn sealed(&self, seal: Seal) -> Vec<u8> {
        let body = self.0.to_string();
        let signature = |key| sign(&body, key, *b"s4lt").unwrap_or_default();
        let head = match seal {
            Seal::Right => json!({"signature": signature(KEY)}),
            Seal::Wrong => json!({"signature": signature(OTHER_KEY)}),
            Seal::Missing => json!({}),
        };
        format!(r#"{{"head":{head},"body":{body}}}"#).into_bytes()
    }
}

/// The body of a request, if the account's key signed it.
pub(super) fn open(message: &[u8]) -> Option<Value> {
    let text = std::str::from_utf8(message).ok()?;
    let parsed: Value = serde_json::from_str(text).ok()?;
    let signature = parsed.get("head")?.get("signature")?.as_str()?;
    verify(body_slice(text)?, KEY, signature).then(|| parsed.get("body").cloned())?
}
