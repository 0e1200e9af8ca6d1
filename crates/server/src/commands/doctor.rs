//! `dwar doctor`: looks for what usually goes wrong with an installation, and says what to do.

mod callbacks;
mod database;
mod findings;
mod machine;
mod projects;
mod provider;
mod reach;
mod serving;
mod settings;

use app::platform::Platform;
use app::project::Project;
use clap::Args;

use self::findings::Findings;
use super::Answer;
use crate::cli::Shared;
use crate::config::{Config, Egress};
use crate::installation::{self, Missing};
use crate::output;
use crate::output::progress::Progress;

/// Look for what usually goes wrong with an installation, and say what to do about it.
///
/// It checks the configuration, the database and its key, the machine, the running server, every
/// project with its Paytm account, and where callbacks go. Paytm is asked after an order that
/// there can't be; callback addresses get an unsigned, empty document, which they must refuse.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dwar doctor
  dwar doctor --config /etc/dwar.toml --deep
  dwar doctor --offline --json

Exit code 0 if nothing is wrong, 1 if something is; warnings don't count.")]
pub(crate) struct Doctor {
    /// Read the whole database file, too.
    #[arg(long)]
    deep: bool,
    /// Contact nobody: neither Paytm nor the addresses of callbacks.
    #[arg(long)]
    offline: bool,
}

impl Doctor {
    /// Checks everything and prints what was found.
    pub(crate) async fn run(self, shared: &Shared) -> anyhow::Result<Answer> {
        let mut findings = Findings::default();
        let progress = Progress::new();
        match shared.config() {
            Ok(config) => self.check(&config, &mut findings, &progress).await,
            Err(error) => findings.wrong(
                "configuration",
                error.to_string(),
                "put it right; dwar config default explains every option",
            ),
        }
        drop(progress);
        output::print(&findings, shared.format())?;
        Ok(if findings.is_healthy() { Answer::Yes } else { Answer::No })
    }

    async fn check(self, config: &Config, findings: &mut Findings, progress: &Progress) {
        progress.show("database…");
        database::check_files(config, findings);
        machine::check(config, findings).await;
        let platform = open(config, findings).await;
        let projects = match &platform {
            Some(platform) => projects(platform, findings).await,
            None => Vec::new(),
        };
        let is_live = projects.iter().any(|project| !project.settings.test_mode);
        settings::check(config, is_live, findings);
        progress.show("server…");
        serving::check(config, platform.as_ref(), findings).await;
        let Some(platform) = platform else { return };
        database::check(&platform, self.deep, findings).await;
        for project in &projects {
            projects::check(&platform, config, project, findings).await;
            if self.offline {
                continue;
            }
            progress.show(&format!("Paytm, for project {}…", project.id.0));
            provider::check_account(&platform, project, findings).await;
            progress.show(&format!("callback address of project {}…", project.id.0));
            callbacks::check_address(config, project, findings).await;
        }
        if !self.offline {
            provider::check_reach(&projects, findings).await;
        }
        callbacks::check_backlog(&platform, findings).await;
    }
}

/// Opens the platform as the server would, but free to reach a provider on this machine.
async fn open(config: &Config, findings: &mut Findings) -> Option<Platform> {
    let mut config = config.clone();
    config.egress = Egress { allow_private: true, allow_http: true };
    match installation::open(&config, Missing::Refuse).await {
        Ok(platform) => Some(platform),
        Err(error) => {
            findings.wrong("database", super::in_one_line(&error), database::cure(&error));
            None
        }
    }
}

async fn projects(platform: &Platform, findings: &mut Findings) -> Vec<Project> {
    match platform.projects_list().await {
        Ok(projects) if projects.is_empty() => {
            findings.doubtful("projects", "there are none yet", "make one: dwar project create");
            projects
        }
        Ok(projects) => {
            findings.fine(
                "master key",
                format!("opens the secrets of every project ({})", projects.len()),
            );
            projects
        }
        Err(error) => {
            let cure = "put the master key back that the secrets were sealed with, from its copy";
            findings.wrong("master key", error.to_string(), cure);
            Vec::new()
        }
    }
}
