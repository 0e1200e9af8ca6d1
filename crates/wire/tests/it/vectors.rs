//! Sixty documents signed by the real SDKs: every signature that a client of the platform can make
//! is accepted, except those in [`NOT_ACCEPTED`].

use serde_json::Value;
use wire::json::parse_strict;
use wire::query::Params;
use wire::signature::{self, VerifyError};

const VECTORS: &str = include_str!("../vectors/signature-vectors.json");

const BARE_BOOLEANS: &str = "writes a boolean without its name, so the name is not authenticated; \
                             the plug-in sends no booleans";
const FLOATS: &str = "spells floats in its own way; amounts are integers, floats are refused";
const BIG: &str = "loses precision above 2^53 and then sends what it signed";
const NULL_WORD: &str = "spells null as the word None; in a query it sends that word too";
const COLON: &str =
    "does not double a colon in a key, so a nested parameter could hide in a flat key";
const NESTED_FRAME_MODE: &str = "signs a nested frame_mode, which no message of the platform has";

/// Signatures of real clients that are refused: vector, client, why.
const NOT_ACCEPTED: &[(&str, &str, &str)] = &[
    ("php-sdk-test-vector", "woocommerce_signer", BARE_BOOLEANS),
    ("booleans", "woocommerce_signer", BARE_BOOLEANS),
    ("python-sdk-test-vector-nested-errors", "python", NULL_WORD),
    ("null-values", "python", NULL_WORD),
    ("floats", "python", FLOATS),
    ("floats", "python_git_head", FLOATS),
    ("floats", "go", FLOATS),
    ("floats", "java", FLOATS),
    ("float-integral-only", "python", FLOATS),
    ("float-integral-only", "python_git_head", FLOATS),
    ("float-integral-only", "java", FLOATS),
    ("float-long-fraction", "js", FLOATS),
    ("float-long-fraction", "python", FLOATS),
    ("float-long-fraction", "python_git_head", FLOATS),
    ("float-long-fraction", "go", FLOATS),
    ("float-long-fraction", "java", FLOATS),
    ("integer-above-2-53", "js", BIG),
    ("integer-above-2-53", "go", BIG),
    ("key-with-colon-top", "js", COLON),
    ("key-with-colon-top", "python", COLON),
    ("key-with-colon-nested", "js", COLON),
    ("key-with-colon-nested", "python", COLON),
    ("key-with-colon-nested", "go", COLON),
    ("frame-mode-nested", "woocommerce_signer", NESTED_FRAME_MODE),
];

fn vectors() -> Vec<Value> {
    serde_json::from_str(VECTORS).unwrap()
}

fn text<'a>(vector: &'a Value, member: &str) -> &'a str {
    vector[member].as_str().unwrap()
}

/// The input as a query, if it is one: flat, all text.
fn as_query(input: &Value) -> Option<Params> {
    let pairs =
        input.as_object()?.iter().map(|(name, value)| Some((name.as_str(), value.as_str()?)));
    Params::from_pairs(pairs.collect::<Option<Vec<_>>>()?).ok()
}

#[test]
fn the_documented_string_and_signature_are_reproduced() {
    assert_eq!(vectors().len(), 60);
    for vector in vectors() {
        let (name, secret) = (text(&vector, "name"), text(&vector, "secret"));
        let (input, expected) = (&vector["input"], text(&vector, "string_to_sign"));
        assert_eq!(signature::canonical_string(input), expected, "{name}");
        assert_eq!(signature::sign(input, secret), text(&vector, "signature"), "{name}");
        let parsed = parse_strict(input.to_string().as_bytes()).unwrap();
        let verdict = signature::verify(&parsed, text(&vector, "signature"), &["other", secret]);
        assert_eq!(verdict, Ok(()), "{name}");
        if let Some(params) = as_query(input) {
            assert_eq!(signature::canonical_query_string(&params), expected, "{name}");
            let verdict = signature::verify_query(&params, text(&vector, "signature"), &[secret]);
            assert_eq!(verdict, Ok(()), "{name}");
        }
    }
}

#[test]
fn the_signature_of_every_client_is_accepted_but_for_the_listed_ones() {
    let mut accepted = 0;
    let mut refused = Vec::new();
    for vector in vectors() {
        let (name, secret) = (text(&vector, "name"), text(&vector, "secret"));
        let variants = vector["variants"].as_object().into_iter().flatten();
        for (client, variant) in variants {
            // A client that could not sign at all sends nothing.
            let Some(signature) = variant["signature"].as_str() else { continue };
            let query = as_query(&vector["input"]);
            let by_query = query.map(|it| signature::verify_query(&it, signature, &[secret]));
            let by_json = signature::verify(&vector["input"], signature, &[secret]);
            if by_json.is_ok() || by_query == Some(Ok(())) {
                accepted += 1;
            } else {
                assert_eq!(by_json, Err(VerifyError::Mismatch), "{name} by {client}");
                refused.push((name.to_owned(), client.clone()));
            }
        }
    }
    let mut listed: Vec<_> = NOT_ACCEPTED
        .iter()
        .map(|(name, client, _)| ((*name).to_owned(), (*client).to_owned()))
        .collect();
    listed.sort();
    refused.sort();
    assert_eq!(refused, listed);
    assert_eq!(accepted, 33);
}

#[test]
fn a_changed_document_secret_or_signature_is_refused() {
    for vector in vectors() {
        let (name, secret) = (text(&vector, "name"), text(&vector, "secret"));
        let given = text(&vector, "signature");
        let verify = |document: &Value, given: &str, secrets: &[&str]| {
            signature::verify(document, given, secrets)
        };
        let mut changed = vector["input"].clone();
        if let Some(members) = changed.as_object_mut() {
            members.insert("added".to_owned(), "x".into());
            assert_eq!(verify(&changed, given, &[secret]), Err(VerifyError::Mismatch), "{name}");
        }
        let input = &vector["input"];
        assert_eq!(verify(input, given, &["wrong"]), Err(VerifyError::Mismatch), "{name}");
        assert_eq!(verify(input, given, &[]), Err(VerifyError::Mismatch), "{name}");
        assert_eq!(verify(input, "", &[secret]), Err(VerifyError::Empty), "{name}");
        let short = given.get(..84).unwrap();
        assert_eq!(verify(input, short, &[secret]), Err(VerifyError::Malformed), "{name}");
    }
}

#[test]
fn a_query_may_arrive_otherwise_than_it_was_signed() {
    let signed = Params::from_pairs([("project_id", "1"), ("redirect", "1"), ("hide", "0")]);
    let given = signature::sign_query(&signed.unwrap(), "secret");
    let cases: [&[(&str, &str)]; 4] = [
        // JavaScript and Go send words for booleans, Python capitalises them.
        &[("project_id", "1"), ("redirect", "true"), ("hide", "false")],
        &[("redirect", "True"), ("hide", "False"), ("project_id", "1")],
        // Plug-ins and merchant.js add private names after signing, SDKs leave frame_mode out.
        &[("project_id", "1"), ("redirect", "1"), ("hide", "0"), ("_plugin_version", "5")],
        &[("project_id", "1"), ("redirect", "true"), ("hide", "0"), ("frame_mode", "popup")],
    ];
    for pairs in cases {
        let params = Params::from_pairs(pairs.iter().copied()).unwrap();
        let with_signature = params.clone().with("signature", &given);
        assert_eq!(signature::verify_query(&with_signature, &given, &["secret"]), Ok(()));
        let spaced = given.replace('+', " ");
        assert_eq!(signature::verify_query(&params, &spaced, &["secret"]), Ok(()));
    }
    // An SDK signs private names; then they must not change.
    let sdk = Params::from_pairs([("_referrer", "a"), ("project_id", "1")]).unwrap();
    let given = signature::sign_query(&sdk, "secret");
    assert_eq!(signature::verify_query(&sdk, &given, &["secret"]), Ok(()));
    let changed = sdk.with("_referrer", "b");
    let verdict = signature::verify_query(&changed, &given, &["secret"]);
    assert_eq!(verdict, Err(VerifyError::Mismatch));
}

#[test]
fn line_breaks_are_read_as_they_were_signed() {
    for (sent, arrives) in [
        ("12 MG Road\nBengaluru", "12 MG Road\r\nBengaluru"),
        ("12 MG Road\rBengaluru\r", "12 MG Road\r\nBengaluru\r\n"),
        ("12 MG Road\r\nBengaluru", "12 MG Road\r\nBengaluru"),
        ("12 MG Road\nBengaluru", "12 MG Road\nBengaluru"),
    ] {
        let sent = Params::from_pairs([("project_id", "1"), ("customer_address", sent)]).unwrap();
        let given = signature::sign_query(&sent, "secret");
        let arrived = sent.clone().with("customer_address", arrives);
        assert_eq!(signature::believe_query(arrived, &given, &["secret"]), Ok(sent), "{arrives:?}");
    }
    let arrived = Params::from_pairs([("customer_id", "1\r\n2"), ("project_id", "1")]).unwrap();
    let elsewhere = signature::sign_query(&arrived.clone().with("customer_id", "12"), "secret");
    let verdict = signature::believe_query(arrived, &elsewhere, &["secret"]);
    assert_eq!(verdict, Err(VerifyError::Mismatch));
    let folding = Params::from_pairs([("customer_id", "1\r\n;payment_amount:1")]).unwrap();
    let signed = folding.clone().with("customer_id", "1\n;payment_amount:1");
    let given = signature::sign_query(&signed, "secret");
    let verdict = signature::believe_query(folding, &given, &["secret"]);
    assert!(matches!(verdict, Err(VerifyError::Folded(_))), "{verdict:?}");
}
