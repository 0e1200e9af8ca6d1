//! What Paytm is told about the paying person: as little as it needs, in the characters it takes.

use std::fmt::Write as _;

use aws_lc_rs::digest;
use domain::payment::Customer;
use serde::Serialize;

use super::Order;

/// Longest `custId`.
const ID_CHARS_MAX: usize = 64;

/// Longest e-mail address that is passed on.
const EMAIL_CHARS_MAX: usize = 100;

/// `userInfo` of an order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserInfo<'a> {
    cust_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    mobile: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
}

impl<'a> UserInfo<'a> {
    pub(super) fn new(customer: &'a Customer, order: Order<'_>) -> Self {
        // Paytm wants a name of everybody; one whom the merchant does not name is the order's.
        let id = if customer.id.is_empty() { &order.reference.0 } else { &customer.id };
        Self {
            cust_id: escaped(id),
            mobile: customer.phone.as_deref().and_then(indian_mobile),
            email: customer.email.as_deref().filter(|email| is_plain_email(email)),
        }
    }
}

/// The id in Paytm's characters (letters, digits, `@ ! _ $ .`), different for different ids:
/// others become `$` and two hex digits a byte, and what gets too long its SHA-256.
fn escaped(id: &str) -> String {
    let mut escaped = String::with_capacity(ID_CHARS_MAX);
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'@' | b'!' | b'_' | b'.') {
            escaped.push(char::from(byte));
        } else {
            push_hex(&mut escaped, "$", byte);
        }
    }
    if escaped.len() > ID_CHARS_MAX {
        escaped.clear();
        for byte in digest::digest(&digest::SHA256, id.as_bytes()).as_ref() {
            push_hex(&mut escaped, "", *byte);
        }
    }
    escaped
}

fn push_hex(text: &mut String, prefix: &str, byte: u8) {
    // Writing to a String can't fail.
    let _ = write!(text, "{prefix}{byte:02x}");
}

/// The ten digits of an Indian mobile number; others have no use at Paytm.
fn indian_mobile(phone: &str) -> Option<&str> {
    let digits = phone.strip_prefix('+').unwrap_or(phone);
    let national = match digits.len() {
        10 => digits,
        11 => digits.strip_prefix('0')?,
        12 => digits.strip_prefix("91")?,
        _ => return None,
    };
    let is_mobile = national.starts_with(['6', '7', '8', '9'])
        && national.bytes().all(|byte| byte.is_ascii_digit());
    is_mobile.then_some(national)
}

/// Whether an address is of the plain kind, without quotes, bars or letters beyond ASCII.
fn is_plain_email(email: &str) -> bool {
    let plain = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._%+-".contains(&b))
    };
    email.len() <= EMAIL_CHARS_MAX
        && email
            .split_once('@')
            .is_some_and(|(name, host)| plain(name) && plain(host) && host.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn customer_ids_stay_apart_in_paytms_characters() {
        for (id, written) in [
            ("CUST_001", "CUST_001"),
            ("a@b.in", "a@b.in"),
            ("customer-42", "customer$2d42"),
            ("a$2db", "a$242db"),
            ("राम", "$e0$a4$b0$e0$a4$be$e0$a4$ae"),
        ] {
            assert_eq!(escaped(id), written);
        }
        let (one, other) = (escaped(&"-".repeat(40)), escaped(&"-".repeat(41)));
        assert_ne!(one, other);
        assert_eq!((one.len(), other.len()), (ID_CHARS_MAX, ID_CHARS_MAX));
    }

    #[test]
    fn only_indian_mobile_numbers_are_passed_on() {
        for (phone, passed) in [
            ("7777777777", Some("7777777777")),
            ("917777777777", Some("7777777777")),
            ("+917777777777", Some("7777777777")),
            ("07777777777", Some("7777777777")),
            ("31647812345", None),
            ("1234567890", None),
            ("77777 7777", None),
            ("", None),
        ] {
            assert_eq!(indian_mobile(phone), passed, "{phone}");
        }
    }

    #[test]
    fn only_plain_addresses_are_passed_on() {
        for (email, plain) in [
            ("ram@example.in", true),
            ("ram.k+pay@mail.example.in", true),
            ("", false),
            ("@example.in", false),
            ("ram@localhost", false),
            ("ram|k@example.in", false),
            ("ram@example.in@example.in", false),
            ("राम@example.in", false),
        ] {
            assert_eq!(is_plain_email(email), plain, "{email}");
        }
    }
}
