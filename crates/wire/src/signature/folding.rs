//! The gate against folded parameters.
//!
//! The canonical string escapes nothing in values, so `{a: "1", b: "2"}` and `{a: "1;b:2"}` carry one
//! signature: whoever holds a signed link could take a parameter away by folding it into the value
//! before it. A document in which a value reads as a known parameter is therefore refused.

use serde_json::Value;

use super::canonical::{Entry, entries, php_text, query_entries};
use crate::field::shortened;
use crate::parameters;
use crate::query::Params;

/// A name or value that could hide a parameter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: could be read as another parameter; leave `;` out of it")]
pub struct Folded {
    /// Path of the offending member, joined by `:` and shortened.
    pub path: String,
}

/// Refuses a JSON document whose canonical string could belong to another one.
pub fn check(document: &Value) -> Result<(), Folded> {
    check_entries(&entries(document, &php_text))
}

/// Refuses Payment Page parameters whose canonical string could belong to other ones.
pub fn check_query(params: &Params) -> Result<(), Folded> {
    check_entries(&query_entries(params))
}

pub(super) fn check_entries(entries: &[Entry<'_>]) -> Result<(), Folded> {
    let folded = |entry: &&Entry<'_>| {
        // A `;` in a key lets the end of the line before it pass for the start of this one.
        entry.path.contains(';')
            || hides_a_parameter(&entry.value)
            || reads_as_deeper_path(&entry.path, &entry.value)
    };
    match entries.iter().find(folded) {
        Some(entry) => Err(Folded { path: shortened(&entry.path) }),
        None => Ok(()),
    }
}

/// `…;payment:amount:…` or `…;redirect_success_url:…`: every line begins with a top-level name.
fn hides_a_parameter(value: &str) -> bool {
    value.split(';').skip(1).any(|line| match line.split_once(':') {
        Some((name, _)) => parameters::is_top_level_name(name),
        None => false,
    })
}

/// `{"payment": "amount:5"}` has the line of `{"payment": {"amount": 5}}`.
fn reads_as_deeper_path(path: &str, value: &str) -> bool {
    value
        .match_indices(':')
        .take(parameters::DEEPEST_PATH)
        .any(|(end, _)| value.get(..end).is_some_and(|keys| parameters::is_path_within(path, keys)))
}
