//! What Paytm sends by itself: recorded shapes, and the messages of the checksum vectors.

use dwar_paytm::account::{Account, MerchantKey};
use dwar_paytm::checksum::sign_params;
use dwar_paytm::notification::Notification;
use serde::Deserialize;
use url::form_urlencoded;

use super::{KEY, SALT, account, reference, signed, unsigned};

#[derive(Deserialize)]
struct Vectors {
    form_messages: Vec<Message>,
    json_messages: Vec<Message>,
    public_fixtures: Vec<Fixture>,
}

#[derive(Deserialize)]
struct Message {
    id: String,
    raw: String,
}

#[derive(Deserialize)]
struct Fixture {
    key: String,
    input: std::collections::BTreeMap<String, String>,
    checksum: String,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../vectors/checksum.json")).unwrap()
}

fn read(text: &str) -> Notification {
    Notification::read(text.as_bytes()).unwrap()
}

fn form(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

#[test]
fn returns_and_payment_webhooks_are_read() {
    let messages = vectors().form_messages;
    assert_eq!(messages.len(), 6);
    for Message { id, raw } in messages {
        let notification = read(&raw);
        let (order, claim) = match id.as_str() {
            "form-callback-cancelled" => ("ORD-0002", "TXN_FAILURE"),
            "form-callback-failure-227" => ("ORD-0003", "TXN_FAILURE"),
            "form-callback-pending-null-A" => ("ORD-0004", "PENDING"),
            _ => ("ORD-0001", "TXN_SUCCESS"),
        };
        assert_eq!(notification.order, reference(order), "{id}");
        assert_eq!(notification.claim.as_deref(), Some(claim), "{id}");
        assert_eq!(notification.refund, None, "{id}");
        assert!(notification.is_authentic(&account()), "{id}");

        let forged = read(&raw.replace("TXNAMOUNT=100.00", "TXNAMOUNT=999.00"));
        assert!(!forged.is_authentic(&account()), "{id}");
    }
}

#[test]
fn a_return_that_paytm_made_is_authentic() {
    let fixtures = vectors().public_fixtures;
    let Fixture { key, mut input, checksum } = fixtures.into_iter().next().unwrap();
    input.insert("CHECKSUMHASH".into(), checksum);
    let pairs: Vec<_> = input.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let account = Account {
        mid: "ovHiLo68583917222411".into(),
        key: MerchantKey::new(key).unwrap(),
        ..account()
    };
    let notification = read(&form(&pairs));
    assert_eq!(notification.order, reference("test_ref0"));
    assert!(notification.is_authentic(&account));
}

#[test]
fn error_returns_have_neither_transaction_nor_checksum() {
    for (code, text) in
        [("330", "Invalid checksum"), ("330", "Invalid Checksum"), ("501", "System Error")]
    {
        let notification = read(&form(&[
            ("STATUS", "TXN_FAILURE"),
            ("ORDERID", "ORD-0001"),
            ("TXNAMOUNT", "100.00"),
            ("MID", "TESTMI00000000000001"),
            ("RESPCODE", code),
            ("BANKTXNID", ""),
            ("CURRENCY", "INR"),
            ("RESPMSG", text),
        ]));
        assert_eq!(notification.order, reference("ORD-0001"));
        assert_eq!(notification.claim.as_deref(), Some("TXN_FAILURE"));
        assert!(!notification.is_authentic(&account()));
    }
}

#[test]
fn refund_webhooks_name_the_refund() {
    let webhooks = vectors().json_messages;
    let webhook = webhooks.iter().find(|m| m.id == "message-json-refund-webhook").unwrap();
    let notification = read(&webhook.raw);
    assert_eq!(notification.order, reference("ORD-0001"));
    assert_eq!(notification.refund, Some(reference("REF-0001")));
    assert_eq!(notification.claim, None);
    assert!(notification.is_authentic(&account()));

    let body = r#"{"orderId":"ORD-0001","refId":"REF-0001","status":"FAILED","rejectRefundReasonCode":"1"}"#;
    let notification = read(&signed(body));
    assert_eq!(notification.claim.as_deref(), Some("FAILED"));
    assert!(notification.is_authentic(&account()));
    assert!(!read(&unsigned(body)).is_authentic(&account()));

    let mut pairs = vec![
        ("ORDERID", "ORD-0001"),
        ("REFID", "REF-0001"),
        ("MID", "TESTMI00000000000001"),
        ("ARN", "74300001"),
    ];
    let checksum = sign_params(pairs.iter().copied(), KEY, SALT).unwrap();
    pairs.push(("CHECKSUMHASH", &checksum));
    let notification = read(&form(&pairs));
    assert_eq!(notification.refund, Some(reference("REF-0001")));
    assert!(notification.is_authentic(&account()));
}

#[test]
fn a_message_for_another_merchant_is_not_ours() {
    let mut other = account();
    other.mid = "TESTMI00000000000002".into();
    let vectors = vectors();
    let json = vectors.json_messages.iter().find(|m| m.id == "message-json-refund-webhook");
    for message in [&vectors.form_messages[0], json.unwrap()] {
        assert!(read(&message.raw).is_authentic(&account()), "{}", message.id);
        assert!(!read(&message.raw).is_authentic(&other), "{}", message.id);
    }
}

#[test]
fn what_names_no_order_is_no_notification() {
    let long = format!("ORDERID={}", "x".repeat(51));
    let huge = format!("ORDERID=ORD-0001&RESPMSG={}", "x".repeat(1 << 20));
    for text in ["", "hello", "ORDERID=", "{}", "{\"head\":{},\"body\":{}}", "{", &long, &huge] {
        assert_eq!(Notification::read(text.as_bytes()), None, "{}", &text[..text.len().min(40)]);
    }
}

#[test]
fn odd_claims_are_not_kept() {
    for claim in ["", "a claim with spaces", "<script>alert(1)</script>", "é"] {
        let notification = read(&form(&[("ORDERID", "ORD-0001"), ("STATUS", claim)]));
        assert_eq!(notification.claim, None, "{claim}");
    }
}
