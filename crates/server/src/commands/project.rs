//! `dwar project`: making, showing and changing merchants' projects.

mod branding;
mod settings;
mod view;

use anyhow::{Context as _, bail};
use app::platform::Platform;
use app::project::{PaytmSettings, Project as Opened, Settings};
use app::verbs::NewProject;
use clap::{Args, Subcommand};
use domain::id::ProjectId;

use self::settings::Changes;
use self::view::{Created, List, Rotated, Shown};
use super::{Answer, Usage};
use crate::cli::Shared;
use crate::installation::{self, Missing};
use crate::output;

const STAGING: &str = "https://securestage.paytmpayments.com";
const PRODUCTION: &str = "https://secure.paytmpayments.com";

/// Make, show and change projects: what merchants sign with, and their accounts at Paytm.
#[derive(Debug, Subcommand)]
pub(crate) enum Project {
    Create(Box<Create>),
    /// List all projects.
    List,
    Show(Show),
    RotateKey(RotateKey),
    Set(Box<Set>),
}

/// Make a project, and print its secret.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dwar project create 'Tea shop' --paytm-mid TEASHO12345678901234 --paytm-key-file paytm.key \\
      --callback-url https://tea.example/callback
  dwar project create Trial --test --paytm-mid MID --paytm-key KEY --paytm-url http://127.0.0.1:8095")]
pub(crate) struct Create {
    /// The project's name, as people read it.
    name: String,
    /// Its number, which merchants send with every request [default: the next free one].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..1 << 53))]
    id: Option<i64>,
    /// The secret it signs with [default: a random one].
    #[arg(long)]
    secret: Option<String>,
    #[command(flatten)]
    changes: Changes,
}

/// Show a project.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// Its number [default: the only project].
    id: Option<i64>,
    /// Show its secrets too.
    #[arg(long)]
    secrets: bool,
}

/// Give a project a new signing secret.
///
/// The one before it is accepted until the next rotation, so that the merchant can change over
/// without a gap. Callbacks are signed with the new one from now on.
#[derive(Debug, Args)]
pub(crate) struct RotateKey {
    /// Its number [default: the only project].
    id: Option<i64>,
}

/// Change a project.
///
/// A running server takes the change over within a second.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dwar project set 200 --callback-url https://tea.example/paid --limit-minutes 30
  dwar project set 200 --display-name 'Tea & Co' --logo logo.svg --accent '#0a7c42'")]
pub(crate) struct Set {
    /// Its number.
    id: i64,
    /// Its name.
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    changes: Changes,
}

impl Project {
    /// Carries out the command and prints what came of it.
    pub(crate) async fn run(self, shared: &Shared) -> anyhow::Result<Answer> {
        let (config, format) = (shared.config()?, shared.format());
        let missing = match self {
            Self::Create(_) => Missing::Create,
            Self::List | Self::Show(_) | Self::RotateKey(_) | Self::Set(_) => Missing::Refuse,
        };
        let platform = installation::open(&config, missing).await?;
        match self {
            Self::Create(create) => output::print(&create.run(&platform).await?, format)?,
            Self::List => output::print(&List::of(&platform.projects_list().await?), format)?,
            Self::Show(show) => output::print(&show.run(&platform).await?, format)?,
            Self::RotateKey(rotate) => output::print(&rotate.run(&platform).await?, format)?,
            Self::Set(set) => output::print(&set.run(&platform).await?, format)?,
        }
        Ok(Answer::Yes)
    }
}

impl Create {
    async fn run(self, platform: &Platform) -> anyhow::Result<Created> {
        let Self { name, id, secret, changes } = self;
        let Some(mid) = changes.paytm_mid.clone() else {
            return Err(
                Usage("--paytm-mid is missing: the merchant id of the account".into()).into()
            );
        };
        let Some(paytm_key) = changes.paytm_key()? else {
            return Err(Usage("--paytm-key or --paytm-key-file is missing".into()).into());
        };
        let test = changes.test == Some(true);
        let (base_url, website) =
            if test { (STAGING, "WEBSTAGING") } else { (PRODUCTION, "DEFAULT") };
        let mut settings = Settings::new(PaytmSettings {
            mid,
            base_url: base_url.to_owned(),
            website: website.to_owned(),
            modes: vec![paytm::account::Mode::upi().to_string()],
        });
        changes.apply(&mut settings)?;
        taken(platform, id, &name).await?;
        let new = NewProject { id, name, secret, paytm_key, settings };
        let project = platform.create_project(new).await?;
        Ok(Created::new(&project))
    }
}

impl Show {
    async fn run(self, platform: &Platform) -> anyhow::Result<Shown> {
        let id = installation::project_id(platform, self.id).await?;
        let view = platform.project_view(id).await?.with_context(|| unknown(id))?;
        Ok(Shown::of(&view.project, Some(view.base_time), self.secrets))
    }
}

impl RotateKey {
    async fn run(self, platform: &Platform) -> anyhow::Result<Rotated> {
        let id = installation::project_id(platform, self.id).await?;
        let project = find(platform, id).await?;
        Ok(Rotated::new(&platform.rotate_key(project).await?))
    }
}

impl Set {
    async fn run(self, platform: &Platform) -> anyhow::Result<Shown> {
        let mut project = find(platform, ProjectId(self.id)).await?;
        let before = (project.name.clone(), project.settings.clone(), project.keys.clone());
        if let Some(name) = self.name {
            taken(platform, None, &name).await?;
            project.name = name;
        }
        self.changes.apply(&mut project.settings)?;
        if let Some(key) = self.changes.paytm_key()? {
            project.keys.paytm = key;
        }
        if before == (project.name.clone(), project.settings.clone(), project.keys.clone()) {
            return Err(Usage("nothing changes; see `dwar project set --help`".into()).into());
        }
        platform.save_project(&project).await?;
        Ok(Shown::of(&project, None, false))
    }
}

async fn find(platform: &Platform, id: ProjectId) -> anyhow::Result<Opened> {
    let project = platform.project(id).await?.with_context(|| unknown(id))?;
    Ok(Opened::clone(&project))
}

fn unknown(id: ProjectId) -> String {
    format!("there is no project {}; see `dwar project list`", id.0)
}

/// Refuses a number or a name that another project has.
async fn taken(platform: &Platform, id: Option<i64>, name: &str) -> anyhow::Result<()> {
    for other in platform.projects_list().await? {
        if Some(other.id.0) == id {
            bail!("project {} exists already: {}", other.id.0, other.name);
        }
        if other.name == name {
            bail!("project {} has this name already", other.id.0);
        }
    }
    Ok(())
}
