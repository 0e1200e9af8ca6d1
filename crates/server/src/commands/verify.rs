//! `dwar verify`: says whether a signature is right, and if not, what was done differently.

use std::fmt;

use clap::Args;
use serde::Serialize;
use wire::explain::{self, Finding};
use wire::signature;

use super::Answer;
use super::signing::{Message, Secret, Secrets};
use crate::cli::Shared;
use crate::output;

/// Say whether a message's signature is right, and if not, what was done differently.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dwar verify callback.json
  dwar verify request.json --string \"$(cat what-my-program-signed.txt)\"
  dwar verify 'https://pay.example/payment?project_id=200&…&signature=…' --secret SECRET

Exit code 0 if the signature is right, 1 if it is wrong or missing.")]
pub(crate) struct Verify {
    /// A file, `-` for standard input, a link, or a query.
    input: Option<String>,
    #[command(flatten)]
    secret: Secret,
    /// The signature, if the message doesn't carry it.
    #[arg(long, value_name = "BASE64")]
    signature: Option<String>,
    /// The string that your program signed, to see where it differs.
    #[arg(long, value_name = "TEXT")]
    string: Option<String>,
}

#[derive(Debug, Serialize)]
struct Verdict {
    correct: bool,
    explanation: String,
    string: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    difference: Option<String>,
}

impl Verify {
    /// Verifies and prints.
    pub(crate) async fn run(self, shared: &Shared) -> anyhow::Result<Answer> {
        let message = Message::read(self.input.as_deref())?;
        let secrets = self.secret.find(shared, &message).await?;
        let given = self.signature.as_deref().or(message.signature()).unwrap_or_default();
        let finding = finding(&message, given, &secrets);
        let string = match &message {
            Message::Document(document) => explain::expected_string(document),
            Message::Page { params, .. } => explain::expected_query_string(params),
        };
        let theirs = self.string.as_deref().map(str::trim);
        let difference = theirs.and_then(|theirs| explain::first_difference(&string, theirs));
        let verdict = Verdict {
            correct: finding == Finding::Correct,
            explanation: finding.to_string(),
            string,
            difference: difference.map(|difference| difference.to_string()),
        };
        output::print(&verdict, shared.format())?;
        Ok(if verdict.correct { Answer::Yes } else { Answer::No })
    }
}

fn finding(message: &Message, given: &str, secrets: &Secrets) -> Finding {
    let (current, others) = (secrets.current(), secrets.others());
    let verified = match message {
        Message::Document(document) => {
            signature::verify(document, given, &secrets.accepted()).is_ok()
        }
        Message::Page { params, .. } => {
            signature::verify_query(params, given, &secrets.accepted()).is_ok()
        }
    };
    match message {
        _ if verified => Finding::Correct,
        Message::Document(document) => explain::diagnose(document, given, current, &others),
        Message::Page { params, .. } => explain::diagnose_query(params, given, current, &others),
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.explanation)?;
        if let Some(difference) = &self.difference {
            write!(f, "\n{difference}")?;
        }
        if !self.correct && !self.explanation.contains(&self.string) {
            write!(f, "\nThe string to sign is: {}", self.string)?;
        }
        Ok(())
    }
}
