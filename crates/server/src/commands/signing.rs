//! What `dwar sign` and `dwar verify` share: reading what is signed, and finding the secret.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use app::platform::Platform;
use app::project::Project;
use clap::Args;
use domain::id::ProjectId;
use serde_json::Value;
use wire::query::Params;

use super::Usage;
use crate::cli::Shared;
use crate::installation::{self, Missing};

/// Whose secret.
#[derive(Debug, Args)]
pub(super) struct Secret {
    /// The secret itself.
    #[arg(long, env = "DWAR_SECRET", hide_env_values = true)]
    secret: Option<String>,
    /// The project whose secret it is [default: the one the message names].
    #[arg(long, value_name = "N")]
    project: Option<i64>,
}

/// A message that is or will be signed.
#[derive(Debug)]
pub(super) enum Message {
    /// A request, an answer or a callback.
    Document(Value),
    /// Parameters of Payment Page, and the address before them if there was one.
    Page {
        /// Up to the `?`.
        base: Option<String>,
        /// The parameters.
        params: Params,
    },
}

/// Secrets that a message may be signed with, and others to try when it isn't.
pub(super) struct Secrets {
    /// The ones accepted, the current one first.
    pub(super) accepted: Vec<String>,
    /// Names and secrets of others.
    pub(super) others: Vec<(String, String)>,
}

impl Message {
    /// Reads a file, standard input (`-`, or nothing), a link, or a query.
    pub(super) fn read(argument: Option<&str>) -> anyhow::Result<Self> {
        let argument = argument.unwrap_or("-");
        let is_link = argument.starts_with("http://") || argument.starts_with("https://");
        let text = if argument == "-" {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).context("cannot read standard input")?;
            text
        } else if is_link || (argument.contains('=') && !Path::new(argument).exists()) {
            argument.to_owned()
        } else {
            fs::read_to_string(argument).with_context(|| format!("cannot read {argument}"))?
        };
        Self::parse(text.trim())
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        if text.starts_with('{') {
            let document = wire::json::parse_strict(text.as_bytes());
            return Ok(Self::Document(document.context("not a JSON document that can be signed")?));
        }
        let (base, query) = match text.split_once('?') {
            Some((base, query)) => (Some(base).filter(|base| !base.is_empty()), query),
            None => (None, text),
        };
        if !query.contains('=') {
            return Err(Usage("expected a JSON document, a link or a query".to_owned()).into());
        }
        let query = query.split('#').next().unwrap_or(query);
        Ok(Self::Page { base: base.map(str::to_owned), params: Params::decode(query.as_bytes())? })
    }

    /// The signature it carries.
    pub(super) fn signature(&self) -> Option<&str> {
        match self {
            Self::Document(document) => wire::signature::given(document),
            Self::Page { params, .. } => params.get("signature"),
        }
    }

    fn project(&self) -> Option<i64> {
        let number = |value: &Value| match value {
            Value::String(text) => text.parse().ok(),
            Value::Number(number) => number.as_i64(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        };
        match self {
            Self::Document(document) => document
                .pointer("/general/project_id")
                .or_else(|| document.get("project_id"))
                .and_then(number),
            Self::Page { params, .. } => params.get("project_id")?.parse().ok(),
        }
    }
}

impl Secret {
    /// The secret given, or else the secrets of the project.
    pub(super) async fn find(&self, shared: &Shared, message: &Message) -> anyhow::Result<Secrets> {
        if let Some(secret) = &self.secret {
            return Ok(Secrets { accepted: vec![secret.clone()], others: Vec::new() });
        }
        let named = self.project.or_else(|| message.project());
        let platform = installation::open(&shared.config()?, Missing::Refuse)
            .await
            .context("--secret is not given, so the secret is looked for in the database")?;
        Self::of_project(&platform, named).await
    }

    async fn of_project(platform: &Platform, named: Option<i64>) -> anyhow::Result<Secrets> {
        let id = installation::project_id(platform, named).await?;
        let (mut ours, others): (Vec<Project>, Vec<Project>) =
            platform.projects_list().await?.into_iter().partition(|it| it.id == id);
        let Some(project) = ours.pop() else { bail!("{}", unknown(id)) };
        let others = others.iter().flat_map(|other| {
            let name = format!("that of project {} ({})", other.id.0, other.name);
            other.accepted_secrets().into_iter().map(move |it| (name.clone(), it.to_owned()))
        });
        Ok(Secrets {
            accepted: project.accepted_secrets().into_iter().map(str::to_owned).collect(),
            others: others.collect(),
        })
    }
}

fn unknown(id: ProjectId) -> String {
    format!("there is no project {} in the database; give --secret or --project", id.0)
}

impl Secrets {
    /// The one to sign with.
    pub(super) fn current(&self) -> &str {
        self.accepted.first().map_or("", String::as_str)
    }

    /// All accepted ones.
    pub(super) fn accepted(&self) -> Vec<&str> {
        self.accepted.iter().map(String::as_str).collect()
    }

    /// The other ones with their names.
    pub(super) fn others(&self) -> Vec<(&str, &str)> {
        self.others.iter().map(|(name, secret)| (name.as_str(), secret.as_str())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_told_apart() {
        let project = |text| Message::parse(text).unwrap().project();
        assert_eq!(project(r#"{"general":{"project_id":200}}"#), Some(200));
        assert_eq!(project(r#"{"project_id":"7"}"#), Some(7));
        assert_eq!(project("https://pay.example/payment?project_id=198&a=b#top"), Some(198));
        assert_eq!(project("project_id=198"), Some(198));
        assert!(Message::parse("hello").unwrap_err().is::<Usage>());
        let twice = Message::parse(r#"{"a":1,"a":2}"#).unwrap_err();
        assert!(format!("{twice:#}").ends_with("the member \"a\" is given twice"), "{twice:#}");
    }
}
