//! Our checksum against Paytm's own libraries, run for real: what one side signs the other
//! accepts, and the recorded vectors still say what the libraries do.

use anyhow::{Context as _, Result};
use paytm::checksum;
use serde_json::{Value, json};
use tests::sdk::Sdk;

const LIBRARIES: [(Sdk, &str); 2] =
    [(Sdk::PaytmNode, "npm paytmchecksum 1.5.1"), (Sdk::PaytmPython, "PyPI paytmchecksum 1.7.0")];

fn vectors(group: &str) -> Result<Vec<Value>> {
    let file = include_str!("../../crates/paytm/tests/vectors/checksum.json");
    let file: Value = serde_json::from_str(file)?;
    let vectors = file.get(group).and_then(Value::as_array);
    Ok(vectors.context(group.to_owned())?.clone())
}

#[test]
fn the_libraries_judge_every_vector_as_recorded() -> Result<()> {
    let mut vectors = [vectors("vectors")?, vectors("public_fixtures")?].concat();
    vectors.extend(self::vectors("negative")?);
    let calls: Vec<Value> = vectors
        .iter()
        .map(|v| json!({"call": "verify", "key": v["key"], "input": v["input"], "checksum": v["checksum"]}))
        .collect();
    for (sdk, name) in LIBRARIES {
        for (vector, answer) in vectors.iter().zip(sdk.call(&calls)?) {
            let recorded = &vector["observed"][name];
            match answer {
                Ok(verdict) => assert_eq!(&verdict, recorded, "{name}: {}", vector["id"]),
                Err(error) => assert!(
                    recorded.as_str().is_some_and(|text| text.starts_with("error")),
                    "{name}: {}: {error}",
                    vector["id"]
                ),
            }
        }
    }
    Ok(())
}

#[test]
fn with_the_same_salt_the_libraries_sign_the_same() -> Result<()> {
    let mut vectors = vectors("vectors")?;
    vectors.retain(|v| LIBRARIES.iter().all(|(_, name)| v["observed"][name] == true));
    assert!(vectors.len() > 20, "only {} vectors on which all agree", vectors.len());
    let calls: Vec<Value> = vectors
        .iter()
        .map(|v| json!({"call": "sign_text", "key": v["key"], "text": v["canonical"], "salt": v["salt"]}))
        .collect();
    for (sdk, name) in LIBRARIES {
        for (vector, answer) in vectors.iter().zip(sdk.call(&calls)?) {
            assert_eq!(answer.as_ref(), Ok(&vector["checksum"]), "{name}: {}", vector["id"]);
        }
    }
    Ok(())
}

#[test]
fn what_one_side_signs_the_other_accepts() -> Result<()> {
    let key = "AbCdEf0123456789";
    let params = [("MID", "M1"), ("ORDERID", "ORD-1"), ("RESPMSG", "सफल | 100%"), ("EMPTY", "")];
    let form: Value = params.iter().map(|(name, value)| (*name, *value)).collect();
    let text = r#"{"mid":"M1","orderId":"ORD-1"}"#;
    let salt = *b"aB3d";
    let our_form = checksum::sign_params(params, key, salt)?;
    let our_text = checksum::sign(text, key, salt)?;
    let calls = [
        json!({"call": "verify", "key": key, "input": form, "checksum": our_form}),
        json!({"call": "verify", "key": key, "input": text, "checksum": our_text}),
        json!({"call": "verify", "key": key, "input": text, "checksum": our_form}),
        json!({"call": "sign", "key": key, "input": form}),
        json!({"call": "sign", "key": key, "input": text}),
    ];
    for (sdk, name) in LIBRARIES {
        let answers = sdk.call(&calls)?;
        let [form_ok, text_ok, mixed_up, their_form, their_text] = &answers[..] else {
            panic!("{name}: {answers:?}")
        };
        assert_eq!(form_ok, &Ok(true.into()), "{name}");
        assert_eq!(text_ok, &Ok(true.into()), "{name}");
        assert_eq!(mixed_up, &Ok(false.into()), "{name}");
        let signed = |answer: &Result<Value, String>| {
            answer.as_ref().ok().and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        assert!(checksum::verify_params(params, key, &signed(their_form)), "{name}");
        assert!(checksum::verify(text, key, &signed(their_text)), "{name}");
    }
    Ok(())
}
