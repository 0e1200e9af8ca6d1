//! Typed reading of a document's members, collecting everything that is wrong with it.
//!
//! A merchant learns of all mistakes at once: a missing member, a wrong type, a value out of range,
//! each with what was sent and what was expected.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::limits::ECHO_CHARACTERS;

/// Public code of a missing obligatory parameter: "Required field not provided".
pub const REQUIRED: u32 = 2004;
/// Public code of a wrong value that has no code of its own: "Validation error".
pub const INVALID: u32 = 502;

/// One parameter that cannot be accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Where it is: `payment.amount`, or the name of a Payment Page parameter.
    pub path: &'static str,
    /// What was sent, as JSON, shortened; `nothing` if it is missing.
    pub sent: String,
    /// What would have been accepted, in words.
    pub expected: String,
    /// The platform's public code.
    pub code: u32,
}

impl FieldError {
    /// A Payment Page parameter whose value can't be accepted.
    pub fn new(path: &'static str, sent: &str, expected: &str, code: u32) -> Self {
        Self { path, sent: echo(&sent.into()), expected: expected.to_owned(), code }
    }
}

/// For whoever sent it: it repeats the value.
impl fmt::Display for FieldError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, sent, expected, .. } = self;
        write!(formatter, "{path}: expected {expected}, got {sent}")
    }
}

/// A [`FieldError`] as error answers and error callbacks carry it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct WireError {
    /// Public code, decimal.
    pub code: String,
    /// Path of the parameter: `/payment/amount`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The code's message or a fuller sentence.
    pub message: String,
    /// More about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

impl From<&FieldError> for WireError {
    fn from(error: &FieldError) -> Self {
        Self {
            code: error.code.to_string(),
            field: Some(format!("/{}", error.path.replace('.', "/"))),
            message: format!("expected {}, got {}", error.expected, error.sent),
            description: None,
        }
    }
}

/// What a rule has against a value.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) expected: String,
    pub(crate) code: u32,
}

/// The verdict of a rule on a value.
pub(crate) type Ruled<T> = Result<T, Fault>;

/// Reads members of one document by dotted path; wrong ones are remembered.
pub(crate) struct Fields<'a> {
    document: &'a Value,
    errors: Vec<FieldError>,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(document: &'a Value) -> Self {
        Self { document, errors: Vec::new() }
    }

    /// A member that must be there. In place of a missing or wrong one stands a default, which
    /// [`Self::finish`] never lets out.
    pub(crate) fn required<T: Default>(
        &mut self,
        path: &'static str,
        rule: impl FnOnce(&Value) -> Ruled<T>,
    ) -> T {
        if self.find(path).is_none() {
            self.refuse(path, "a value", REQUIRED);
        }
        self.optional(path, rule).unwrap_or_default()
    }

    /// A member that may be missing, null or empty.
    pub(crate) fn optional<T>(
        &mut self,
        path: &'static str,
        rule: impl FnOnce(&Value) -> Ruled<T>,
    ) -> Option<T> {
        match rule(self.find(path)?) {
            Ok(read) => Some(read),
            Err(fault) => {
                self.refuse(path, &fault.expected, fault.code);
                None
            }
        }
    }

    /// Whether a member is given at all.
    pub(crate) fn has(&mut self, path: &'static str) -> bool {
        self.find(path).is_some()
    }

    /// Records a mistake at `path`.
    pub(crate) fn refuse(&mut self, path: &'static str, expected: &str, code: u32) {
        // A parent of the wrong type is one mistake, however many members were looked for in it.
        if !self.errors.iter().any(|error| is_same_or_within(path, error.path)) {
            let sent = self.document.pointer(&format!("/{}", path.replace('.', "/")));
            let sent = sent.map_or_else(|| "nothing".to_owned(), echo);
            self.errors.push(FieldError { path, sent, expected: expected.to_owned(), code });
        }
    }

    /// What was read, if nothing was wrong; otherwise every mistake.
    pub(crate) fn finish<T>(self, read: T) -> Result<T, Vec<FieldError>> {
        if self.errors.is_empty() { Ok(read) } else { Err(self.errors) }
    }

    /// The value at `path` unless it is absent, null or empty text; PHP clients send empty text for
    /// what they do not know. Records a parent that is not an object.
    fn find(&mut self, path: &'static str) -> Option<&'a Value> {
        let mut value = self.document;
        let mut walked = 0;
        for key in path.split('.') {
            match value {
                Value::Object(members) => value = members.get(key)?,
                // PHP writes an empty object as an empty list.
                Value::Array(items) if items.is_empty() => return None,
                Value::Null => return None,
                Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                    let parent = path.get(..walked).unwrap_or(path);
                    self.refuse(parent.trim_end_matches('.'), "an object", INVALID);
                    return None;
                }
            }
            walked += key.len() + 1;
        }
        let empty = value.is_null() || value.as_str().is_some_and(str::is_empty);
        (!empty).then_some(value)
    }
}

fn is_same_or_within(path: &str, parent: &str) -> bool {
    path.strip_prefix(parent).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn echo(value: &Value) -> String {
    shortened(&value.to_string())
}

/// As much of a text that was sent as is repeated in answers and logs.
pub(crate) fn shortened(text: &str) -> String {
    match text.char_indices().nth(ECHO_CHARACTERS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
