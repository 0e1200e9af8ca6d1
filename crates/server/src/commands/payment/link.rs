//! `dwar payment link`: a signed link to Payment Page, to send to a customer.

use std::fmt;

use anyhow::{Context as _, bail};
use app::platform::Platform;
use clap::Args;
use domain::id::{PaymentId, PaymentKey};
use domain::money::Amount;
use serde::Serialize;
use wire::callback::Sum;
use wire::query::Params;

use crate::commands::Usage;
use crate::commands::when::When;
use crate::installation;
use crate::output::money;

/// Make a signed link to Payment Page, to send to a customer.
///
/// Nothing is stored until the customer confirms on the page. The link can't be changed without
/// the signature becoming wrong, and pays once: the payment id is taken then.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dwar payment link order-18 --amount 249
  dwar payment link order-18 --amount 249 --expires 2h --description 'Two kilos of tea' --language hi")]
pub(crate) struct Link {
    /// The merchant's id of the payment to come.
    id: String,
    /// How much, in rupees.
    #[arg(long, value_name = "RUPEES", value_parser = money::parse_rupees)]
    amount: Amount,
    /// The merchant's id of the customer.
    #[arg(long, value_name = "ID", default_value = "guest")]
    customer: String,
    /// Shown to the customer, and told in callbacks.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// The language of the page, such as hi; else the browser's.
    #[arg(long, value_name = "CODE")]
    language: Option<String>,
    /// Until when it can be used: a moment, or a length of time from now.
    #[arg(long, value_name = "TIME", default_value = "24h")]
    expires: When,
    /// Scheme and host of Payment Page [default: public.url of the configuration].
    #[arg(long, value_name = "URL")]
    page: Option<String>,
    /// The project's number [default: the only project].
    #[arg(long, value_name = "N")]
    project: Option<i64>,
}

/// The link.
#[derive(Debug, Serialize)]
pub(super) struct Made {
    link: String,
    project: i64,
    payment: String,
    amount: Sum,
    expires: String,
}

impl Link {
    /// Makes the link.
    pub(super) async fn run(self, platform: &Platform) -> anyhow::Result<Made> {
        let id = installation::project_id(platform, self.project).await?;
        let project = platform
            .project(id)
            .await?
            .with_context(|| format!("there is no project {}; see dwar project list", id.0))?;
        let key = PaymentKey::new(id, PaymentId(self.id.clone()));
        if platform.payment(key).await?.is_some() {
            bail!("payment {} exists already; a link is for a payment to come", self.id);
        }
        let expires = self.expires.after(platform.now());
        if expires <= platform.now() {
            return Err(Usage("--expires has passed already".to_owned()).into());
        }
        let (project_id, amount) = (id.0.to_string(), self.amount.minor().to_string());
        let given = [
            ("project_id", Some(project_id.as_str())),
            ("payment_id", Some(&self.id)),
            ("payment_amount", Some(&amount)),
            ("payment_currency", Some(self.amount.currency().code())),
            ("customer_id", Some(&self.customer)),
            ("payment_description", self.description.as_deref()),
            ("language_code", self.language.as_deref()),
        ];
        let given = given.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let params = Params::from_pairs(given)?;
        wire::signature::check_query(&params).context("this can't be signed safely")?;
        let page = self.page.as_deref().unwrap_or(platform.public_url());
        Ok(Made {
            link: web::page::link(page, &params, project.signing_secret(), expires),
            project: id.0,
            payment: self.id,
            amount: money::sum(self.amount),
            expires: wire::date::format(expires.0),
        })
    }
}

impl fmt::Display for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.link)
    }
}
