//! What each kind of parameter may look like; one function per kind.
//!
//! Numbers are accepted as JSON integers or as decimal text, because both carry one signature and
//! clients send both; fractions and exponents are refused, even when they are whole.

use std::net::IpAddr;
use std::ops::RangeInclusive;

use jiff::civil::Date;
use serde_json::Value;

use crate::date;
use crate::field::{Fault, INVALID, Ruled};
use crate::limits::{EMAIL_CHARACTERS, PHONE_DIGITS, SAFE_INTEGER, URL_CHARACTERS};
use crate::page::Switch;

fn fault<T>(code: u32, expected: impl Into<String>) -> Ruled<T> {
    Err(Fault { expected: expected.into(), code })
}

/// Text of at most so many characters; an integer counts as its digits.
pub(crate) fn text(most: usize) -> impl Fn(&Value) -> Ruled<String> {
    move |value| {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) if !number.is_f64() => number.to_string(),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_) => {
                return fault(INVALID, "a string");
            }
        };
        if text.chars().count() > most {
            return fault(INVALID, format!("at most {most} characters"));
        }
        Ok(text)
    }
}

/// An integer within bounds.
pub(crate) fn integer(bounds: RangeInclusive<i64>) -> impl Fn(&Value) -> Ruled<i64> {
    move |value| {
        let integer = match value {
            Value::String(text) if is_decimal(text) => text.parse().ok(),
            Value::Number(number) if number.is_f64() => {
                return fault(INVALID, "an integer, written without a decimal point or exponent");
            }
            Value::Number(number) => number.as_i64(),
            Value::Null
            | Value::Bool(_)
            | Value::String(_)
            | Value::Array(_)
            | Value::Object(_) => None,
        };
        let (least, most) = (bounds.start(), bounds.end());
        integer
            .filter(|it| bounds.contains(it))
            .map_or_else(|| fault(INVALID, format!("an integer from {least} to {most}")), Ok)
    }
}

fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// An amount in minor units, at least 1.
pub(crate) fn amount(value: &Value) -> Ruled<i64> {
    integer(1..=SAFE_INTEGER)(value).map_err(|mut fault| {
        fault.expected.push_str(", in minor units (2500 is 25.00)");
        fault
    })
}

/// An ISO 4217 code in capital letters; whether the method takes that currency is decided
/// elsewhere.
pub(crate) fn currency(value: &Value) -> Ruled<String> {
    match value.as_str() {
        Some(code) if code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase()) => {
            Ok(code.to_owned())
        }
        Some(_) | None => fault(3121, "a currency of three capital letters (ISO 4217)"),
    }
}

/// An IPv4 or IPv6 address, kept as it was written.
pub(crate) fn ip_address(value: &Value) -> Ruled<String> {
    match value.as_str() {
        Some(text) if text.parse::<IpAddr>().is_ok() => Ok(text.to_owned()),
        Some(_) | None => fault(INVALID, "an IPv4 or IPv6 address"),
    }
}

/// An absolute `http` or `https` URL, kept as it was written.
pub(crate) fn url(value: &Value) -> Ruled<String> {
    let text = text(URL_CHARACTERS)(value)?;
    match url::Url::parse(&text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(text),
        Ok(_) | Err(_) => fault(INVALID, "an absolute http or https URL"),
    }
}

/// An e-mail address, roughly: something on both sides of one last `@`.
pub(crate) fn email(value: &Value) -> Ruled<String> {
    let text = text(EMAIL_CHARACTERS)(value)?;
    match text.rsplit_once('@') {
        Some((local, domain)) if !local.is_empty() && !domain.is_empty() => Ok(text),
        Some(_) | None => fault(2426, "an e-mail address"),
    }
}

/// A telephone number: 4 to 24 digits, a leading `+` allowed.
pub(crate) fn phone(value: &Value) -> Ruled<String> {
    let text = text(PHONE_DIGITS.end() + 1)(value)?;
    let digits = text.strip_prefix('+').unwrap_or(&text);
    if PHONE_DIGITS.contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(text);
    }
    fault(INVALID, format!("{} to {} digits", PHONE_DIGITS.start(), PHONE_DIGITS.end()))
}

/// An ISO 3166-1 alpha-2 code.
pub(crate) fn country(value: &Value) -> Ruled<String> {
    match value.as_str() {
        Some(code) if code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
            Ok(code.to_ascii_uppercase())
        }
        Some(_) | None => fault(2610, "a country of two letters (ISO 3166-1)"),
    }
}

/// An ISO 639-1 language code, read into lower case.
pub(crate) fn language(value: &Value) -> Ruled<String> {
    match value.as_str() {
        Some(code) if code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
            Ok(code.to_ascii_lowercase())
        }
        Some(_) | None => fault(INVALID, "a language of two letters (ISO 639-1)"),
    }
}

/// A day of birth, `DD-MM-YYYY`, kept as text.
pub(crate) fn day_of_birth(value: &Value) -> Ruled<String> {
    match value.as_str() {
        Some(text) if Date::strptime("%d-%m-%Y", text).is_ok() => Ok(text.to_owned()),
        Some(_) | None => fault(2609, "a date written DD-MM-YYYY"),
    }
}

/// A date and time with an offset, as unix milliseconds.
pub(crate) fn moment(value: &Value) -> Ruled<i64> {
    let moment = value.as_str().and_then(|text| date::parse(text).ok());
    moment.map_or_else(
        || fault(INVALID, "an ISO 8601 date and time with an offset: 2026-01-31T10:00:00+00:00"),
        Ok,
    )
}

/// A flag: `1`, `0`, or a boolean in any spelling that clients use.
pub(crate) fn flag(value: &Value) -> Ruled<bool> {
    match value {
        Value::Bool(flag) => Ok(*flag),
        Value::String(_) | Value::Number(_) => match value.to_string().trim_matches('"') {
            "1" | "true" | "True" => Ok(true),
            "0" | "false" | "False" => Ok(false),
            _ => fault(INVALID, "1 or 0"),
        },
        Value::Null | Value::Array(_) | Value::Object(_) => fault(INVALID, "1 or 0"),
    }
}

/// What an `…_enabled` parameter of Payment Page says. SDKs send booleans as words.
pub(crate) fn switch(value: &Value) -> Ruled<Switch> {
    match value.as_str().map(str::to_ascii_lowercase).as_deref() {
        Some("0" | "false") => Ok(Switch::Off),
        Some("1" | "true") => Ok(Switch::On),
        Some("2") => Ok(Switch::Always),
        Some(_) | None => fault(INVALID, "0, 1 or 2"),
    }
}

/// The interface a request came through: `18`, `{"id": 18}`, or the latter as text.
pub(crate) fn interface_type(value: &Value) -> Ruled<u32> {
    let inner: Option<Value> = value.as_str().and_then(|text| serde_json::from_str(text).ok());
    let value = inner.as_ref().unwrap_or(value);
    let id = integer(0..=i64::from(u32::MAX))(value.get("id").unwrap_or(value));
    let id = id.ok().and_then(|id| u32::try_from(id).ok());
    id.map_or_else(|| fault(INVALID, "an interface number, as 1 or {\"id\": 1}"), Ok)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn accepts<T>(rule: impl Fn(&Value) -> Ruled<T>, yes: &[Value], no: &[Value]) {
        for value in yes {
            assert!(rule(value).is_ok(), "{value} should be accepted");
        }
        for value in no {
            assert!(rule(value).is_err(), "{value} should be refused");
        }
    }

    #[test]
    fn each_rule_draws_its_line() {
        accepts(
            amount,
            &[json!(1), json!("250"), json!(9_007_199_254_740_991_i64)],
            &[
                json!(0),
                json!(-1),
                json!(250.0),
                json!(2.5),
                json!("2.5"),
                json!("+250"),
                json!(9_007_199_254_740_992_i64),
                json!(true),
                json!([250]),
            ],
        );
        accepts(currency, &[json!("INR")], &[json!("inr"), json!("RUPEE"), json!(356)]);
        accepts(ip_address, &[json!("1.1.1.1"), json!("2001:db8::1")], &[json!("1.1.1"), json!(1)]);
        accepts(
            url,
            &[json!("https://shop.example/a?b=1")],
            &[json!("shop.example"), json!("javascript:alert(1)"), json!("/x")],
        );
        accepts(email, &[json!("a@b.example")], &[json!("a"), json!("@b"), json!("a@")]);
        accepts(
            phone,
            &[json!("31647812345"), json!("+9110"), json!(9110)],
            &[json!("123"), json!("12 345"), json!("1234567890123456789012345")],
        );
        accepts(country, &[json!("IN"), json!("in")], &[json!("IND"), json!("1N")]);
        accepts(day_of_birth, &[json!("31-12-1990")], &[json!("31-02-1990"), json!("1990-12-31")]);
        accepts(flag, &[json!(1), json!("0"), json!(true), json!("True")], &[json!(2), json!("y")]);
        accepts(
            switch,
            &[json!("0"), json!("1"), json!("2"), json!("True"), json!("false"), json!("FALSE")],
            &[json!("9"), json!("yes"), json!("-1"), json!("01"), json!(" 1")],
        );
        accepts(
            interface_type,
            &[json!(18), json!({"id": 18}), json!("{\"id\": 18}"), json!("18")],
            &[json!("x"), json!({"id": "x"}), json!(-1), json!([])],
        );
        accepts(text(3), &[json!("абв"), json!(123)], &[json!("abcd"), json!(1.5), json!({})]);
        accepts(integer(0..=600), &[json!(0), json!("600")], &[json!(601), json!("")]);
    }

    #[test]
    fn a_whole_float_is_refused_in_clear_words() {
        let fault = amount(&json!(250.0)).unwrap_err();
        assert_eq!(
            fault.expected,
            "an integer, written without a decimal point or exponent, in minor units (2500 is 25.00)"
        );
    }
}
