//! The settings of a project as flags.

use std::fs;
use std::path::PathBuf;

use anyhow::Context as _;
use app::project::Settings;
use clap::builder::TypedValueParser;
use clap::{Args, ValueEnum};
use domain::limits::SALE_ATTEMPTS_MAX;
use domain::money::{Amount, Currency};
use domain::payment::LateSuccessPolicy;
use domain::time::Millis;
use paytm::account::{MerchantKey, Mode};
use url::Url;

use super::branding::Looks;
use crate::commands::Usage;
use crate::output::money::parse_rupees;

/// Longest limit time: Paytm's sessions end before.
const LIMIT_MINUTES_MAX: i64 = 24 * 60;

/// Settings to be changed.
#[derive(Debug, Default, Args)]
pub(super) struct Changes {
    /// Where callbacks go unless a payment says otherwise; `none` for nowhere.
    #[arg(long, value_name = "URL", value_parser = address_or_none)]
    callback_url: Option<OrNone>,
    /// Sites that may show Payment Page in a frame, by scheme and host.
    #[arg(long, value_name = "URL,..", value_delimiter = ',', value_parser = origin)]
    frame_ancestors: Option<Vec<String>>,
    /// A test project: refusals tell more, and the account is one at Paytm's staging.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub(super) test: Option<bool>,
    /// Whether customers may pay with Paytm.
    #[arg(long, value_name = "BOOL")]
    paytm_enabled: Option<bool>,
    /// The merchant id of the Paytm account.
    #[arg(long, value_name = "MID", value_parser = merchant_id)]
    pub(super) paytm_mid: Option<String>,
    /// The key of the Paytm account. Others on this machine can read arguments: prefer a file.
    #[arg(long, value_name = "KEY")]
    paytm_key: Option<String>,
    /// A file that holds the key of the Paytm account.
    #[arg(long, value_name = "FILE", conflicts_with = "paytm_key")]
    paytm_key_file: Option<PathBuf>,
    /// Scheme and host of Paytm, or of a sandbox [default: Paytm, or its staging with --test].
    #[arg(long, value_name = "URL", value_parser = origin)]
    paytm_url: Option<String>,
    /// Paytm's websiteName of the account [default: DEFAULT, or WEBSTAGING with --test].
    #[arg(long, value_name = "NAME")]
    paytm_website: Option<String>,
    /// How customers may pay, in Paytm's words [default: UPI:UPIPUSH+UPI].
    #[arg(long, value_name = "MODE,..", value_delimiter = ',')]
    paytm_modes: Option<Vec<Mode>>,
    /// The smallest sale, in rupees.
    #[arg(long, value_name = "RUPEES", value_parser = parse_rupees)]
    sale_min: Option<Amount>,
    /// The largest sale, in rupees.
    #[arg(long, value_name = "RUPEES", value_parser = parse_rupees)]
    sale_max: Option<Amount>,
    /// Minutes a customer has until the automatic decline [default: 15].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..=LIMIT_MINUTES_MAX))]
    limit_minutes: Option<i64>,
    /// How often a customer of Payment Page may try to pay one payment [default: 3].
    #[arg(long, value_name = "N", value_parser = attempts())]
    page_attempts: Option<u32>,
    /// What happens to money that comes after the decline [default: give-back].
    #[arg(long, value_enum, value_name = "POLICY")]
    late_success: Option<LateSuccess>,
    /// The currency the merchant is settled in [default: INR].
    #[arg(long, value_name = "CODE", value_parser = currency)]
    settlement_currency: Option<Currency>,
    #[command(flatten)]
    looks: Looks,
}

/// The value of a flag whose setting `none` takes away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OrNone(pub(super) Option<String>);

/// What happens to money that comes after the decline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LateSuccess {
    /// It is given back to the customer.
    GiveBack,
    /// The payment becomes a success.
    Promote,
}

impl Changes {
    /// Makes the changes.
    pub(super) fn apply(&self, settings: &mut Settings) -> Result<(), Usage> {
        let set = |from: &Option<String>, to: &mut String| {
            if let Some(value) = from {
                to.clone_from(value);
            }
        };
        set(&self.paytm_mid, &mut settings.paytm.mid);
        set(&self.paytm_url, &mut settings.paytm.base_url);
        set(&self.paytm_website, &mut settings.paytm.website);
        if let Some(modes) = &self.paytm_modes {
            settings.paytm.modes = modes.iter().map(ToString::to_string).collect();
        }
        if let Some(sites) = &self.frame_ancestors {
            settings.frame_ancestors.clone_from(sites);
        }
        if let Some(OrNone(url)) = &self.callback_url {
            settings.callback_url.clone_from(url);
        }
        settings.test_mode = self.test.unwrap_or(settings.test_mode);
        settings.paytm_enabled = self.paytm_enabled.unwrap_or(settings.paytm_enabled);
        settings.sale_minor_min = self.sale_min.map_or(settings.sale_minor_min, Amount::minor);
        settings.sale_minor_max = self.sale_max.map_or(settings.sale_minor_max, Amount::minor);
        settings.limit_time = self.limit_minutes.map_or(settings.limit_time, Millis::minutes);
        settings.page_attempts = self.page_attempts.unwrap_or(settings.page_attempts);
        settings.late_success = match self.late_success {
            Some(LateSuccess::GiveBack) => LateSuccessPolicy::GiveBack,
            Some(LateSuccess::Promote) => LateSuccessPolicy::Promote,
            None => settings.late_success,
        };
        settings.settlement_currency =
            self.settlement_currency.unwrap_or(settings.settlement_currency);
        self.looks.apply(&mut settings.branding);
        if settings.sale_minor_min > settings.sale_minor_max {
            return Err(Usage("the smallest sale would be larger than the largest".into()));
        }
        Ok(())
    }

    /// The key of the Paytm account, if one was given.
    pub(super) fn paytm_key(&self) -> anyhow::Result<Option<String>> {
        let key = match (&self.paytm_key, &self.paytm_key_file) {
            (Some(key), _) => key.clone(),
            (None, Some(path)) => fs::read_to_string(path)
                .with_context(|| format!("cannot read {}", path.display()))?
                .trim_end()
                .to_owned(),
            (None, None) => return Ok(None),
        };
        // A key of another length can sign nothing.
        MerchantKey::new(key.clone()).map_err(|error| Usage(format!("the Paytm key: {error}")))?;
        Ok(Some(key))
    }
}

/// Scheme and host, perhaps a port; paths are appended to it. A wildcard would match nothing.
fn origin(text: &str) -> Result<String, String> {
    let url = web_url(text)
        .filter(|url| url.path() == "/" && url.query().is_none() && !url.as_str().contains('*'));
    url.map(|_url| text.trim_end_matches('/').to_owned()).ok_or_else(|| {
        "expected http or https and one host, such as https://tea.example".to_owned()
    })
}

impl OrNone {
    /// Reads the word `none`, or else a value.
    pub(super) fn read(
        text: &str,
        value: impl FnOnce(&str) -> Result<String, String>,
    ) -> Result<Self, String> {
        if text == "none" { Ok(Self(None)) } else { Ok(Self(Some(value(text)?))) }
    }
}

fn address_or_none(text: &str) -> Result<OrNone, String> {
    OrNone::read(text, |url| {
        web_url(url).map(|_url| url.to_owned()).ok_or_else(|| {
            "expected http or https and a host, such as https://tea.example/paid, or none"
                .to_owned()
        })
    })
}

fn attempts() -> impl TypedValueParser<Value = u32> {
    clap::value_parser!(u32).range(1..=i64::from(SALE_ATTEMPTS_MAX))
}

fn web_url(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

fn merchant_id(text: &str) -> Result<String, String> {
    let good = (1..=20).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
    if good { Ok(text.to_owned()) } else { Err("expected at most 20 letters and digits".into()) }
}

fn currency(text: &str) -> Result<Currency, String> {
    Currency::from_code(text).ok_or_else(|| "expected a code of ISO 4217, such as INR".to_owned())
}
