//! The signature that every message of the platform carries, and its verification.
//!
//! A document becomes one canonical string (see `canonical`), whose HMAC-SHA512 under the project's
//! secret, in base64, is the signature. The string escapes nothing, so a match proves less than it
//! seems to: every verification also passes the gate against folded parameters (see `folding`).

mod canonical;
mod folding;
mod natural;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;
use serde_json::Value;

use crate::query::Params;
pub(crate) use canonical::{Entry, Order, entries, join, php_text, query_entries};
pub use folding::{Folded, check, check_query};

/// Length of an HMAC-SHA512, in bytes.
pub(crate) const MAC_BYTES: usize = 64;

/// Why a signed document is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// There is no signature.
    #[error("the signature is missing or empty")]
    Empty,
    /// The signature is not the base64 of 64 bytes.
    #[error("the signature is not 64 bytes in base64")]
    Malformed,
    /// No secret and no known way to build the canonical string gives this signature.
    #[error("the signature does not match the data")]
    Mismatch,
    /// The signature matches, but the same string could also have come from another document.
    #[error(transparent)]
    Folded(#[from] Folded),
}

impl VerifyError {
    /// The platform's public code: 3262 "Empty signature", otherwise 3261 "Invalid signature".
    pub const fn code(&self) -> u32 {
        match self {
            Self::Empty => 3262,
            Self::Malformed | Self::Mismatch | Self::Folded(_) => 3261,
        }
    }
}

/// The string whose HMAC is the signature of a JSON document.
pub fn canonical_string(document: &Value) -> String {
    Order::Natural.message(&entries(document, &php_text))
}

/// The string whose HMAC is the signature of Payment Page parameters, as Dwar itself signs them.
pub fn canonical_query_string(params: &Params) -> String {
    Order::Natural.message(&query_entries(params))
}

/// The signature of a JSON document: 88 characters of base64.
pub fn sign(document: &Value, secret: &str) -> String {
    sign_string(&canonical_string(document), secret)
}

/// The signature of Payment Page parameters: 88 characters of base64, not yet percent-encoded.
pub fn sign_query(params: &Params, secret: &str) -> String {
    sign_string(&canonical_query_string(params), secret)
}

/// The signature found in a document: at the top level, or else inside `general`.
pub fn given(document: &Value) -> Option<&str> {
    let place = document.get("signature").or_else(|| document.get("general")?.get("signature"));
    place.and_then(Value::as_str)
}

/// Serialises a message whose JSON is an object, and appends its signature as the last member.
///
/// A `;` in any value leaves as `,`: some clients refuse it, and it could fold parameters. Fails
/// only for a message that has no JSON form.
pub fn to_signed_json<T: Serialize>(message: &T, secret: &str) -> serde_json::Result<String> {
    // JSON's own punctuation has no semicolon, so every one of them stands within a string.
    let mut body = serde_json::to_string(message)?.replace(';', ",");
    let signature = sign(&serde_json::from_str(&body)?, secret);
    body.pop();
    let separator = if body.ends_with('{') { "" } else { "," };
    Ok(body + separator + "\"signature\":\"" + &signature + "\"}")
}

/// Believes a JSON document only if it is signed with one of the active `secrets`.
///
/// Clients disagree on the order of unusual keys, so up to four canonical strings are tried, the
/// documented one first. Secrets are tried in the order given; put the current one first.
pub fn verify(document: &Value, signature: &str, secrets: &[&str]) -> Result<(), VerifyError> {
    let claim = Claim::new(signature, secrets)?;
    let as_sent = entries(document, &php_text);
    if !claim.holds_for(&as_sent) {
        return Err(VerifyError::Mismatch);
    }
    Ok(folding::check_entries(&as_sent)?)
}

/// Believes Payment Page parameters only if they are signed with one of the active `secrets`.
///
/// Top-level names beginning with `_` are left out first and put back second, because plug-ins add
/// them after signing while SDKs sign them. Booleans may be sent as words and signed as digits.
pub fn verify_query(params: &Params, signature: &str, secrets: &[&str]) -> Result<(), VerifyError> {
    let claim = Claim::new(signature, secrets)?;
    let every = query_entries(params);
    let without_private: Vec<Entry<'_>> =
        every.iter().filter(|entry| !entry.path.starts_with('_')).cloned().collect();
    let holds = |entries: &[Entry<'_>]| {
        claim.holds_for(entries)
            || canonical::booleans_as_digits(entries).is_some_and(|it| claim.holds_for(&it))
    };
    let private_are_signed = without_private.len() < every.len();
    if holds(&without_private) || (private_are_signed && holds(&every)) {
        return Ok(folding::check_entries(&every)?);
    }
    Err(VerifyError::Mismatch)
}

/// Payment Page parameters as they were signed, or why they are not believed; see [`verify_query`].
///
/// A browser that submits a form turns every line break of a value into CRLF, so values that are
/// not signed as they came are also read with LF, and then with CR, in its place.
pub fn believe_query(
    params: Params,
    signature: &str,
    secrets: &[&str],
) -> Result<Params, VerifyError> {
    let rewritten = ["\n", "\r"].map(|line_break| params.with_line_breaks(line_break));
    for candidate in [Some(params)].into_iter().chain(rewritten).flatten() {
        match verify_query(&candidate, signature, secrets) {
            Err(VerifyError::Mismatch) => {}
            verdict => return verdict.map(|()| candidate),
        }
    }
    Err(VerifyError::Mismatch)
}

/// The base64 of the HMAC-SHA512 of a string.
pub(crate) fn sign_string(message: &str, secret: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA512, secret.as_bytes());
    BASE64_STANDARD.encode(hmac::sign(&key, message.as_bytes()))
}

/// A signature as it was received, and the keys that may have made it.
pub(crate) struct Claim {
    mac: Vec<u8>,
    keys: Vec<hmac::Key>,
}

impl Claim {
    pub(crate) fn new(signature: &str, secrets: &[&str]) -> Result<Self, VerifyError> {
        if signature.is_empty() {
            return Err(VerifyError::Empty);
        }
        // A plus sign that was not percent-encoded arrives from a query as a space.
        let mac = BASE64_STANDARD
            .decode(signature.replace(' ', "+"))
            .ok()
            .filter(|mac| mac.len() == MAC_BYTES)
            .ok_or(VerifyError::Malformed)?;
        let key = |secret: &&str| hmac::Key::new(hmac::HMAC_SHA512, secret.as_bytes());
        Ok(Self { mac, keys: secrets.iter().map(key).collect() })
    }

    /// Whether any client's order of these entries gives this signature.
    pub(crate) fn holds_for(&self, entries: &[Entry<'_>]) -> bool {
        let mut tried: Vec<String> = Vec::new();
        Order::ALL.into_iter().any(|order| {
            let message = order.message(entries);
            if tried.contains(&message) {
                return false;
            }
            let holds = self.holds_for_string(&message);
            tried.push(message);
            holds
        })
    }

    /// Whether this signature is that of a canonical string; compares in constant time.
    pub(crate) fn holds_for_string(&self, message: &str) -> bool {
        self.keys.iter().any(|key| hmac::verify(key, message.as_bytes(), &self.mac).is_ok())
    }
}
