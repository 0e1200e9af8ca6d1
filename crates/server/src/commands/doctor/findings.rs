//! What was found, and what to do about it.

use std::fmt;

use serde::Serialize;

use crate::output::table::plain;

/// All findings, in the order of the checks.
#[derive(Debug, Default, Serialize)]
pub(super) struct Findings {
    checks: Vec<Finding>,
}

#[derive(Debug, Serialize)]
struct Finding {
    check: &'static str,
    result: Health,
    found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    cure: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Health {
    Fine,
    Doubtful,
    Wrong,
}

impl Findings {
    /// Nothing is wrong with it.
    pub(super) fn fine(&mut self, check: &'static str, found: impl Into<String>) {
        self.checks.push(Finding { check, result: Health::Fine, found: found.into(), cure: None });
    }

    /// It works, but may not be meant so.
    pub(super) fn doubtful(
        &mut self,
        check: &'static str,
        found: impl Into<String>,
        cure: impl Into<String>,
    ) {
        self.add(check, Health::Doubtful, found.into(), cure.into());
    }

    /// It does not work.
    pub(super) fn wrong(
        &mut self,
        check: &'static str,
        found: impl Into<String>,
        cure: impl Into<String>,
    ) {
        self.add(check, Health::Wrong, found.into(), cure.into());
    }

    /// Whether nothing is wrong.
    pub(super) fn is_healthy(&self) -> bool {
        self.count(Health::Wrong) == 0
    }

    fn add(&mut self, check: &'static str, result: Health, found: String, cure: String) {
        self.checks.push(Finding { check, result, found, cure: Some(cure) });
    }

    fn count(&self, health: Health) -> usize {
        self.checks.iter().filter(|finding| finding.result == health).count()
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Finding { check, result, found, cure } in &self.checks {
            let mark = match result {
                Health::Fine => "ok",
                Health::Doubtful => "warn",
                Health::Wrong => "WRONG",
            };
            writeln!(f, "  {mark:<5}  {check:<16}  {}", plain(found))?;
            if let Some(cure) = cure {
                writeln!(f, "         {:16}  → {}", "", plain(cure))?;
            }
        }
        match (self.count(Health::Wrong), self.count(Health::Doubtful)) {
            (0, 0) => write!(f, "\nAll is well."),
            (0, doubtful) => write!(f, "\nNothing is wrong. Warnings: {doubtful}."),
            (wrong, doubtful) => write!(f, "\nWrong: {wrong}. Warnings: {doubtful}."),
        }
    }
}
