//! Signing and verifying, with and without a database.

use anyhow::Result;
use serde_json::{Value, json};

use crate::world::Folder;

const REQUEST: &str =
    r#"{"general":{"project_id":200,"payment_id":"1"},"payment":{"amount":2500}}"#;

/// The link of the documentation, signed with `secret`.
const LINK: &str = "https://pay.example/payment?project_id=198&payment_id=3936&payment_amount=2500\
                    &payment_currency=INR&customer_id=customer1&force_payment_method=paytm-wallet";
const LINK_SIGNATURE: &str = "NvyGLUvVCqLKRGVTMPNSwJqtBLDbbxmL6FwSES7UYTu4TAUIlNjLjTPWzmPF4%2BfF8KPo\
                              jgJzZmIQXOk7lHxcpg%3D%3D";

#[test]
fn a_document_is_signed_and_verified() -> Result<()> {
    let folder = Folder::new()?;
    let signed = folder.run_with(REQUEST, &["sign", "-", "--secret", "secret", "--json"])?;
    let signed: Value = serde_json::from_str(&signed.stdout)?;
    let string = "general:payment_id:1;general:project_id:200;payment:amount:2500";
    assert_eq!(signed.get("string"), Some(&json!(string)));
    assert_eq!(signed.pointer("/signed/general/signature"), signed.get("signature"));

    let file = folder.path().join("signed.json");
    std::fs::write(file, signed.get("signed").map(Value::to_string).unwrap_or_default())?;
    let verified = folder.run(&["verify", "signed.json", "--secret", "secret"])?;
    assert_eq!((verified.code, verified.stdout.as_str()), (0, "The signature is correct.\n"));
    Ok(())
}

#[test]
fn a_link_is_signed_as_the_documentation_does() -> Result<()> {
    let folder = Folder::new()?;
    let signed = folder.run(&["sign", LINK, "--secret", "secret", "--signed"])?;
    let expected = format!("{LINK}&signature={LINK_SIGNATURE}");
    assert_eq!(signed.stdout.trim_end(), expected);
    let verified = folder.run(&["verify", &expected, "--secret", "secret"])?;
    assert_eq!((verified.code, verified.stdout.as_str()), (0, "The signature is correct.\n"));
    let query = expected.split_once('?').map(|(_, query)| query).unwrap_or_default();
    assert_eq!(folder.run_with(query, &["verify", "--secret", "secret"])?.code, 0);
    Ok(())
}

#[test]
fn a_wrong_signature_is_explained() -> Result<()> {
    let folder = Folder::with_project()?;
    let sign = |document: &str, secret| {
        folder.run_with(document, &["sign", "--signed", "--secret", secret])
    };
    let verify = |document: &str| folder.run_with(document, &["verify"]);

    let absent = verify(REQUEST)?;
    insta::assert_snapshot!(absent.stdout);
    let other_secret = verify(&sign(REQUEST, "another")?.stdout)?;
    insta::assert_snapshot!(other_secret.stdout);

    let more = REQUEST.replace("2500", "2500,\"currency\":\"INR\"");
    let signature: Value = serde_json::from_str(&sign(REQUEST, "secret")?.stdout)?;
    let signature = signature.pointer("/general/signature").and_then(Value::as_str);
    let left_out = ["verify", "--signature", signature.unwrap_or_default()];
    let left_out = folder.run_with(&more, &left_out)?;
    insta::assert_snapshot!(left_out.stdout);
    assert_eq!((absent.code, other_secret.code, left_out.code), (1, 1, 1));

    let theirs = "general:payment_id:1;general:project_id:200;payment:amount:25.00";
    let compared = folder.run_with(REQUEST, &["verify", "--string", theirs, "--json"])?;
    let compared: Value = serde_json::from_str(&compared.stdout)?;
    insta::assert_json_snapshot!(compared);
    Ok(())
}

#[test]
fn the_secret_of_another_project_is_recognised() -> Result<()> {
    let folder = Folder::with_project()?;
    let account = ["--paytm-mid", "M", "--paytm-key", "0123456789abcdef"];
    let other = ["project", "create", "Coffee shop", "--secret", "other secret"];
    folder.run(&[other.as_slice(), &account].concat())?;
    let signed = folder.run_with(REQUEST, &["sign", "--signed", "--project", "201"])?;
    let verified = folder.run_with(&signed.stdout, &["verify"])?;
    assert_eq!(verified.code, 1);
    insta::assert_snapshot!(verified.stdout);
    Ok(())
}

#[test]
fn what_can_not_be_signed_is_refused() -> Result<()> {
    let folder = Folder::new()?;
    let cases = [
        (r#"{"a":1,"a":2}"#, 1, "the member \"a\" is given twice"),
        ("hello", 2, "expected a JSON document, a link or a query"),
        ("a=1&a=2", 1, "the parameter \"a\" is given twice"),
        (
            r#"{"payment":{"description":"x;payment:amount:1"}}"#,
            1,
            "payment:description: could be read as another parameter",
        ),
    ];
    for (input, code, told) in cases {
        let ran = folder.run_with(input, &["sign", "--secret", "secret"])?;
        assert_eq!(ran.code, code, "{input}: {ran:?}");
        assert!(ran.stderr.contains(told), "{input}: {ran:?}");
    }
    let without = folder.run_with(REQUEST, &["sign"])?;
    assert_eq!(without.code, 1);
    assert!(without.stderr.starts_with("dwar: --secret is not given, so the secret is looked for"));
    Ok(())
}
