//! No document is accepted in which a parameter has been folded into the value before it.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use wire::page::PARAMETERS;
use wire::query::Params;
use wire::signature::{self, VerifyError};

const SECRET: &str = "secret";

fn is_refused(verdict: &Result<(), VerifyError>) -> bool {
    matches!(verdict, Err(VerifyError::Folded(_)))
}

/// The canonical lines of a document: path and value.
fn lines(canonical: &str) -> Vec<(String, String)> {
    let split = |line: &str| {
        // In these documents values hold no colon, so the last one ends the path.
        let (path, value) = line.rsplit_once(':').unwrap();
        (path.to_owned(), value.to_owned())
    };
    canonical.split(';').map(split).collect()
}

fn put(document: &mut Value, path: &str, value: String) {
    let mut place = document;
    for key in path.split(':') {
        if !place.is_object() {
            *place = Value::Object(Map::new());
        }
        place = place.as_object_mut().unwrap().entry(key).or_insert(Value::Null);
    }
    *place = Value::String(value);
}

/// Folds each line of a document into the one before it, and checks that nobody is fooled.
fn refuses_every_fold(document: &Value) -> usize {
    let canonical = signature::canonical_string(document);
    let given = signature::sign(document, SECRET);
    assert_eq!(signature::verify(document, &given, &[SECRET]), Ok(()), "{document}");
    let lines = lines(&canonical);
    for folded in 1..lines.len() {
        let mut forged = json!({});
        for (index, (path, value)) in lines.iter().enumerate() {
            let value = match lines.get(index + 1) {
                Some((next, hidden)) if index + 1 == folded => format!("{value};{next}:{hidden}"),
                _ => value.clone(),
            };
            if index != folded {
                put(&mut forged, path, value);
            }
        }
        assert_eq!(signature::canonical_string(&forged), canonical, "not a forgery: {forged}");
        let verdict = signature::verify(&forged, &given, &[SECRET]);
        assert!(is_refused(&verdict), "{forged}: {verdict:?}");
    }
    lines.len() - 1
}

#[test]
fn every_adjacent_pair_of_a_full_page_query() {
    let value = |name: &str| format!("{name} value");
    let unsigned = ["signature", "frame_mode"];
    let every = PARAMETERS.iter().map(|parameter| parameter.name);
    let mut names: Vec<&str> = every.filter(|name| !unsigned.contains(name)).collect();
    names.sort_unstable();
    let full = Params::from_pairs(names.iter().map(|name| (*name, value(name)))).unwrap();
    let given = signature::sign_query(&full, SECRET);
    assert_eq!(signature::verify_query(&full, &given, &[SECRET]), Ok(()));
    let canonical = signature::canonical_query_string(&full);
    let mut folds = 0;
    for (path, text) in lines(&canonical) {
        let line = format!(";{path}:{text}");
        let Some((before, _)) = canonical.split_once(&line) else { continue };
        let host = before.rsplit(';').next().unwrap().split(':').next().unwrap();
        let kept = full.iter().filter(|(name, _)| *name != path).map(|(name, text)| {
            let text = if name == host { format!("{text}{line}") } else { text.to_owned() };
            (name.to_owned(), text)
        });
        let forged = Params::from_pairs(kept).unwrap();
        assert_eq!(signature::canonical_query_string(&forged), canonical);
        assert!(is_refused(&signature::verify_query(&forged, &given, &[SECRET])), "{path}");
        folds += 1;
    }
    assert_eq!(folds, names.len() - 1);
}

#[test]
fn every_adjacent_pair_of_a_full_sale() {
    let sale = json!({
        "general": {"project_id": 200, "payment_id": "p-1", "merchant_callback_url": "u"},
        "customer": {
            "id": "1", "ip_address": "1.1.1.1", "first_name": "A", "last_name": "B", "email": "e",
            "middle_name": "C", "phone": "12345", "country": "IN", "city": "c", "state": "s",
            "address": "a", "zip": "z", "birthplace": "b", "language": "en", "ssn": "1",
            "day_of_birth": "01-01-1990",
            "billing": {"region": "r", "country": "IN", "city": "c", "address": "a", "postal": "p"},
        },
        "payment": {
            "amount": 250, "currency": "INR", "description": "d", "extra_param": "e",
            "best_before": "b", "merchant_refund_id": "r", "force_method": "f", "moto_type": 1,
        },
        "return_url": {"success": "s", "decline": "d", "return": "r"},
        "callback": {"delay": 60, "force_disable": 1},
        "interface_type": {"id": 1},
        "receipt_data": {"positions": [{"amount": 1, "description": "x"}, {"amount": 2}]},
        "booking_info": {"a": "1"}, "additional_data": {"a": "1"}, "recurring": {"a": "1"},
        "recurring_register": 1,
    });
    assert_eq!(refuses_every_fold(&sale), 44);
}

#[test]
fn other_disguises_are_refused() {
    let cases = [
        // An object in the disguise of a text: `callback:delay:60` either way.
        (json!({"callback": {"delay": 60}}), json!({"callback": "delay:60"})),
        (
            json!({"customer": {"billing": {"city": "x"}}}),
            json!({"customer": {"billing": "city:x"}}),
        ),
        (json!({"customer": {"billing": {"city": "x"}}}), json!({"customer": "billing:city:x"})),
        // The end of a value in the disguise of the next key.
        (json!({"x": "1;y", "z": "2"}), json!({"x": "1", "y;z": "2"})),
    ];
    for (signed, forged) in cases {
        let given = signature::sign(&signed, SECRET);
        assert_eq!(signature::verify(&signed, &given, &[SECRET]), Ok(()));
        assert_eq!(signature::canonical_string(&signed), signature::canonical_string(&forged));
        let verdict = signature::verify(&forged, &given, &[SECRET]);
        assert!(is_refused(&verdict), "{forged}: {verdict:?}");
    }
}

#[test]
fn honest_punctuation_is_accepted() {
    for text in [
        "two shirts; one hat",
        "note; amount: 5",
        "https://shop.example/?a=1;b=2",
        "12:30; 14:00",
        "ratio 1:2;",
        "{\"id\":18}",
    ] {
        let document = json!({"payment": {"description": text}, "interface_type": text});
        let given = signature::sign(&document, SECRET);
        assert_eq!(signature::verify(&document, &given, &[SECRET]), Ok(()), "{text}");
    }
}

/// Documents made of known parameters with values of any kind that carry no colon or semicolon.
fn documents() -> impl Strategy<Value = Value> {
    let paths = prop::sample::subsequence(
        vec![
            "general:project_id",
            "general:payment_id",
            "general:merchant_callback_url",
            "customer:id",
            "customer:ip_address",
            "customer:billing:city",
            "customer:billing:postal",
            "payment:amount",
            "payment:currency",
            "payment:description",
            "callback:delay",
            "callback:force_disable",
            "interface_type:id",
            "return_url:return",
            "redirect_success_url",
            "customer_id",
            "payment_amount",
            "project_id",
        ],
        2..=18,
    );
    (paths, prop::collection::vec("[^:;\\x00]{0,12}", 18)).prop_map(|(paths, values)| {
        let mut document = json!({});
        for (path, value) in paths.iter().zip(values) {
            put(&mut document, path, value);
        }
        document
    })
}

proptest! {
    #[test]
    fn no_fold_of_a_generated_document_is_accepted(document in documents()) {
        refuses_every_fold(&document);
    }
}
