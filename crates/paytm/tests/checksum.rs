//! The checksum against recorded vectors: three official libraries of Paytm agree with each one.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;

use dwar_paytm::checksum::{
    CHECKSUM_PARAM, ChecksumError, NullRule, body_slice, canonical_params, sign, sign_params,
    verify, verify_params,
};
use proptest::prelude::*;
use serde::Deserialize;
use url::form_urlencoded;

#[derive(Deserialize)]
struct File {
    vectors: Vec<Vector>,
    public_fixtures: Vec<Vector>,
    negative: Vec<Negative>,
    form_messages: Vec<Message>,
    json_messages: Vec<Message>,
    random_salt_samples: RandomSaltSamples,
}

#[derive(Deserialize)]
struct Vector {
    id: String,
    key: String,
    salt: String,
    input: Input,
    canonical: String,
    checksum: String,
    null_rule: Option<String>,
}

#[derive(Deserialize)]
struct Negative {
    id: String,
    key: String,
    input: Input,
    checksum: String,
}

#[derive(Deserialize)]
struct Message {
    id: String,
    key: String,
    raw: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Input {
    Text(String),
    Params(BTreeMap<String, String>),
}

/// What the three libraries' own random salts gave: three over `params`, then three over `string`.
#[derive(Deserialize)]
struct RandomSaltSamples {
    key: String,
    params: BTreeMap<String, String>,
    string: String,
    npm: Vec<Sample>,
    pypi: Vec<Sample>,
    java: Vec<Sample>,
}

#[derive(Deserialize)]
struct Sample {
    checksum: String,
}

impl Input {
    fn canonical(&self, rule: NullRule) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Params(params) => canonical_params(pairs(params), rule),
        }
    }

    fn verifies(&self, key: &str, checksum: &str) -> bool {
        match self {
            Self::Text(text) => verify(text, key, checksum),
            Self::Params(params) => verify_params(pairs(params), key, checksum),
        }
    }
}

fn pairs(params: &BTreeMap<String, String>) -> impl Iterator<Item = (&str, &str)> + Clone {
    params.iter().map(|(name, value)| (name.as_str(), value.as_str()))
}

fn file() -> File {
    serde_json::from_str(include_str!("vectors/checksum.json")).unwrap()
}

fn salt(text: &str) -> [u8; 4] {
    text.as_bytes().try_into().unwrap()
}

#[test]
fn vectors_sign_and_verify() {
    let file = file();
    assert_eq!((file.vectors.len(), file.public_fixtures.len()), (36, 4));
    for vector in file.vectors.iter().chain(&file.public_fixtures) {
        let rule = match vector.null_rule.as_deref() {
            Some("null-string-kept") => NullRule::NullIsText,
            _ => NullRule::NullIsEmpty,
        };
        let canonical = vector.input.canonical(rule);
        assert_eq!(canonical, vector.canonical, "{}", vector.id);
        assert_eq!(
            sign(&canonical, &vector.key, salt(&vector.salt)).as_ref(),
            Ok(&vector.checksum),
            "{}",
            vector.id
        );
        assert!(vector.input.verifies(&vector.key, &vector.checksum), "{}", vector.id);
    }
}

#[test]
fn negatives_do_not_verify() {
    let file = file();
    assert_eq!(file.negative.len(), 10);
    for negative in file.negative {
        assert!(!negative.input.verifies(&negative.key, &negative.checksum), "{}", negative.id);
    }
}

#[test]
fn whole_form_messages_verify() {
    let file = file();
    assert_eq!(file.form_messages.len(), 6);
    for message in file.form_messages {
        let params: BTreeMap<String, String> =
            form_urlencoded::parse(message.raw.as_bytes()).into_owned().collect();
        let checksum = &params[CHECKSUM_PARAM];
        assert!(verify_params(pairs(&params), &message.key, checksum), "{}", message.id);
        let broken_by_sender = checksum.replace('+', " ");
        assert!(verify_params(pairs(&params), &message.key, &broken_by_sender), "{}", message.id);
    }
}

#[test]
fn whole_json_messages_verify_over_the_raw_body() {
    let file = file();
    assert_eq!(file.json_messages.len(), 11);
    for message in file.json_messages {
        let parsed: serde_json::Value = serde_json::from_str(&message.raw).unwrap();
        let signature = parsed["head"]["signature"].as_str().unwrap();
        let body = body_slice(&message.raw).unwrap();
        assert!(verify(body, &message.key, signature), "{}", message.id);
    }
}

#[test]
fn random_salts_of_the_libraries_verify() {
    let samples = file().random_salt_samples;
    for (library, checksums) in
        [("npm", samples.npm), ("pypi", samples.pypi), ("java", samples.java)]
    {
        let (over_params, over_string) = checksums.split_at(3);
        assert_eq!(over_string.len(), 3);
        for Sample { checksum } in over_params {
            assert!(verify_params(pairs(&samples.params), &samples.key, checksum), "{library}");
        }
        for Sample { checksum } in over_string {
            assert!(verify(&samples.string, &samples.key, checksum), "{library}");
        }
    }
}

#[test]
fn a_key_of_another_length_neither_signs_nor_verifies() {
    let checksum = sign("text", "0123456789abcdef", *b"salt").unwrap();
    for key in ["", "0123456789abcde", "0123456789abcdefg"] {
        assert_eq!(sign("text", key, *b"salt"), Err(ChecksumError::KeyLength(key.len())));
        assert!(!verify("text", key, &checksum));
    }
}

#[test]
fn body_slice_keeps_the_senders_spelling() {
    let cases = [
        (r#"{"head":{},"body":{"a": 1,  "b":"\/"}}"#, Some(r#"{"a": 1,  "b":"\/"}"#)),
        (r#"{ "body" : {"a":1} , "head":{} }"#, Some(r#"{"a":1}"#)),
        (r#"{"head":{"body":{"a":1}}}"#, None),
        (r#"{"body":{"a":1},"body":{"a":2}}"#, None),
        ("<html>", None),
        ("", None),
    ];
    for (message, body) in cases {
        assert_eq!(body_slice(message), body, "{message}");
    }
}

proptest! {
    #[test]
    fn what_is_signed_verifies_and_nothing_else(
        params in proptest::collection::btree_map("[A-Za-z_]{1,8}", "\\PC{0,12}", 1..8),
        key in "[!-~]{16}",
        salt: [u8; 4],
        other in "\\PC{0,12}",
    ) {
        let checksum = sign_params(pairs(&params), &key, salt).unwrap();
        prop_assert_eq!(checksum.len(), 108);
        prop_assert!(verify_params(pairs(&params), &key, &checksum));

        let text = canonical_params(pairs(&params), NullRule::NullIsEmpty);
        prop_assume!(other != text);
        prop_assert!(!verify(&other, &key, &checksum));
    }

    #[test]
    fn arbitrary_checksums_are_refused_quietly(checksum in "\\PC{0,120}") {
        prop_assert!(!verify("text", "0123456789abcdef", &checksum));
    }
}
