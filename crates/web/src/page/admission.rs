//! From parameters to a payment that may be offered: verified, read, and within what the page and
//! the project can do. Opening and confirming the page both come through here, so that nothing is
//! taken from a form that was not signed.

use std::sync::Arc;

use app::platform::Fault;
use app::project::Project;
use aws_lc_rs::digest::{SHA256, digest};
use domain::id::{PaymentId, PaymentKey, ProjectId};
use domain::time::{Millis, Timestamp};
use wire::explain::{self, Finding};
use wire::field::{FieldError, INVALID};
use wire::gate::{CallbackOptions, Customer, General, ReturnUrls, SalePayment, SaleRequest};
use wire::page::PageParams;
use wire::query::Params;
use wire::signature::{self, VerifyError};

use super::address::{RETURN_ADDRESS, customer_ip, return_address};
use super::obstacle::Obstacle;
use super::place::Place;
use super::visit::{By, Visit, Way, Ways};
use super::{PARAMETERS_BYTES_MAX, Page, Visitor};

/// Stands in for the secret of a project that does not exist, so that refusing takes as long.
const NO_SECRET: &str = "no project has this secret: it is only there to spend the same time";

/// A `best_before` further ahead than this is not kept to, as on `ECommPay`'s page.
const BEST_BEFORE_MAX: Millis = Millis::hours(30 * 24);

/// The ways to pay that the page offers, as `force_payment_method` may name them.
const METHODS: [&str; 2] = ["paytm-wallet", "paytm"];

/// Parameters of which one value only means anything for a wallet.
const ONLY: [(&str, &str); 3] =
    [("mode", "purchase"), ("operation_type", "sale"), ("card_operation_type", "sale")];

/// A payment that may be offered to a customer.
pub(super) struct Admitted {
    pub(super) project: Arc<Project>,
    pub(super) params: PageParams,
    pub(super) visit: Visit,
    /// The language asked for, if we speak it.
    language: Option<&'static str>,
    /// Identifies what was signed.
    digest: u64,
}

/// Whether the payment that a link offers has been started.
pub(super) enum Standing {
    /// It has not.
    New,
    /// It has, by this very link.
    Started,
    /// Its id has been used for another payment.
    Taken,
}

impl Page {
    /// Admits a query or a form, or says what is in the way.
    pub(super) async fn admit(&self, encoded: &[u8]) -> Result<Admitted, Obstacle> {
        if encoded.len() > PARAMETERS_BYTES_MAX {
            return Err(Obstacle::unreadable("the parameters are too long"));
        }
        let params =
            Params::decode(encoded).map_err(|error| Obstacle::unreadable(error.to_string()))?;
        let language = params.get("language_code").and_then(|asked| self.renderer.speaks(asked));
        match self.admit_params(params).await {
            Ok(admitted) => Ok(Admitted { language, ..admitted }),
            Err(obstacle) => Err(Obstacle { language, ..obstacle }),
        }
    }

    async fn admit_params(&self, params: Params) -> Result<Admitted, Obstacle> {
        let project = self.verified(&params).await?;
        let signed = signed_only(&params);
        let params = PageParams::parse(params)
            .map_err(|errors| Obstacle::wrong_parameters(&errors).of(&project))?;
        let mut errors = Vec::new();
        check_meaning(&params, &mut errors);
        let ways = read_ways(&params, project.settings.test_mode, &mut errors);
        if !errors.is_empty() {
            return Err(Obstacle::wrong_parameters(&errors).of(&project));
        }
        let visit = Visit {
            project: project.id.0,
            payment: params.payment_id.clone(),
            language: params.language_code.clone(),
            ways,
        };
        let digest = identify(&signed);
        Ok(Admitted { project, params, visit, language: None, digest })
    }

    /// The project that signed. An unknown project and a wrong signature are told alike.
    async fn verified(&self, params: &Params) -> Result<Arc<Project>, Obstacle> {
        let id = params.get("project_id").and_then(|id| id.parse().ok()).map(ProjectId);
        let project = match id {
            Some(id) => self.platform().project(id).await?,
            None => None,
        };
        let given = params.get("signature").unwrap_or_default();
        let secrets =
            project.as_ref().map_or_else(|| vec![NO_SECRET], |project| project.accepted_secrets());
        let verdict = signature::verify_query(params, given, &secrets);
        let Some(project) = project else {
            let code = verdict.err().unwrap_or(VerifyError::Mismatch).code();
            return Err(Obstacle::untrusted(code, "project_id names no project"));
        };
        let Err(error) = verdict else { return Ok(project) };
        let mut obstacle = Obstacle::untrusted(error.code(), error.to_string());
        if project.settings.test_mode {
            let finding = explain::diagnose_query(params, given, project.signing_secret(), &[]);
            obstacle.details = vec![finding.to_string()];
            if !matches!(finding, Finding::Unexplained { .. }) {
                let expected = explain::expected_query_string(params);
                obstacle.details.push(format!("The string to sign: {expected}"));
            }
        }
        Err(obstacle.of(&project))
    }

    /// Whether the payment has been started, by this link or another.
    pub(super) async fn standing(&self, admitted: &Admitted) -> Result<Standing, Fault> {
        Ok(match self.platform().payment(admitted.visit.key()).await? {
            None => Standing::New,
            Some(payment) if payment.terms.request_digest == admitted.digest => Standing::Started,
            Some(_) => Standing::Taken,
        })
    }

    /// The sale that confirming this page asks for. `place` is where the customer pays.
    pub(super) fn sale(
        &self,
        admitted: &Admitted,
        visitor: &Visitor<'_>,
        place: Place,
    ) -> SaleRequest {
        let params = &admitted.params;
        let public = self.platform().public_url();
        let token = admitted.visit.token(&admitted.project);
        let returned = format!("{public}{}", place.path(&token, "/returned"));
        let trusted = &self.config.trusted_proxies;
        let ip_address = customer_ip(visitor.peer.ip(), visitor.headers, trusted).to_string();
        SaleRequest {
            general: General {
                project_id: params.project_id,
                payment_id: params.payment_id.clone(),
                merchant_callback_url: params.merchant_callback_url.clone(),
            },
            customer: Customer {
                id: params.customer_id.clone(),
                ip_address,
                details: params.customer.clone(),
            },
            payment: SalePayment {
                amount: params.amount,
                currency: params.currency.clone(),
                description: params.description.clone(),
                extra_param: params.extra_param.clone(),
                best_before: admitted.best_before(self.platform().now()).map(|at| at.0),
            },
            return_url: ReturnUrls {
                success: Some(returned.clone()),
                decline: Some(returned.clone()),
                returned: Some(returned),
            },
            callback: CallbackOptions::default(),
            interface_type: params.interface_type,
        }
    }
}

impl Admitted {
    /// When the link's time is over, unless that is too far away to be meant.
    pub(super) fn best_before(&self, now: Timestamp) -> Option<Timestamp> {
        let end = self.params.best_before.map(Timestamp)?;
        (end.since(now) <= BEST_BEFORE_MAX).then_some(end)
    }

    /// Whether the link's time is over.
    pub(super) fn has_expired(&self, now: Timestamp) -> bool {
        self.best_before(now).is_some_and(|end| end <= now)
    }

    /// How often the customer may try to pay: once where the merchant wants its customer back as
    /// soon as a try fails.
    pub(super) fn attempts(&self) -> u32 {
        let straight_back = |way: &Way| way.by == By::Once;
        if self.visit.ways.fail.as_ref().is_some_and(straight_back) {
            return 1;
        }
        self.project.settings.page_attempts
    }

    /// What tells a repeated confirmation from another payment under the same id.
    pub(super) const fn digest(&self) -> u64 {
        self.digest
    }

    /// Puts the customer's way back, and whose page it is, into an obstacle.
    pub(super) fn obstructed(&self, obstacle: Obstacle) -> Obstacle {
        Obstacle {
            back: self.visit.ways.back.clone(),
            language: self.language,
            ..obstacle.of(&self.project)
        }
    }
}

impl Visit {
    /// The payment that is visited.
    pub(super) fn key(&self) -> PaymentKey {
        PaymentKey::new(ProjectId(self.project), PaymentId(self.payment.clone()))
    }
}

/// The parameters that every correct signature covers.
fn signed_only(params: &Params) -> Params {
    let pairs = params.iter().filter(|(name, _)| !name.starts_with('_'));
    Params::from_pairs(pairs).unwrap_or_default()
}

/// The first 64 bits of the SHA-256 of what was signed. Stored: it may never change.
fn identify(signed: &Params) -> u64 {
    let hash = digest(&SHA256, signature::canonical_query_string(signed).as_bytes());
    let head = hash.as_ref().first_chunk().copied().unwrap_or_default();
    u64::from_be_bytes(head)
}

/// Refuses what would mean another thing than taking a payment now, with the method offered here.
fn check_meaning(params: &PageParams, errors: &mut Vec<FieldError>) {
    for (path, only) in ONLY {
        let sent = params.all.get(path).unwrap_or_default();
        if !sent.is_empty() && sent != only {
            errors.push(wrong(path, sent, only, INVALID));
        }
    }
    if let Some(method) = &params.force_payment_method
        && !METHODS.contains(&method.as_str())
    {
        errors.push(wrong("force_payment_method", method, METHODS[0], 2541));
    }
}

fn wrong(path: &'static str, sent: &str, expected: &str, code: u32) -> FieldError {
    FieldError { path, sent: format!("{sent:?}"), expected: expected.to_owned(), code }
}

/// Reads where the customer goes afterwards.
fn read_ways(params: &PageParams, allow_http: bool, errors: &mut Vec<FieldError>) -> Ways {
    let urls = &params.urls;
    let mut checked = |path, url: &Option<String>| {
        let url = url.as_deref()?;
        let fits = return_address(url, allow_http);
        if fits.is_none() {
            errors.push(wrong(path, url, RETURN_ADDRESS, INVALID));
        }
        fits
    };
    let merchant_success = checked("merchant_success_url", &urls.merchant_success);
    let merchant_fail = checked("merchant_fail_url", &urls.merchant_fail);
    let back = checked("merchant_return_url", &urls.merchant_return);
    let redirect_success = checked("redirect_success_url", &urls.redirect_success);
    let redirect_fail = checked("redirect_fail_url", &urls.redirect_fail);
    let unknown = checked("redirect_return_url", &urls.redirect_return);
    let way = |once: Option<String>, redirect, button: Option<String>, merchant| {
        let once = once.filter(|_| params.all.get(redirect) != Some("0"));
        let by = match params.all.get(merchant) {
            Some("0") => None,
            Some("2") => Some(By::Countdown),
            Some(_) | None => Some(By::Button),
        };
        let button = button.zip(by).map(|(address, by)| Way { address, by });
        once.map(|address| Way { address, by: By::Once }).or(button)
    };
    let return_is_on = params.all.get("merchant_return_enabled") != Some("0");
    Ways {
        success: way(
            redirect_success,
            "redirect_success_enabled",
            merchant_success,
            "merchant_success_enabled",
        ),
        fail: way(redirect_fail, "redirect_fail_enabled", merchant_fail, "merchant_fail_enabled"),
        back: back.filter(|_| return_is_on),
        unknown,
    }
}
