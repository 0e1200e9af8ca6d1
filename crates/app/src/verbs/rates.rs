//! Exchange rates: set by hand or imported from the European Central Bank's daily file, and used
//! at the moment a sale is accepted.

use std::str::FromStr;

use domain::code::Code;
use domain::fx::{self, ConversionError, Rate};
use domain::money::{Amount, Currency};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use store::rates::{self, RateRow};
use store::{StoreError, Tx};
use thiserror::Error;

use super::{Refusal, VerbError};
use crate::platform::{Fault, Platform};
use crate::project::Project;

/// Why a file of rates could not be imported. Nothing of it was.
#[derive(Debug, Error)]
pub enum ImportError {
    /// Not the European Central Bank's daily XML file.
    #[error("not the daily XML file of the European Central Bank: {0}")]
    Format(String),
    /// A fault of ours.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl Platform {
    /// Today in UTC, as rates are dated: `YYYY-MM-DD`.
    pub fn today(&self) -> String {
        wire::date::format(self.now().0).chars().take(10).collect()
    }

    /// The rates in force on `day`.
    ///
    /// # Errors
    /// [`Fault`] when the store fails.
    pub async fn rates(&self, day: String) -> Result<Vec<RateRow>, Fault> {
        self.store().read(move |tx| rates::list(tx, &day)).await.map_err(Fault::Store)
    }

    /// Sets the rate of a currency (its units for one euro) for a day.
    ///
    /// # Errors
    /// [`Fault`] when the store fails.
    pub async fn set_rate(&self, currency: Currency, day: String, rate: Rate) -> Result<(), Fault> {
        let row =
            RateRow { currency, day, rate, source: "operator".to_owned(), set_at: self.now() };
        self.store().write(move |tx| rates::set(tx, &row)).await.map_err(Fault::Store)
    }

    /// Imports the European Central Bank's daily file (`eurofxref-daily.xml`). Currencies that
    /// are unknown here are passed over. Returns what was stored.
    ///
    /// # Errors
    /// [`ImportError`] when it is not that file or the store fails.
    pub async fn import_rates(&self, xml: &str) -> Result<Vec<RateRow>, ImportError> {
        let now = self.now();
        let rows: Vec<RateRow> = read_ecb(xml)?
            .into_iter()
            .map(|(currency, day, rate)| RateRow {
                currency,
                day,
                rate,
                source: "ecb".to_owned(),
                set_at: now,
            })
            .collect();
        let stored = rows.clone();
        let store = move |tx: &mut dyn Tx| -> Result<(), StoreError> {
            rows.iter().try_for_each(|row| rates::set(tx, row))
        };
        self.store().write(store).await.map_err(Fault::Store)?;
        Ok(stored)
    }

    /// A sale's amount in the settlement currency of its project, at the rates in force now.
    pub(super) async fn settled(
        &self,
        project: &Project,
        amount: Amount,
    ) -> Result<Amount, VerbError> {
        let currency = project.settings.settlement_currency;
        if amount.currency() == currency {
            return Ok(amount);
        }
        let ours = self.rate_in_force(amount.currency()).await?;
        let theirs = self.rate_in_force(currency).await?;
        fx::convert(amount, ours, currency, theirs).map_err(|error| {
            let code = match error {
                ConversionError::TooSmall => Code::ConvertedTooSmall,
                ConversionError::TooLarge => Code::AmountAboveLimit,
            };
            let message = format!("payment.amount in {}: {error}", currency.code());
            Refusal::of_field(code, "payment.amount", message).into()
        })
    }

    async fn rate_in_force(&self, currency: Currency) -> Result<Rate, VerbError> {
        if currency.code() == "EUR" {
            return Ok(Rate::ONE);
        }
        let day = self.today();
        let row = self.store().read(move |tx| rates::in_force(tx, currency, &day)).await;
        let row = row.map_err(Fault::Store)?;
        row.map(|row| row.rate).ok_or_else(|| {
            let message = format!(
                "the project is settled in another currency and no exchange rate of {} is set",
                currency.code()
            );
            Refusal::new(Code::ProjectSettings, message).into()
        })
    }
}

/// Currency, day and rate of every known currency in the file.
fn read_ecb(xml: &str) -> Result<Vec<(Currency, String, Rate)>, ImportError> {
    let mut reader = Reader::from_str(xml);
    let mut day = None;
    let mut rates = Vec::new();
    loop {
        let event = reader.read_event().map_err(|error| ImportError::Format(error.to_string()))?;
        match event {
            Event::Start(element) | Event::Empty(element) => {
                day = attribute(&element, "time").or(day);
                let quoted = attribute(&element, "currency").zip(attribute(&element, "rate"));
                if let Some((code, rate)) = quoted {
                    let day = day.clone().filter(|day| is_day(day)).ok_or_else(|| {
                        ImportError::Format("a rate stands before any date".to_owned())
                    })?;
                    let rate = Rate::from_str(&rate)
                        .map_err(|error| ImportError::Format(format!("{code} {rate}: {error}")))?;
                    rates.extend(Currency::from_code(&code).map(|currency| (currency, day, rate)));
                }
            }
            Event::Eof => break,
            Event::End(_)
            | Event::Text(_)
            | Event::CData(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_)
            | Event::GeneralRef(_) => {}
        }
    }
    if rates.is_empty() {
        return Err(ImportError::Format("there are no rates in it".to_owned()));
    }
    Ok(rates)
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = element.attributes().flatten().find(|it| it.key.as_ref() == name)?;
    Some(attribute.value.into_owned())
}

/// Whether a text reads `YYYY-MM-DD`.
fn is_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    parts.iter().map(|part| part.len()).eq([4, 2, 2])
        && parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAILY: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01">
 <gesmes:subject>Reference rates</gesmes:subject>
 <Cube><Cube time='2026-11-20'>
  <Cube currency='USD' rate='1.0891'/><Cube currency='INR' rate='91.2345'/>
  <Cube currency='XX?' rate='1'/>
 </Cube></Cube>
</gesmes:Envelope>"#;

    #[test]
    fn the_daily_file_is_read() {
        let read: Vec<String> = read_ecb(DAILY)
            .unwrap()
            .iter()
            .map(|(currency, day, rate)| format!("{day} {} {rate}", currency.code()))
            .collect();
        assert_eq!(read, ["2026-11-20 USD 1.0891", "2026-11-20 INR 91.2345"]);
    }

    #[test]
    fn anything_else_is_refused_with_a_reason() {
        for (wrong, reason) in [
            ("", "there are no rates"),
            ("not xml", "there are no rates"),
            ("<a><b></a>", "not the daily"),
            ("<Cube currency='USD' rate='1'/>", "before any date"),
            ("<Cube time='2026-11-20'><Cube currency='USD' rate='zero'/></Cube>", "USD zero"),
            ("<Cube time='today'><Cube currency='USD' rate='1'/></Cube>", "before any date"),
        ] {
            let error = read_ecb(wrong).unwrap_err().to_string();
            assert!(error.contains(reason), "{wrong}: {error}");
        }
    }
}
