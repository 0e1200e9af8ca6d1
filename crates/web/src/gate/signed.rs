//! From bytes to a document that may be believed: parsed once, strictly, and signed by the
//! project that it names.

use std::sync::Arc;

use app::platform::Platform;
use app::project::Project;
use domain::code::Code;
use domain::id::ProjectId;
use serde_json::Value;
use wire::signature::{self, VerifyError};
use wire::{explain, json};

use super::Action;
use crate::error::Problem;

/// Stands in for the secret of a project that does not exist, so that refusing takes as long.
const NO_SECRET: &str = "no project has this secret: it is only there to spend the same time";

/// A request that a project has signed.
pub(super) struct Signed {
    /// The project.
    pub(super) project: Arc<Project>,
    /// All that was signed.
    pub(super) document: Value,
}

impl Signed {
    /// Believes a body, or says why not.
    pub(super) async fn read<A: Action>(platform: &Platform, body: &[u8]) -> Result<Self, Problem> {
        let document = json::parse_strict(body).map_err(|error| Problem::not_json(&error))?;
        if !document.is_object() {
            return Err(Problem::not_an_object());
        }
        let Some(id) = document.pointer(A::PROJECT).and_then(project_id) else {
            let errors = A::parse(&document).err().unwrap_or_default();
            return Err(Problem::wrong_parameters(&errors));
        };
        let project = platform.project(id).await?;
        let given = signature::given(&document).unwrap_or_default();
        let secrets =
            project.as_ref().map_or_else(|| vec![NO_SECRET], |project| project.accepted_secrets());
        let verdict = signature::verify(&document, given, &secrets);
        let Some(project) = project else {
            let detail = format!("there is no project {}", id.0);
            return Err(Problem::refused(Code::ProjectNotFound, &detail));
        };
        match verdict {
            Ok(()) => Ok(Self { project, document }),
            Err(error) => Err(refusal(&project, &document, given, &error)),
        }
    }
}

/// A project number as clients write it: a number, or its digits.
fn project_id(value: &Value) -> Option<ProjectId> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(digits) => digits.parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
    .map(ProjectId)
}

/// Says what is wrong with a signature; to the developer of a test project, in full.
fn refusal(project: &Project, document: &Value, given: &str, error: &VerifyError) -> Problem {
    let code = match error {
        VerifyError::Empty => Code::EmptySignature,
        VerifyError::Malformed | VerifyError::Mismatch | VerifyError::Folded(_) => {
            Code::InvalidSignature
        }
    };
    if !project.settings.test_mode {
        return Problem::not_believed(code, &error.to_string(), None);
    }
    let finding = explain::diagnose(document, given, project.signing_secret(), &[]);
    let expected = format!("The string to sign is: {}", explain::expected_string(document));
    Problem::not_believed(code, &finding.to_string(), Some(expected))
}
