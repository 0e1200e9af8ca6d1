//! `dwar sign`: signs a message as a merchant's program would, and shows what was signed.

use std::fmt;

use clap::Args;
use serde::Serialize;
use serde_json::Value;
use wire::signature;

use super::Answer;
use super::signing::{Message, Secret};
use crate::cli::Shared;
use crate::output;

/// Sign a JSON document or a link to Payment Page, and show the string that is signed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dwar sign request.json --secret SECRET
  dwar sign request.json --signed | curl -d @- http://127.0.0.1:8080/v2/payment/wallet/paytm/sale
  dwar sign 'https://pay.example/payment?project_id=200&payment_id=1&payment_amount=2500'

Without --secret, the secret of the project that the message names is taken from the database.")]
pub(crate) struct Sign {
    /// A file, `-` for standard input, a link, or a query.
    input: Option<String>,
    #[command(flatten)]
    secret: Secret,
    /// Print only the signed document or link, ready to be sent.
    #[arg(long)]
    signed: bool,
}

#[derive(Debug, Serialize)]
struct Signed {
    string: String,
    signature: String,
    #[serde(rename = "signed")]
    message: Value,
}

impl Sign {
    /// Signs and prints.
    pub(crate) async fn run(self, shared: &Shared) -> anyhow::Result<Answer> {
        let message = Message::read(self.input.as_deref())?;
        let secrets = self.secret.find(shared, &message).await?;
        let signed = Signed::of(message, secrets.current())?;
        if self.signed {
            output::write_line(&signed.to_send())?;
        } else {
            output::print(&signed, shared.format())?;
        }
        Ok(Answer::Yes)
    }
}

impl Signed {
    fn of(message: Message, secret: &str) -> anyhow::Result<Self> {
        Ok(match message {
            Message::Document(document) => {
                signature::check(&document)?;
                let string = signature::canonical_string(&document);
                let signature = signature::sign(&document, secret);
                let signed = with_signature(document, &signature);
                Self { string, signature, message: signed }
            }
            Message::Page { base, params } => {
                let unsigned = params.iter().filter(|(name, _)| *name != "signature");
                let params = wire::query::Params::from_pairs(unsigned)?;
                signature::check_query(&params)?;
                let string = signature::canonical_query_string(&params);
                let signature = signature::sign_query(&params, secret);
                let query = params.with("signature", &signature).encode();
                let signed = base.map_or_else(|| query.clone(), |base| format!("{base}?{query}"));
                Self { string, signature, message: Value::String(signed) }
            }
        })
    }

    fn to_send(&self) -> String {
        self.message.as_str().map_or_else(|| self.message.to_string(), str::to_owned)
    }
}

/// Puts the signature where the message's kind has it: inside `general`, or else at the top.
fn with_signature(mut document: Value, signature: &str) -> Value {
    let place = match document.get_mut("general") {
        Some(Value::Object(general)) => Some(general),
        _ => document.as_object_mut(),
    };
    if let Some(members) = place {
        members.insert("signature".to_owned(), Value::String(signature.to_owned()));
    }
    document
}

impl fmt::Display for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "String to sign\n  {}\n", self.string)?;
        writeln!(f, "Signature\n  {}\n", self.signature)?;
        write!(f, "Signed\n  {}", self.to_send())
    }
}
