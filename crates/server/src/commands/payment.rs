//! `dwar payment`: all that is known of a payment.

mod view;
mod words;

use anyhow::{Context as _, bail};
use app::platform::Platform;
use app::verbs::PaymentView;
use clap::{Args, Subcommand};
use domain::id::{PaymentId, PaymentKey};

use self::view::Shown;
use super::Answer;
use crate::cli::Shared;
use crate::installation::{self, Missing};
use crate::output;

/// Look at payments.
#[derive(Debug, Subcommand)]
pub(crate) enum Payment {
    Show(Show),
}

/// Show what is known of a payment.
///
/// That is its operations, its history, what the merchant was told, and what happens next.
#[derive(Debug, Args)]
#[command(after_help = "Example: dwar payment show order-17 --project 200")]
pub(crate) struct Show {
    /// The merchant's id of the payment.
    id: String,
    /// The project's number [default: the only project].
    #[arg(long, value_name = "N")]
    project: Option<i64>,
}

impl Payment {
    /// Prints the payment.
    pub(crate) async fn run(self, shared: &Shared) -> anyhow::Result<Answer> {
        let Self::Show(Show { id, project }) = self;
        let platform = installation::open(&shared.config()?, Missing::Refuse).await?;
        let view = find(&platform, id, project).await?;
        output::print(&Shown::of(&view, platform.now()), shared.format())?;
        Ok(Answer::Yes)
    }
}

/// Finds a payment by its id and perhaps its project.
pub(super) async fn find(
    platform: &Platform,
    id: String,
    project: Option<i64>,
) -> anyhow::Result<PaymentView> {
    let project = installation::project_id(platform, project).await?;
    if platform.project(project).await?.is_none() {
        bail!("there is no project {}; see `dwar project list`", project.0);
    }
    let view = platform.payment_view(PaymentKey::new(project, PaymentId(id.clone()))).await?;
    view.with_context(|| format!("project {} has no payment {id}", project.0))
}
