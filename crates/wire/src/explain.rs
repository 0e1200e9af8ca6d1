//! Why a signature is wrong, in a sentence that helps the developer who made it.
//!
//! Only for test projects and the command line: it tells which string should have been signed, and
//! tries the mistakes that people make until one of them gives the signature that was sent.

use std::borrow::Cow;
use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use crate::query::Params;
use crate::signature::{self, Claim, Entry, Folded, MAC_BYTES, Order, VerifyError};

/// Left-out parameters are looked for only in documents of at most so many lines, each of which
/// costs a few MACs.
const SEARCHED_LINES: usize = 200;

/// What was found out about a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It is right.
    Correct,
    /// It matches, but a value could be read as another parameter.
    Folded(Folded),
    /// There is none.
    Absent,
    /// It has not the form of a signature; the text says what it looks like.
    Form(&'static str),
    /// It was made with another secret of the merchant, named here.
    OtherSecret(String),
    /// The secret had white space around it.
    SecretWithSpace,
    /// This parameter, or everything within this object, was not signed.
    LeftOut(String),
    /// Values or lines were written differently; the text says how.
    Spelling(&'static str),
    /// No usual mistake gives this signature; this is the string to sign.
    Unexplained {
        /// The canonical string.
        expected: String,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Correct => formatter.write_str("The signature is correct."),
            Self::Folded(folded) => write!(formatter, "The signature matches, but {folded}."),
            Self::Absent => formatter.write_str("The request carries no signature."),
            Self::Form(form) => write!(formatter, "The signature has the wrong form: {form}."),
            Self::OtherSecret(name) => {
                write!(formatter, "The signature was made with another secret: {name}.")
            }
            Self::SecretWithSpace => formatter
                .write_str("The signature was made with white space around the secret; trim it."),
            Self::LeftOut(path) => write!(
                formatter,
                "The parameter {path} was left out of the signature; every parameter that is sent \
                 must be signed, except `signature` and `frame_mode`."
            ),
            Self::Spelling(how) => write!(formatter, "The data was signed differently: {how}."),
            Self::Unexplained { expected } => write!(
                formatter,
                "The signature matches no usual mistake, so most likely the secret differs, or the \
                 data changed after signing. The string to sign is: {expected}"
            ),
        }
    }
}

/// The string that should have been signed for a JSON document.
pub fn expected_string(document: &Value) -> String {
    signature::canonical_string(document)
}

/// The string that should have been signed for Payment Page parameters.
pub fn expected_query_string(params: &Params) -> String {
    signature::canonical_query_string(params)
}

/// The first place where two canonical strings part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Which parameter it is, counted from 1.
    pub position: usize,
    /// The line that should stand there; `None` past the end.
    pub ours: Option<String>,
    /// The line that stands there; `None` past the end.
    pub theirs: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let position = self.position;
        match (&self.ours, &self.theirs) {
            (Some(ours), Some(theirs)) => {
                write!(formatter, "Parameter {position} should be `{ours}`, but is `{theirs}`.")
            }
            (Some(ours), None) => write!(formatter, "Parameter {position}, `{ours}`, is missing."),
            (None, Some(theirs)) => {
                write!(formatter, "Parameter {position}, `{theirs}`, should not be there.")
            }
            (None, None) => formatter.write_str("There is no difference."),
        }
    }
}

/// Compares our canonical string with the one a merchant signed.
pub fn first_difference(ours: &str, theirs: &str) -> Option<Difference> {
    let mut our_lines = ours.split(';');
    let mut their_lines = theirs.split(';');
    let mut position = 0;
    loop {
        position += 1;
        match (our_lines.next(), their_lines.next()) {
            (None, None) => return None,
            (ours, theirs) if ours == theirs => {}
            (ours, theirs) => {
                let (ours, theirs) = (ours.map(str::to_owned), theirs.map(str::to_owned));
                return Some(Difference { position, ours, theirs });
            }
        }
    }
}

/// Finds out why a JSON document's signature is wrong.
///
/// `others` are further secrets with the names to call them by: retired ones, another project's.
pub fn diagnose(document: &Value, given: &str, secret: &str, others: &[(&str, &str)]) -> Finding {
    let verdict = signature::verify(document, given, &[secret]);
    let as_sent = signature::entries(document, &signature::php_text);
    diagnose_entries(verdict, &as_sent, given, secret, others, |claim| {
        misspelled(document, claim).or_else(|| signed_as_json(document, claim))
    })
}

/// Finds out why the signature of Payment Page parameters is wrong; see [`diagnose`].
pub fn diagnose_query(
    params: &Params,
    given: &str,
    secret: &str,
    others: &[(&str, &str)],
) -> Finding {
    let verdict = signature::verify_query(params, given, &[secret]);
    let as_sent = signature::query_entries(params);
    diagnose_entries(verdict, &as_sent, given, secret, others, |claim| {
        let query: Vec<_> = params.iter().filter(|(name, _)| *name != "signature").collect();
        let encoded = Params::from_pairs(query).ok()?.encode();
        let signed = "the encoded query itself was signed, instead of the sorted parameters";
        claim.holds_for_string(&encoded).then_some(signed)
    })
}

fn diagnose_entries(
    verdict: Result<(), VerifyError>,
    as_sent: &[Entry<'_>],
    given: &str,
    secret: &str,
    others: &[(&str, &str)],
    spelled: impl Fn(&Claim) -> Option<&'static str>,
) -> Finding {
    match verdict {
        Ok(()) => return Finding::Correct,
        Err(VerifyError::Folded(folded)) => return Finding::Folded(folded),
        Err(VerifyError::Empty) => return Finding::Absent,
        Err(VerifyError::Malformed) => return Finding::Form(wrong_form(given)),
        Err(VerifyError::Mismatch) => {}
    }
    let holds = |secrets: &[&str], entries: &[Entry<'_>]| {
        Claim::new(given, secrets).is_ok_and(|claim| claim.holds_for(entries))
    };
    let other = others.iter().find(|(_, other)| holds(&[other], as_sent));
    if let Some((name, _)) = other {
        return Finding::OtherSecret((*name).to_owned());
    }
    let trimmed = secret.trim();
    let spaced = [trimmed, &format!("{trimmed}\n"), &format!("{trimmed} "), &format!(" {trimmed}")];
    if holds(&spaced, as_sent) {
        return Finding::SecretWithSpace;
    }
    let Ok(claim) = Claim::new(given, &[secret]) else {
        return Finding::Form(wrong_form(given));
    };
    let found = left_out(as_sent, &claim).map(Finding::LeftOut);
    found
        .or_else(|| laid_out(as_sent, &claim).or_else(|| spelled(&claim)).map(Finding::Spelling))
        .unwrap_or_else(|| Finding::Unexplained { expected: Order::Natural.message(as_sent) })
}

fn wrong_form(given: &str) -> &'static str {
    if given.len() == MAC_BYTES * 2 && given.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return "it is hexadecimal; encode the 64 raw bytes of the HMAC in base64";
    }
    match BASE64_STANDARD.decode(given.replace(' ', "+")) {
        Ok(bytes) if bytes.len() == 128 => {
            "it is the base64 of hexadecimal text; encode the 64 raw bytes of the HMAC"
        }
        Ok(bytes) if bytes.len() == 32 => "it has 32 bytes, like HMAC-SHA256; use HMAC-SHA512",
        Ok(bytes) if bytes.len() == 20 => "it has 20 bytes, like HMAC-SHA1; use HMAC-SHA512",
        Ok(_) => "it has not 64 bytes; it must be an HMAC-SHA512 in base64",
        Err(_) => "it is not base64 with padding",
    }
}

/// The one parameter, or the one top-level object, without which the signature is right.
fn left_out(as_sent: &[Entry<'_>], claim: &Claim) -> Option<String> {
    if as_sent.len() > SEARCHED_LINES {
        return None;
    }
    let first_key = |entry: &Entry<'_>| entry.path.split(':').next().map(str::to_owned);
    let objects = as_sent.iter().filter_map(first_key);
    let paths = as_sent.iter().map(|entry| entry.path.clone()).chain(objects);
    let mut candidates: Vec<String> = paths.collect();
    candidates.dedup();
    candidates.into_iter().find(|path| {
        let kept = |entry: &&Entry<'_>| {
            let below = entry.path.strip_prefix(path.as_str());
            !below.is_some_and(|below| below.is_empty() || below.starts_with(':'))
        };
        claim.holds_for(&as_sent.iter().filter(kept).cloned().collect::<Vec<_>>())
    })
}

/// Mistakes in how lines are put together.
fn laid_out(as_sent: &[Entry<'_>], claim: &Claim) -> Option<&'static str> {
    let expected = Order::Natural.message(as_sent);
    let lines = |pair: &str, line: &str| {
        let mut sorted: Vec<String> =
            as_sent.iter().map(|it| [it.path.as_str(), pair, it.value.as_ref()].concat()).collect();
        sorted.sort();
        sorted.join(line)
    };
    let changed = |change: fn(&Entry<'_>) -> Entry<'static>| {
        Order::Natural.message(&as_sent.iter().map(change).collect::<Vec<_>>())
    };
    let mistakes = [
        (signature::join(as_sent), "the parameters were not sorted"),
        (format!("{expected};"), "there is a `;` at the end"),
        (lines(":", ""), "the parameters were joined without `;`"),
        (lines(":", "\n"), "the parameters were joined by line ends instead of `;`"),
        (lines(":", ","), "the parameters were joined by `,` instead of `;`"),
        (lines(":", "|"), "the parameters were joined by `|` instead of `;`"),
        (lines("=", "&"), "the parameters were joined by `=` and `&` instead of `:` and `;`"),
        (lines("=", ";"), "names and values were joined by `=` instead of `:`"),
        (changed(percent_encoded), "the values were percent-encoded before signing"),
        (changed(trimmed), "the values were trimmed before signing"),
        (changed(lower_case_path), "the names were changed to lower case"),
        (
            [expected.as_str(), ";signature:"].concat(),
            "an empty `signature` was signed with the rest",
        ),
    ];
    mistakes.into_iter().find(|(text, _)| claim.holds_for_string(text)).map(|(_, how)| how)
}

fn percent_encoded(entry: &Entry<'_>) -> Entry<'static> {
    let value = url::form_urlencoded::byte_serialize(entry.value.as_bytes()).collect::<String>();
    Entry { path: entry.path.clone(), value: value.into() }
}

fn trimmed(entry: &Entry<'_>) -> Entry<'static> {
    Entry { path: entry.path.clone(), value: entry.value.trim().to_owned().into() }
}

fn lower_case_path(entry: &Entry<'_>) -> Entry<'static> {
    Entry { path: entry.path.to_lowercase(), value: entry.value.clone().into_owned().into() }
}

type NamedSpelling = (fn(&Value) -> Option<Cow<'_, str>>, &'static str);

/// Mistakes in how values of a certain kind are written.
const SPELLINGS: [NamedSpelling; 6] = [
    (boolean_words, "booleans were written `true` and `false` instead of `1` and `0`"),
    (null_word, "null was written as a word; it is signed as an empty value"),
    (without_null, "parameters that are null were left out; they are signed with an empty value"),
    (without_empty, "empty values were left out; they are signed like any other"),
    (whole_float, "a whole number was written with `.0`; send and sign integers"),
    (escaped_slashes, "slashes were escaped as in JSON; sign the decoded text"),
];

fn misspelled(document: &Value, claim: &Claim) -> Option<&'static str> {
    let found = SPELLINGS.iter().find(|(spelling, _)| {
        claim.holds_for(&signature::entries(document, &|value| spelling(value)))
    });
    found.map(|(_, how)| *how)
}

fn boolean_words(value: &Value) -> Option<Cow<'_, str>> {
    match value.as_bool() {
        Some(flag) => Some(if flag { "true" } else { "false" }.into()),
        None => signature::php_text(value),
    }
}

fn null_word(value: &Value) -> Option<Cow<'_, str>> {
    if value.is_null() { Some("null".into()) } else { signature::php_text(value) }
}

fn without_null(value: &Value) -> Option<Cow<'_, str>> {
    if value.is_null() { None } else { signature::php_text(value) }
}

fn without_empty(value: &Value) -> Option<Cow<'_, str>> {
    signature::php_text(value).filter(|text| !text.is_empty())
}

fn whole_float(value: &Value) -> Option<Cow<'_, str>> {
    if value.is_f64() { Some(value.to_string().into()) } else { signature::php_text(value) }
}

fn escaped_slashes(value: &Value) -> Option<Cow<'_, str>> {
    signature::php_text(value).map(|text| text.replace('/', "\\/").into())
}

/// The JSON text itself, with or without PHP's escaped slashes, was signed.
fn signed_as_json(document: &Value, claim: &Claim) -> Option<&'static str> {
    let mut unsigned = document.clone();
    let general = unsigned.get_mut("general").and_then(Value::as_object_mut);
    general.map(|general| general.shift_remove("signature"));
    unsigned.as_object_mut().map(|members| members.shift_remove("signature"));
    let text = unsigned.to_string();
    let holds = claim.holds_for_string(&text) || claim.holds_for_string(&text.replace('/', "\\/"));
    holds.then_some("the JSON text itself was signed, instead of the sorted parameters")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sale() -> Value {
        json!({
            "payment": {"currency": "INR", "amount": 250, "description": "a/b c"},
            "general": {"project_id": 200, "payment_id": "p-1"},
            "customer": {"id": "12345", "ip_address": "1.1.1.1", "phone": null, "vip": true},
            "interface_type": {"id": 1, "name": "Gate"},
        })
    }

    fn finding(signed: &str, secret: &str) -> Finding {
        let given = signature::sign_string(signed, secret);
        diagnose(&sale(), &given, "secret", &[("the retired secret", "old")])
    }

    #[test]
    fn names_the_mistake() {
        let right = expected_string(&sale());
        assert_eq!(finding(&right, "secret"), Finding::Correct);
        let other = Finding::OtherSecret("the retired secret".to_owned());
        assert_eq!(finding(&right, "old"), other);
        assert_eq!(finding(&right, "secret\n"), Finding::SecretWithSpace);
        let unexplained = Finding::Unexplained { expected: right.clone() };
        assert_eq!(finding(&right, "never heard of"), unexplained);
        let without = |line: &str| right.replace(line, "");
        for (signed, path) in [
            (without("general:payment_id:p-1;"), "general:payment_id"),
            (without("interface_type:id:1;interface_type:name:Gate;"), "interface_type"),
            (without(";payment:description:a/b c"), "payment:description"),
        ] {
            assert_eq!(finding(&signed, "secret"), Finding::LeftOut(path.to_owned()), "{signed}");
        }
    }

    #[test]
    fn names_a_different_spelling() {
        let right = expected_string(&sale());
        let as_sent = signature::join(&signature::entries(&sale(), &signature::php_text));
        let pair =
            |line: &str| line.rsplit_once(':').map(|(path, value)| format!("{path}={value}"));
        let as_form = right.split(';').filter_map(pair).collect::<Vec<_>>().join("&");
        for (signed, hint) in [
            (as_sent, "not sorted"),
            (format!("{right};"), "at the end"),
            (right.replace(';', "|"), "joined by `|`"),
            (as_form, "`=` and `&`"),
            (right.replace("a/b c", "a%2Fb+c"), "percent-encoded"),
            (right.replace("a/b", "a\\/b"), "slashes were escaped"),
            (right.replace("vip:1", "vip:true"), "booleans"),
            (right.replace("phone:", "phone:null"), "null was written"),
            (sale().to_string(), "the JSON text itself"),
        ] {
            let told = finding(&signed, "secret").to_string();
            assert!(told.contains(hint), "{signed}: {told}");
        }
    }

    #[test]
    fn names_a_wrong_form() {
        let hex = "ab".repeat(64);
        let base64_of_hex = BASE64_STANDARD.encode(&hex);
        let sha256 = BASE64_STANDARD.encode([0; 32]);
        for (given, hint) in [
            ("", "no signature"),
            (hex.as_str(), "hexadecimal; encode"),
            (base64_of_hex.as_str(), "base64 of hexadecimal"),
            (sha256.as_str(), "HMAC-SHA256"),
            ("%%%", "not base64"),
        ] {
            let told = diagnose(&sale(), given, "secret", &[]).to_string();
            assert!(told.contains(hint), "{given}: {told}");
        }
    }

    #[test]
    fn a_query_is_explained_too() {
        let params = Params::from_pairs([("project_id", "1"), ("amount", "5")]).unwrap();
        let given = signature::sign_string("project_id=1&amount=5", "secret");
        let told = diagnose_query(&params, &given, "secret", &[]).to_string();
        assert!(told.contains("encoded query itself"), "{told}");
        let given = signature::sign_string("project_id:1;amount:5", "secret");
        let told = diagnose_query(&params, &given, "secret", &[]).to_string();
        assert!(told.contains("not sorted"), "{told}");
    }

    #[test]
    fn the_first_difference_is_pointed_at() {
        let difference = |ours, theirs| first_difference(ours, theirs).unwrap().to_string();
        assert_eq!(first_difference("a:1;b:2", "a:1;b:2"), None);
        assert_eq!(
            difference("a:1;b:2;c:3", "a:1;b:02;c:3"),
            "Parameter 2 should be `b:2`, but is `b:02`."
        );
        assert_eq!(difference("a:1;b:2", "a:1"), "Parameter 2, `b:2`, is missing.");
        assert_eq!(difference("a:1", "a:1;b:2"), "Parameter 2, `b:2`, should not be there.");
    }
}
