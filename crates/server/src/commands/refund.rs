//! `dwar refund`: gives a payment back, whole or in part, as a merchant's request would.

use std::fmt;

use anyhow::Context as _;
use clap::Args;
use domain::code::Code;
use domain::money::Amount;
use domain::refund::RefundState;
use serde::Serialize;
use serde_json::{Map, Value, json};
use wire::callback::Sum;
use wire::gate::RefundRequest;

use super::{Answer, Usage, payment, refused};
use crate::cli::Shared;
use crate::installation::{self, Missing};
use crate::output::table::plain;
use crate::output::{self, money};

/// Give a payment back, whole or in part.
///
/// A running server sends the refund to Paytm within a second; without one it is sent when one
/// starts.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dwar refund order-17                    all that is left
  dwar refund order-17 --amount 12.50 --refund-id return-4

Exit code 1 also when the refund was declined, for instance because less is left.")]
pub(crate) struct Refund {
    /// The merchant's id of the payment.
    payment: String,
    /// How much, in rupees [default: all that is left].
    #[arg(long, value_name = "RUPEES", value_parser = money::parse_rupees)]
    amount: Option<Amount>,
    /// The project's number [default: the only project].
    #[arg(long, value_name = "N")]
    project: Option<i64>,
    /// An id of this refund, unique in the project: with it, a repeated command refunds once.
    #[arg(long = "refund-id", value_name = "ID")]
    id: Option<String>,
    /// Why, for the merchant's books.
    #[arg(long, value_name = "TEXT", default_value = "Refunded by the operator")]
    description: String,
}

/// What became of the refund.
#[derive(Debug, Serialize)]
struct Refunded {
    payment: String,
    request_id: String,
    operation: i64,
    amount: Sum,
    declined: Option<Declined>,
    #[serde(skip)]
    amount_text: String,
    #[serde(skip)]
    left_text: String,
}

#[derive(Debug, Serialize)]
struct Declined {
    code: u32,
    message: &'static str,
}

impl Refund {
    /// Accepts the refund and prints what became of it.
    pub(crate) async fn run(self, shared: &Shared) -> anyhow::Result<Answer> {
        let platform = installation::open(&shared.config()?, Missing::Refuse).await?;
        let before = payment::find(&platform, self.payment.clone(), self.project).await?;
        let id = before.payment.key.project();
        let project = platform.project(id).await?.context("the project has gone")?;

        let request = self.request(id.0)?;
        let accepted = platform.start_refund(&project, request).await.map_err(refused)?;
        let after = payment::find(&platform, self.payment.clone(), Some(id.0)).await?.payment;
        let refund = after.refunds.iter().find(|refund| refund.request == accepted);
        let refund = refund.context("the accepted refund is not in the database")?;

        let declined = match refund.state {
            RefundState::Declined { code } => Some(Declined::of(code)),
            RefundState::Queued
            | RefundState::Sent { .. }
            | RefundState::Pending { .. }
            | RefundState::Refunded { .. } => None,
        };
        let answer = if declined.is_some() { Answer::No } else { Answer::Yes };
        let currency = after.terms.amount.currency().code();
        let report = Refunded {
            payment: self.payment,
            request_id: accepted.0,
            operation: refund.id.0,
            amount: money::sum(refund.amount),
            declined,
            amount_text: money::amount(refund.amount),
            left_text: money::signed(after.balance().remaining(), currency),
        };
        output::print(&report, shared.format())?;
        Ok(answer)
    }

    /// The request that a merchant would send. Its texts are held to the same rules.
    fn request(&self, project: i64) -> Result<RefundRequest, Usage> {
        let mut payment = Map::new();
        payment.insert("description".to_owned(), json!(self.description));
        if let Some(amount) = self.amount {
            payment.insert("amount".to_owned(), json!(amount.minor()));
            payment.insert("currency".to_owned(), json!(amount.currency().code()));
        }
        if let Some(id) = &self.id {
            payment.insert("merchant_refund_id".to_owned(), json!(id));
        }
        let document = json!({
            "general": {"project_id": project, "payment_id": self.payment},
            "payment": Value::Object(payment),
        });
        RefundRequest::parse(&document).map_err(|errors| {
            let told = errors.iter().map(|error| {
                format!("{} is {}; expected {}", error.path, error.sent, error.expected)
            });
            Usage(told.collect::<Vec<_>>().join("; "))
        })
    }
}

impl Declined {
    fn of(code: Code) -> Self {
        Self { code: code.number(), message: code.message() }
    }
}

impl fmt::Display for Refunded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (payment, amount) = (plain(&self.payment), &self.amount_text);
        match &self.declined {
            Some(Declined { code, message }) => writeln!(
                f,
                "Refund of {amount} declined: {code} {message}. {} can be refunded.",
                self.left_text
            )?,
            None => writeln!(f, "Refund of {amount} accepted as operation {}.", self.operation)?,
        }
        write!(f, "See what becomes of it: dwar payment show {payment}")
    }
}
