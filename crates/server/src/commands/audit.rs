//! `dwar audit`: proves that the journal balances and agrees with the payments.

use std::fmt;

use app::audit::Audit as Found;
use clap::Args;
use serde::Serialize;

use super::Answer;
use crate::cli::Shared;
use crate::installation::{self, Missing};
use crate::output::progress::Progress;
use crate::output::table::{Table, plain};
use crate::output::{self, money};

/// Prove that the books are true: the journal balances, and it agrees with every payment.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit code 0 if nothing is wrong, 1 if something is. It may run beside the \
                        server."
)]
pub(crate) struct Audit {}

#[derive(Debug, Serialize)]
struct Report {
    clean: bool,
    payments: u64,
    balances: Vec<Balance>,
    unbalanced: Vec<Difference>,
    disagreements: Vec<Disagreement>,
}

#[derive(Debug, Serialize)]
struct Balance {
    account: &'static str,
    currency: String,
    amount: i64,
}

#[derive(Debug, Serialize)]
struct Difference {
    currency: String,
    amount: i64,
}

#[derive(Debug, Serialize)]
struct Disagreement {
    project: i64,
    payment: String,
    what: String,
}

impl Audit {
    /// Audits and prints.
    pub(crate) async fn run(self, shared: &Shared) -> anyhow::Result<Answer> {
        let platform = installation::open(&shared.config()?, Missing::Refuse).await?;
        let progress = Progress::new();
        let compared = |payments| progress.show(&format!("{payments} payments compared…"));
        let found = platform.audit(compared).await?;
        drop(progress);
        let report = Report::of(&found);
        output::print(&report, shared.format())?;
        Ok(if report.clean { Answer::Yes } else { Answer::No })
    }
}

impl Report {
    fn of(found: &Found) -> Self {
        let balances = found.balances.iter().map(|balance| Balance {
            account: balance.account.name(),
            currency: balance.currency.clone(),
            amount: balance.minor,
        });
        let unbalanced = found
            .unbalanced
            .iter()
            .map(|(currency, minor)| Difference { currency: currency.clone(), amount: *minor });
        let disagreements = found.disagreements.iter().map(|it| Disagreement {
            project: it.payment.project().0,
            payment: it.payment.payment().0.clone(),
            what: it.what.clone(),
        });
        Self {
            clean: found.is_clean(),
            payments: found.payments,
            balances: balances.collect(),
            unbalanced: unbalanced.collect(),
            disagreements: disagreements.collect(),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.clean {
            writeln!(f, "The books are true. Payments compared: {}.", self.payments)?;
        } else {
            writeln!(f, "THE BOOKS ARE WRONG. Payments compared: {}.", self.payments)?;
        }
        let mut balances = Table::default();
        for balance in &self.balances {
            let amount = money::signed(balance.amount, &balance.currency);
            balances.row([balance.account, &balance.currency, &amount]);
        }
        balances.fmt(f)?;
        for difference in &self.unbalanced {
            let amount = money::signed(difference.amount, &difference.currency);
            writeln!(f, "The accounts in {} sum to {amount}, not to zero.", difference.currency)?;
        }
        for it in &self.disagreements {
            writeln!(f, "Payment {} of project {}: {}", plain(&it.payment), it.project, it.what)?;
        }
        Ok(())
    }
}
