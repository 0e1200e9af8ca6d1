//! One callback as it was received: what it says, and whether to believe it.

use std::fmt;

use app::project::Project;
use domain::money::{Amount, Currency};
use domain::time::Timestamp;
use serde::Serialize;
use serde_json::Value;
use wire::callback::Callback;
use wire::explain::Finding;
use wire::{explain, json, signature};

use crate::output::table::plain;
use crate::output::{money, time};

/// The secrets that callbacks may be signed with.
pub(super) enum Known {
    /// This one, whatever the project.
    Secret(String),
    /// Those of each project.
    Projects(Vec<Project>),
}

/// What was received.
#[derive(Debug, Serialize)]
pub(super) struct Received {
    at: String,
    /// Whether the signature is right and the callback can be read.
    pub(super) verified: bool,
    /// What is wrong with it, or with forwarding it.
    pub(super) problem: Option<String>,
    webhook_id: Option<String>,
    /// Whether the same one came before.
    again: bool,
    /// The status that was answered.
    pub(super) answered: u16,
    /// The document, believed or not.
    callback: Value,
    #[serde(skip)]
    at_text: String,
    #[serde(skip)]
    read: Option<Callback>,
}

impl Known {
    /// The secrets of a project.
    fn of(&self, project: i64) -> Vec<&str> {
        match self {
            Self::Secret(secret) => vec![secret],
            Self::Projects(projects) => projects
                .iter()
                .filter(|it| it.id.0 == project)
                .flat_map(Project::accepted_secrets)
                .collect(),
        }
    }
}

impl Received {
    pub(super) fn new(
        known: &Known,
        body: &[u8],
        webhook_id: Option<String>,
        again: bool,
        now: Timestamp,
    ) -> Self {
        let (callback, read) = match json::parse_strict(body) {
            Ok(document) => {
                let read = read(known, body, &document);
                (document, read)
            }
            Err(error) => (Value::Null, Err(format!("not a document that can be signed: {error}"))),
        };
        let (read, problem) = match read {
            Ok(read) => (Some(read), None),
            Err(problem) => (None, Some(problem)),
        };
        Self {
            at: wire::date::format(now.0),
            verified: read.is_some(),
            problem,
            webhook_id,
            again,
            answered: 0,
            callback,
            at_text: time::precise(now),
            read,
        }
    }
}

/// Reads a callback if it is signed, or says what is wrong with it.
fn read(known: &Known, body: &[u8], document: &Value) -> Result<Callback, String> {
    let Some(project) = document.get("project_id").and_then(Value::as_i64) else {
        return Err("not a callback: it has no project_id".to_owned());
    };
    let secrets = known.of(project);
    let Some(current) = secrets.first() else {
        return Err(format!("the database has no project {project}; give its secret by --secret"));
    };
    Callback::verify_and_parse(body, &secrets).map_err(|error| {
        let given = signature::given(document).unwrap_or_default();
        if signature::verify(document, given, &secrets).is_ok() {
            return error.to_string();
        }
        let finding = explain::diagnose(document, given, current, &[]);
        // The string to sign is long, and the document itself is printed with --json.
        if let Finding::Unexplained { .. } = finding {
            return "the signature is wrong: the secret differs, or the document changed after it \
                    was signed"
                .to_owned();
        }
        finding.to_string()
    })
}

impl fmt::Display for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}  ", self.at_text)?;
        match &self.read {
            Some(read) => write_read(f, read)?,
            None => f.write_str("NOT VERIFIED")?,
        }
        let again = if self.again { "  (again)" } else { "" };
        write!(f, "{again}  answered {}", self.answered)?;
        self.problem.as_ref().map_or(Ok(()), |problem| write!(f, "\n    {problem}"))
    }
}

fn write_read(f: &mut fmt::Formatter<'_>, read: &Callback) -> fmt::Result {
    let payment = &read.payment;
    write!(f, "{}/{}  {}", read.project_id, plain(&payment.id), payment.status)?;
    if let Some(operation) = &read.operation {
        let (minor, code) = (operation.sum_initial.amount, &operation.sum_initial.currency);
        let known = Currency::from_code(code).and_then(|code| Amount::new(minor, code).ok());
        let sum = known.map_or_else(|| format!("{minor} {code}"), money::amount);
        let (kind, status, message) = (operation.kind, operation.status, &operation.message);
        write!(f, "  {kind} {sum} {status}, {} {message}", operation.code)?;
    }
    if read.redirect_data.is_some() {
        f.write_str("  (send the customer on)")?;
    }
    Ok(())
}
