//! From a document to the string that is signed: `path:value` lines, sorted, joined by `;`.
//!
//! A path is the keys from the root joined by `:`, with `:` inside a key doubled. The documented
//! order is PHP's natural one; the other orders are those of the other official SDKs, which part
//! from it for lists of more than ten items and for unusual keys.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::{Number, Value};

use super::natural;
use crate::query::Params;

/// One line of the canonical string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry<'a> {
    /// Keys from the root, joined by `:`.
    pub(crate) path: String,
    /// The value as it is signed.
    pub(crate) value: Cow<'a, str>,
}

impl Entry<'_> {
    fn line(&self) -> impl Iterator<Item = u8> {
        self.path.bytes().chain([b':']).chain(self.value.bytes())
    }
}

/// How a client sorts the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// PHP and the plug-ins: natural order of paths. The documented one.
    Natural,
    /// Python: code points of paths.
    CodePoint,
    /// Go and Java: bytes of whole lines.
    Line,
    /// JavaScript: UTF-16 units of each key, level by level, array indexes first.
    PerLevel,
}

impl Order {
    pub(crate) const ALL: [Self; 4] = [Self::Natural, Self::CodePoint, Self::Line, Self::PerLevel];

    /// The lines of `entries` in this order, joined.
    pub(crate) fn message(self, entries: &[Entry<'_>]) -> String {
        let mut lines: Vec<&Entry<'_>> = entries.iter().collect();
        match self {
            Self::Natural => lines.sort_by(|a, b| natural::compare(&a.path, &b.path)),
            Self::CodePoint => lines.sort_by(|a, b| a.path.cmp(&b.path)),
            Self::Line => lines.sort_by(|a, b| a.line().cmp(b.line())),
            Self::PerLevel => lines.sort_by(|a, b| compare_per_level(&a.path, &b.path)),
        }
        join(lines)
    }
}

/// Joins lines as they stand.
pub(crate) fn join<'a>(lines: impl IntoIterator<Item = &'a Entry<'a>> + Clone) -> String {
    let length = lines.clone().into_iter().map(|it| it.path.len() + it.value.len() + 2).sum();
    let mut message = String::with_capacity(length);
    for entry in lines {
        message.push_str(&entry.path);
        message.push(':');
        message.push_str(&entry.value);
        message.push(';');
    }
    message.pop();
    message
}

/// How a leaf is spelled; `None` leaves its line out.
pub(crate) type Spelling = dyn for<'a> Fn(&'a Value) -> Option<Cow<'a, str>>;

/// The signed lines of a JSON document in the order sent.
///
/// Members named `signature` or `frame_mode` are not signed at any depth, and an empty list or
/// object leaves no trace.
pub(crate) fn entries<'a>(document: &'a Value, spelling: &Spelling) -> Vec<Entry<'a>> {
    let mut entries = Vec::with_capacity(32);
    flatten(String::new(), document, spelling, &mut entries);
    entries
}

/// The signed lines of Payment Page parameters in the order sent.
pub(crate) fn query_entries(params: &Params) -> Vec<Entry<'_>> {
    let signed = params.iter().filter(|(name, _)| is_signed(name));
    signed.map(|(name, value)| Entry { path: key_path("", name), value: value.into() }).collect()
}

/// The same lines with `true` and `false` spelled `1` and `0`; `None` if no value is such a word.
///
/// JavaScript, Python and Go put booleans into a query as words but sign them as digits.
pub(super) fn booleans_as_digits<'a>(entries: &[Entry<'a>]) -> Option<Vec<Entry<'a>>> {
    let digits = entries.iter().map(|entry| {
        let value = match entry.value.as_ref() {
            "true" | "True" => "1".into(),
            "false" | "False" => "0".into(),
            _ => entry.value.clone(),
        };
        Entry { path: entry.path.clone(), value }
    });
    Some(digits.collect::<Vec<_>>()).filter(|digits| digits != entries)
}

/// The documented spelling of a value.
#[expect(
    clippy::unnecessary_wraps,
    reason = "a Spelling may leave a line out; this one never does"
)]
pub(crate) fn php_text(value: &Value) -> Option<Cow<'_, str>> {
    Some(match value {
        Value::Bool(true) => "1".into(),
        Value::Bool(false) => "0".into(),
        Value::String(text) => text.into(),
        Value::Number(number) => php_number(number).into(),
        Value::Null | Value::Array(_) | Value::Object(_) => "".into(),
    })
}

fn flatten<'a>(path: String, value: &'a Value, spelling: &Spelling, out: &mut Vec<Entry<'a>>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members.iter().filter(|(key, _)| is_signed(key)) {
                flatten(key_path(&path, key), member, spelling, out);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                flatten(key_path(&path, &index.to_string()), item, spelling, out);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            out.extend(spelling(value).map(|value| Entry { path, value }));
        }
    }
}

fn is_signed(key: &str) -> bool {
    key != "signature" && key != "frame_mode"
}

fn key_path(parent: &str, key: &str) -> String {
    let mut path = String::with_capacity(parent.len() + key.len() + 2);
    if !parent.is_empty() {
        path.push_str(parent);
        path.push(':');
    }
    for part in key.split_inclusive(':') {
        path.push_str(part);
        if part.ends_with(':') {
            path.push(':');
        }
    }
    path
}

/// JavaScript sorts the keys of each object before it descends, so children stay together.
fn compare_per_level(left: &str, right: &str) -> Ordering {
    let keys = left.split(':').zip(right.split(':'));
    let differing = keys.map(|(left, right)| compare_keys(left, right)).find(|it| it.is_ne());
    differing.unwrap_or_else(|| left.len().cmp(&right.len()))
}

fn compare_keys(left: &str, right: &str) -> Ordering {
    match (array_index(left), array_index(right)) {
        (Some(left), Some(right)) => left.cmp(&right),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => left.encode_utf16().cmp(right.encode_utf16()),
    }
}

/// The number that JavaScript reads a property name as, if it is an array index.
fn array_index(key: &str) -> Option<u32> {
    let index = key.parse::<u32>().ok()?;
    (index != u32::MAX && index.to_string() == key).then_some(index)
}

fn php_number(number: &Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() => php_float(float),
        Some(_) | None => number.to_string(),
    }
}

/// A float as PHP writes it with its default `precision=14`: `1.5`, `100`, `1.0E-7`.
fn php_float(float: f64) -> String {
    let scientific = format!("{float:.13e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let sign = if mantissa.starts_with('-') { "-" } else { "" };
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_end_matches('0');
    match usize::try_from(exponent) {
        _ if digits.is_empty() => format!("{sign}0"),
        Ok(exponent) if exponent < 14 => {
            let (whole, fraction) = digits.split_at_checked(exponent + 1).unwrap_or((digits, ""));
            let point = if fraction.is_empty() { "" } else { "." };
            format!("{sign}{whole:0<width$}{point}{fraction}", width = exponent + 1)
        }
        Err(_) if exponent >= -4 => {
            let zeros = "0".repeat(usize::try_from(-exponent - 1).unwrap_or_default());
            format!("{sign}0.{zeros}{digits}")
        }
        Ok(_) | Err(_) => {
            let (first, rest) = digits.split_at_checked(1).unwrap_or((digits, ""));
            let rest = if rest.is_empty() { "0" } else { rest };
            format!("{sign}{first}.{rest}E{exponent:+}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_spelled_as_php_spells_them() {
        for (float, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.5, "1.5"),
            (-2.25, "-2.25"),
            (100.0, "100"),
            (0.1 + 0.2, "0.3"),
            (1e-7, "1.0E-7"),
            (0.0001, "0.0001"),
            (0.000_012_5, "1.25E-5"),
            (1e21, "1.0E+21"),
            (1e14, "1.0E+14"),
            (12_345_678_901_234.0, "12345678901234"),
            (123_456_789_012_345.0, "1.2345678901234E+14"),
            (123_456_789.125, "123456789.125"),
        ] {
            assert_eq!(php_float(float), text);
        }
    }

    #[test]
    fn colons_are_doubled_in_keys_only() {
        let document = serde_json::json!({"a:b": {"::": "x:y;z"}, "": {"k": null}});
        assert_eq!(join(&entries(&document, &php_text)), "a::b::::::x:y;z;k:");
    }
}
