//! The settings of a project, as far as they can be judged without asking anybody.

use app::platform::Platform;
use app::project::Project;
use domain::money::Currency;
use paytm::account::{MerchantKey, Mode};
use store::rates::RateRow;

use super::findings::Findings;
use crate::config::Config;

/// Paytm's hosts for real money begin so.
const PRODUCTION: &str = "https://secure.paytm";

/// Checks one project.
pub(super) async fn check(
    platform: &Platform,
    config: &Config,
    project: &Project,
    findings: &mut Findings,
) {
    check_account(config, project, findings);
    check_rates(platform, project, findings).await;
}

fn check_account(config: &Config, project: &Project, findings: &mut Findings) {
    let (id, settings) = (project.id.0, &project.settings);
    let paytm = &settings.paytm;
    let mut wrong = |found: String, cure: String| findings.wrong("project", found, cure);
    if !settings.paytm_enabled {
        let cure = format!("dwar project set {id} --paytm-enabled true");
        wrong(format!("project {id}: paying with Paytm is disabled"), cure);
    }
    if MerchantKey::new(project.keys.paytm.clone()).is_err() {
        let cure = format!("dwar project set {id} --paytm-key-file FILE");
        wrong(format!("project {id}: the key of its account has a wrong length"), cure);
    }
    if paytm.modes.iter().any(|mode| mode.parse::<Mode>().is_err()) || paytm.modes.is_empty() {
        let cure = format!("dwar project set {id} --paytm-modes UPI:UPIPUSH+UPI");
        wrong(format!("project {id}: its ways to pay can't be read"), cure);
    }
    let is_production = paytm.base_url.starts_with(PRODUCTION);
    if settings.test_mode == is_production {
        let mode = if settings.test_mode { "a test project" } else { "live" };
        wrong(
            format!("project {id} is {mode} and uses {}", paytm.base_url),
            format!(
                "dwar project set {id} --test false with Paytm itself, or --test true with a \
                     sandbox or Paytm's staging; the key of the one is not that of the other"
            ),
        );
    }
    if is_production && paytm.website == "WEBSTAGING" {
        let cure = format!("dwar project set {id} --paytm-website DEFAULT");
        wrong(format!("project {id}: WEBSTAGING is the website of Paytm's staging"), cure);
    }
    if paytm.base_url.starts_with("http://") && !config.egress.allow_http {
        let cure = "allow_http = true in [egress], for a sandbox; Paytm itself has TLS";
        let found = format!(
            "project {id}: {} has no TLS, and the server refuses to go there",
            paytm.base_url
        );
        wrong(found, cure.to_owned());
    }
}

/// A project that is settled in another currency needs two rates.
async fn check_rates(platform: &Platform, project: &Project, findings: &mut Findings) {
    let settled = project.settings.settlement_currency;
    if settled == Currency::INR {
        return;
    }
    let Ok(rates) = platform.rates(platform.today()).await else { return };
    let needed = [Currency::INR, settled].into_iter().filter(|it| it.code() != "EUR");
    for currency in needed {
        let code = currency.code();
        let import = "dwar rates import eurofxref-daily.xml, daily";
        match rates.iter().find(|row| row.currency == currency) {
            None => findings.wrong(
                "rates",
                format!(
                    "project {} is settled in {}, and there is no rate of {code}: its sales \
                         are refused",
                    project.id.0,
                    settled.code()
                ),
                import,
            ),
            Some(row) if is_old(platform, row) => findings.doubtful(
                "rates",
                format!("the newest rate of {code} is of {}", row.day),
                import,
            ),
            Some(row) => findings.fine("rates", format!("{code} {} of {}", row.rate, row.day)),
        }
    }
}

/// Banks are closed for some days around holidays, but not for more than a week.
fn is_old(platform: &Platform, row: &RateRow) -> bool {
    let start = wire::date::parse(&format!("{}T00:00:00Z", row.day)).unwrap_or(0);
    platform.now().0.saturating_sub(start) > 8 * 86_400_000
}
