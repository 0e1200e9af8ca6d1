//! JSON as a signed protocol needs it: one parse, one meaning.
//!
//! A document with a repeated member means different things to different parsers, and a signature
//! over it proves nothing; it is refused, as is one that is too large, too deep or too long.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::limits::{BODY_BYTES, DEPTH_LEVELS, LIST_ITEMS};

/// Why bytes are not an acceptable JSON document, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {reason}")]
pub struct JsonError {
    /// 1-based line; 0 when the whole document is at fault.
    pub line: usize,
    /// 1-based column, in bytes; 0 when the whole document is at fault.
    pub column: usize,
    /// What is wrong, in words fit for the merchant.
    pub reason: String,
}

impl From<serde_json::Error> for JsonError {
    fn from(error: serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        let position = format!(" at line {line} column {column}");
        let text = error.to_string();
        let reason = text.strip_suffix(&position).unwrap_or(&text).to_owned();
        Self { line, column, reason }
    }
}

/// Parses one JSON document, refusing repeated members and whatever exceeds [`crate::limits`].
pub fn parse_strict(bytes: &[u8]) -> Result<Value, JsonError> {
    if bytes.len() > BODY_BYTES {
        let reason = format!("the document is longer than {BODY_BYTES} bytes");
        return Err(JsonError { line: 0, column: 0, reason });
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Strict { level: 1 }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// Builds a [`Value`] found at nesting `level`.
#[derive(Clone, Copy)]
struct Strict {
    level: usize,
}

impl Strict {
    fn below<E: Error>(self) -> Result<Self, E> {
        if self.level > DEPTH_LEVELS {
            return Err(E::custom(format!("nested deeper than {DEPTH_LEVELS} levels")));
        }
        Ok(Self { level: self.level + 1 })
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        let number = Number::from_f64(value).ok_or_else(|| E::custom("number out of range"))?;
        Ok(Value::Number(number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let element = self.below()?;
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(element)? {
            if items.len() == LIST_ITEMS {
                return Err(A::Error::custom(format!("a list of more than {LIST_ITEMS} items")));
            }
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let member = self.below()?;
        let mut members = Map::new();
        while let Some(name) = object.next_key::<String>()? {
            if members.contains_key(&name) {
                return Err(A::Error::custom(format!("the member {name:?} is given twice")));
            }
            members.insert(name, object.next_value_seed(member)?);
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(levels: usize) -> String {
        format!("{}{}", "[".repeat(levels), "]".repeat(levels))
    }

    fn list(items: usize) -> String {
        format!("[{}]", vec!["0"; items].join(","))
    }

    #[test]
    fn refuses_what_could_be_read_in_two_ways() {
        let cases = [
            (r#"{"a":1,"a":1}"#.to_owned(), "line 1, column 10: the member \"a\" is given twice"),
            (r#"{"x":{"a":1,"\u0061":2}}"#.to_owned(), "the member \"a\" is given twice"),
            (nested(9), "nested deeper than 8 levels"),
            (list(101), "a list of more than 100 items"),
            ("{} {}".to_owned(), "line 1, column 4: trailing characters"),
            (r#"{"a":}"#.to_owned(), "line 1, column 6: expected value"),
            ("1e999".to_owned(), "number out of range"),
            (String::new(), "EOF while parsing a value"),
            (format!("\"{}\"", "x".repeat(BODY_BYTES)), "the document is longer than 65536 bytes"),
        ];
        for (body, reason) in cases {
            let refusal = parse_strict(body.as_bytes()).unwrap_err().to_string();
            assert!(refusal.contains(reason), "{body:.40}: {refusal}");
        }
    }

    #[test]
    fn reads_everything_else_as_serde_json_does() {
        for body in [
            nested(8),
            list(100),
            r#"{"b":[1,-2,2.5,"x\/é\n",true,null,{}],"a":{"b":9007199254740993}}"#.to_owned(),
        ] {
            let strict = parse_strict(body.as_bytes()).unwrap();
            assert_eq!(strict, serde_json::from_str::<Value>(&body).unwrap());
        }
    }
}
