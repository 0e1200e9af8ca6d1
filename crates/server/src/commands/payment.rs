//! `dwar payment`: all that is known of a payment.

mod check;
mod link;
mod view;
mod why;
pub(super) mod words;

use anyhow::{Context as _, bail};
use app::platform::Platform;
use app::verbs::PaymentView;
use clap::{Args, Subcommand};
use domain::id::{PaymentId, PaymentKey};

use self::check::Books;
use self::view::Shown;
pub(super) use self::why::Reason;
use super::Answer;
use crate::cli::Shared;
use crate::config::Egress;
use crate::installation::{self, Missing};
use crate::output;

/// Look at payments, and compare them with Paytm's books.
#[derive(Debug, Subcommand)]
pub(crate) enum Payment {
    Show(Show),
    Why(Why),
    Check(Check),
    Link(Box<link::Link>),
}

/// Which payment.
#[derive(Debug, Args)]
struct Which {
    /// The merchant's id of the payment.
    id: String,
    /// The project's number [default: the only project].
    #[arg(long, value_name = "N")]
    project: Option<i64>,
}

/// Show what is known of a payment.
///
/// That is its operations, its history, what the merchant was told, and what happens next.
#[derive(Debug, Args)]
#[command(after_help = "Example: dwar payment show order-17 --project 200")]
pub(crate) struct Show {
    #[command(flatten)]
    which: Which,
}

/// Say in one sentence why a payment is as it is, what happens next, and when.
#[derive(Debug, Args)]
#[command(after_help = "Example: dwar payment why order-17")]
pub(crate) struct Why {
    #[command(flatten)]
    which: Which,
}

/// Ask Paytm now, and say whether both books agree about the sale and its refunds.
///
/// It changes nothing: what Paytm has ended and the platform has not, the platform learns when it
/// asks by itself.
#[derive(Debug, Args)]
#[command(after_help = "\
Example: dwar payment check order-17

Exit code 0 if the books agree, 1 if they differ, if Paytm is ahead, or if its answer is unclear.")]
pub(crate) struct Check {
    #[command(flatten)]
    which: Which,
}

impl Payment {
    /// Carries out the command and prints what came of it.
    pub(crate) async fn run(self, shared: &Shared) -> anyhow::Result<Answer> {
        let mut config = shared.config()?;
        // Operators say themselves where the provider is; a sandbox may be on this machine.
        config.egress = Egress { allow_private: true, allow_http: true };
        let platform = installation::open(&config, Missing::Refuse).await?;
        let format = shared.format();
        match self {
            Self::Show(Show { which: Which { id, project } }) => {
                let view = find(&platform, id, project).await?;
                output::print(&Shown::of(&view, platform.now()), format)?;
            }
            Self::Why(Why { which: Which { id, project } }) => {
                let view = find(&platform, id, project).await?;
                let cut_off = platform.cut_off_endpoints().await?;
                output::print(&Reason::of(&view, &cut_off, platform.now()), format)?;
            }
            Self::Check(Check { which: Which { id, project } }) => {
                let payment = find(&platform, id, project).await?.payment;
                let project = platform.project(payment.key.project()).await?;
                let project = project.context("the project has gone")?;
                let compared = platform.compare_with_provider(&project, &payment).await?;
                let books = Books::of(&payment, &compared);
                output::print(&books, format)?;
                return Ok(if books.agree() { Answer::Yes } else { Answer::No });
            }
            Self::Link(link) => output::print(&link.run(&platform).await?, format)?,
        }
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
