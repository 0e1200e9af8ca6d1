//! What a world can find wrong.

use domain::time::Millis;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// An invariant that did not hold.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
#[error("{invariant} is broken {} s into the world: {what}", .after.0 / 1_000)]
pub struct Violation {
    /// Which, by its name: `I1` … `I7`, `limit` or `fault`.
    pub invariant: String,
    /// How old the world was.
    pub after: Millis,
    /// What was seen.
    pub what: String,
}

/// Something that is broken, before it is known when.
pub(crate) struct Broken {
    pub(crate) invariant: &'static str,
    pub(crate) what: String,
}

/// What a check comes to.
pub(crate) type Checked = Result<(), Broken>;

/// Refuses what breaks an invariant.
pub(crate) fn ensure(
    holds: bool,
    invariant: &'static str,
    what: impl FnOnce() -> String,
) -> Checked {
    if holds { Ok(()) } else { Err(Broken { invariant, what: what() }) }
}

/// A fault of the platform or of its store, which nothing in a world gives reason to.
pub(crate) fn fault(error: &(dyn std::error::Error + 'static)) -> Broken {
    Broken { invariant: "fault", what: format!("{error}: {error:?}") }
}
