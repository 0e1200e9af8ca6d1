//! `dwar rates`: the exchange rates that sales are converted at.

use std::fmt;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use domain::fx::Rate;
use domain::money::Currency;
use serde::Serialize;
use store::rates::RateRow;

use super::{Answer, when};
use crate::cli::Shared;
use crate::installation::{self, Missing};
use crate::output;
use crate::output::table::Table;

/// Show, set and import exchange rates.
///
/// A project that is settled in another currency than the rupee needs the rates of both. They are
/// quoted as the European Central Bank does: units of the currency for one euro. A sale is
/// converted at the rate of its day, or of the last day before it that has one; its refunds
/// follow the sale.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  dwar rates                               what is in force today
  dwar rates set USD 1.0891
  dwar rates set INR 91.2345 --day 2026-11-20
  curl -s https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml | dwar rates import -"
)]
pub(crate) struct Rates {
    #[command(subcommand)]
    change: Option<Change>,
    /// Show the rates in force on this day [default: today].
    #[arg(long, value_parser = when::day, value_name = "DAY")]
    day: Option<String>,
}

/// Changes of rates.
#[derive(Debug, Subcommand)]
enum Change {
    Set(Set),
    Import(Import),
}

/// Set the rate of a currency for a day; one that is there is replaced.
#[derive(Debug, Args)]
struct Set {
    /// Its code in ISO 4217.
    #[arg(value_parser = currency)]
    currency: Currency,
    /// Units of it for one euro, such as 91.2345.
    rate: Rate,
    /// The day it holds from [default: today].
    #[arg(long, value_parser = when::day, value_name = "DAY")]
    day: Option<String>,
}

/// Import the European Central Bank's daily file, eurofxref-daily.xml.
#[derive(Debug, Args)]
struct Import {
    /// The file, or `-` for standard input.
    file: PathBuf,
}

/// Rates, and what they are.
#[derive(Debug, Serialize)]
struct Report {
    /// What is listed, for people.
    #[serde(skip)]
    title: String,
    day: String,
    rates: Vec<Shown>,
}

#[derive(Debug, Serialize)]
struct Shown {
    currency: &'static str,
    rate: String,
    day: String,
    source: String,
    set_at: String,
}

impl Rates {
    /// Shows or changes rates, and prints them.
    pub(crate) async fn run(self, shared: &Shared) -> anyhow::Result<Answer> {
        let platform = installation::open(&shared.config()?, Missing::Refuse).await?;
        let today = platform.today();
        let report = match self.change {
            None => {
                let day = self.day.unwrap_or(today);
                let rates = platform.rates(day.clone()).await?;
                Report::of(format!("Rates in force on {day}, for one euro:"), day, &rates)
            }
            Some(Change::Set(Set { currency, rate, day })) => {
                let day = day.unwrap_or(today);
                platform.set_rate(currency, day.clone(), rate).await?;
                let mut rates = platform.rates(day.clone()).await?;
                rates.retain(|row| row.currency == currency);
                Report::of("Set:".to_owned(), day, &rates)
            }
            Some(Change::Import(Import { file })) => {
                let rates = platform.import_rates(&read(&file)?).await?;
                Report::of(format!("Imported {} rates:", rates.len()), today, &rates)
            }
        };
        output::print(&report, shared.format())?;
        Ok(Answer::Yes)
    }
}

fn read(file: &Path) -> anyhow::Result<String> {
    if file.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("cannot read standard input")?;
        return Ok(text);
    }
    fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

fn currency(text: &str) -> Result<Currency, &'static str> {
    match Currency::from_code(text) {
        Some(euro) if euro.code() == "EUR" => Err("the euro needs no rate: all are quoted in it"),
        Some(currency) => Ok(currency),
        None => Err("expected a code of ISO 4217 in capitals, such as INR"),
    }
}

impl Report {
    fn of(title: String, day: String, rates: &[RateRow]) -> Self {
        let shown = |row: &RateRow| Shown {
            currency: row.currency.code(),
            rate: row.rate.to_string(),
            day: row.day.clone(),
            source: row.source.clone(),
            set_at: wire::date::format(row.set_at.0),
        };
        Self { title, day, rates: rates.iter().map(shown).collect() }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rates.is_empty() {
            return write!(f, "No rates are in force on {}. See dwar rates --help.", self.day);
        }
        let mut table = Table::default();
        for row in &self.rates {
            table.row([row.currency, &row.rate, &format!("of {}", row.day), &row.source]);
        }
        write!(f, "{}\n{table}", self.title)
    }
}
