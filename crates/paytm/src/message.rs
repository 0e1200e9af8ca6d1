//! Paytm's JSON messages, `{"head":{"signature":..},"body":{..}}`: written with a signature over
//! the body's text, read with the signature checked over the text that came.

use domain::provider::Unclear;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use crate::account::MerchantKey;
use crate::checksum::{SALT_LENGTH, sign, verify};
use crate::connector::BuildError;
use crate::exchange::{Reply, Request};

/// Longest message that is read, in bytes. Paytm's have a few thousand at most.
pub(crate) const MESSAGE_BYTES_MAX: usize = 256 * 1024;

/// What stands in the head besides the signature. Empty but for the opening of an order, because
/// one of Paytm's own guides says that more breaks the status call.
#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Head {
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel_id: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_timestamp: Option<String>,
}

impl Head {
    /// The head of a request for a customer in a browser. The time is in seconds since 1970.
    pub(crate) fn web(now: Timestamp) -> Self {
        Self {
            version: Some("v1"),
            channel_id: Some("WEB"),
            request_timestamp: Some(now.0.div_euclid(1_000).to_string()),
        }
    }
}

/// A signed JSON request.
pub(crate) fn request(
    url: String,
    head: &Head,
    body: &impl Serialize,
    key: &MerchantKey,
    salt: [u8; SALT_LENGTH],
) -> Result<Request, BuildError> {
    #[derive(Serialize)]
    struct SignedHead<'a> {
        #[serde(flatten)]
        head: &'a Head,
        signature: String,
    }
    #[derive(Serialize)]
    struct Signed<'a> {
        head: SignedHead<'a>,
        body: &'a RawValue,
    }
    let body = to_raw_value(body)?;
    let signature = sign(body.get(), key.reveal(), salt)?;
    let message = Signed { head: SignedHead { head, signature }, body: &body };
    Ok(Request {
        url,
        headers: ["content-type", "accept"].map(|name| (name, "application/json".into())).into(),
        body: serde_json::to_vec(&message)?,
    })
}

/// How a message is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seal {
    /// By whoever has the key.
    Valid,
    /// Not at all, as some of Paytm's error answers.
    Missing,
    /// By a checksum that does not fit.
    Broken,
}

/// A message in its two parts.
pub(crate) struct Message<'a> {
    body: &'a str,
    signature: Option<String>,
}

impl<'a> Message<'a> {
    /// Reads a message; nothing where it is too long or not one.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Head {
            signature: Option<String>,
        }
        #[derive(Deserialize)]
        struct Parts<'a> {
            head: Option<Head>,
            #[serde(borrow)]
            body: &'a RawValue,
        }
        if bytes.len() > MESSAGE_BYTES_MAX {
            return None;
        }
        let parts: Parts<'a> = serde_json::from_slice(bytes).ok()?;
        let signature = parts.head.and_then(|head| head.signature).filter(|text| !text.is_empty());
        Some(Self { body: parts.body.get(), signature })
    }

    /// Who signed it. The text is tried as it came, then in the compact spelling that some
    /// senders sign before they write it another way.
    pub(crate) fn seal(&self, key: &MerchantKey) -> Seal {
        let Some(signature) = &self.signature else {
            return Seal::Missing;
        };
        let signs = |text: &str| verify(text, key.reveal(), signature);
        if signs(self.body) || signs(&compact(self.body)) { Seal::Valid } else { Seal::Broken }
    }

    /// The body as a value; nothing where it has another shape.
    pub(crate) fn parse<T: Deserialize<'a>>(&self) -> Option<T> {
        serde_json::from_str(self.body).ok()
    }
}

/// An answer that was read and is not forged, though perhaps unsigned.
pub(crate) struct Opened<T> {
    /// What it says.
    pub(crate) body: T,
    signed: bool,
}

impl<T> Opened<T> {
    /// Refuses to go on with an unsigned answer: for everything that would end an operation.
    pub(crate) fn require_signature(&self) -> Result<(), Unclear> {
        if self.signed { Ok(()) } else { Err(Unclear::NotAuthentic) }
    }
}

/// Reads an answer. Only 200 is looked into: no other status is known to carry a message of the
/// gateway itself.
pub(crate) fn open<T: for<'de> Deserialize<'de>>(
    reply: Reply<'_>,
    key: &MerchantKey,
) -> Result<Opened<T>, Unclear> {
    let answer = reply?;
    match answer.status {
        200 => {}
        429 | 500..=599 => return Err(Unclear::ProviderFault),
        _ => return Err(Unclear::Unreadable),
    }
    let message = Message::read(answer.body).ok_or(Unclear::Unreadable)?;
    let signed = match message.seal(key) {
        Seal::Valid => true,
        Seal::Missing => false,
        Seal::Broken => return Err(Unclear::NotAuthentic),
    };
    let body = message.parse().ok_or(Unclear::Unreadable)?;
    Ok(Opened { body, signed })
}

/// `resultInfo`, which every answer has.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ResultInfo {
    /// The outcome in a word.
    pub(crate) result_status: String,
    /// The reason as a number, with leading zeros that count.
    pub(crate) result_code: String,
}

/// The same JSON without white space between its tokens, and with `\/` written `/`. It means
/// what the original means, so that its signature vouches for the original.
fn compact(json: &str) -> String {
    let mut compact = String::with_capacity(json.len());
    let mut in_string = false;
    let mut chars = json.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\n' | '\r' | '\t' if !in_string => {}
            '\\' => match chars.next() {
                Some('/') => compact.push('/'),
                escaped => compact.extend([Some(c), escaped].into_iter().flatten()),
            },
            _ => {
                in_string ^= c == '"';
                compact.push(c);
            }
        }
    }
    compact
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compact_json_says_the_same() {
        let spaced = "{ \"a b\" : [1, 2 ],\n\t\"c\\\\\": \"x\\\" \\/ y\\u20b9\" }";
        assert_eq!(compact(spaced), r#"{"a b":[1,2],"c\\":"x\" / y\u20b9"}"#);
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(value(spaced), value(&compact(spaced)));
    }
}
