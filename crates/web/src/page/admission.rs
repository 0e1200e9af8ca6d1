//! From parameters to a payment that may be offered: verified, read, and within what the page and
//! the project can do. Opening and confirming the page both come through here, so that nothing is
//! taken from a form that was not signed.

use std::sync::Arc;
use std::time::Duration;

use app::platform::Fault;
use app::project::Project;
use aws_lc_rs::digest::{SHA256, digest};
use domain::id::{PaymentId, PaymentKey, ProjectId};
use domain::time::{Millis, Timestamp};
use tokio::time::{Instant, sleep_until};
use wire::explain::{self, Finding};
use wire::gate::{CallbackOptions, Customer, General, ReturnUrls, SalePayment, SaleRequest};
use wire::page::PageParams;
use wire::query::Params;
use wire::signature::{self, VerifyError};

use super::address::customer_ip;
use super::obstacle::Obstacle;
use super::place::Place;
use super::visit::{By, Visit, Way};
use super::{PARAMETERS_BYTES_MAX, Page, Visitor, reading};

/// Stands in for the secret of a project that does not exist, so that refusing takes as long.
const NO_SECRET: &str = "no project has this secret: it is only there to spend the same time";

/// A `best_before` further ahead than this is not kept to, as on `ECommPay`'s page.
const BEST_BEFORE_MAX: Millis = Millis::hours(30 * 24);

/// When a link that can't be believed is answered, counted from when it was read. Whether there is
/// such a project decides what has to be done for the answer, but not how long it takes.
const UNTRUSTED_AFTER: Duration = Duration::from_millis(20);

/// A payment that may be offered to a customer.
pub(super) struct Admitted {
    pub(super) project: Arc<Project>,
    pub(super) params: PageParams,
    pub(super) visit: Visit,
    /// The language asked for, if we speak it.
    language: Option<&'static str>,
    /// Identifies the payment.
    digest: u64,
}

/// Whether the payment that a link offers has been started.
pub(super) enum Standing {
    /// It has not.
    New,
    /// It has, by this link or another for the same payment.
    Started,
    /// Its id has been used for another payment.
    Taken,
}

impl Page {
    /// Admits encoded parameters, or says what is in the way.
    pub(super) async fn admit(&self, encoded: &[u8]) -> Result<Admitted, Obstacle> {
        if encoded.len() > PARAMETERS_BYTES_MAX {
            return Err(Obstacle::too_long());
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
        let began = Instant::now();
        let (project, params) = match self.verified(params).await {
            Err(obstacle) if obstacle.fault.is_none() => {
                sleep_until(began + UNTRUSTED_AFTER).await;
                return Err(obstacle);
            }
            verified => verified?,
        };
        let allow_http = project.settings.test_mode;
        let back = reading::way_back(&params, allow_http);
        let (params, ways) = reading::read(params, allow_http).map_err(|errors| Obstacle {
            back,
            ..Obstacle::wrong_parameters(&errors).of(&project)
        })?;
        let visit = Visit {
            project: project.id.0,
            payment: params.payment_id.clone(),
            language: params.language_code.clone(),
            ways,
        };
        let digest = identify(&params);
        Ok(Admitted { project, params, visit, language: None, digest })
    }

    /// The project that signed, and what it signed. An unknown project and a wrong signature are
    /// told alike.
    async fn verified(&self, params: Params) -> Result<(Arc<Project>, Params), Obstacle> {
        let id = params.get("project_id").and_then(|id| id.parse().ok()).map(ProjectId);
        let project = match id {
            Some(id) => self.platform().project(id).await?,
            None => None,
        };
        let given = params.get("signature").unwrap_or_default().to_owned();
        let Some(project) = project else {
            let verdict = signature::believe_query(params, &given, &[NO_SECRET]);
            let code = verdict.err().unwrap_or(VerifyError::Mismatch).code();
            return Err(Obstacle::untrusted(code, "project_id names no project"));
        };
        let as_sent = project.settings.test_mode.then(|| params.clone());
        match signature::believe_query(params, &given, &project.accepted_secrets()) {
            Ok(params) => Ok((project, params)),
            Err(error) => {
                let details = as_sent.map(|params| explanation(&params, &given, &project));
                let details = details.unwrap_or_default();
                let obstacle = Obstacle::untrusted(error.code(), error.to_string());
                Err(Obstacle { details, ..obstacle.of(&project) })
            }
        }
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
        let ways = &self.visit.ways;
        Obstacle {
            back: ways.back.as_deref().or_else(|| ways.out()).map(str::to_owned),
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

/// Why a signature is wrong, for the developer of a test project.
fn explanation(params: &Params, given: &str, project: &Project) -> Vec<String> {
    let finding = explain::diagnose_query(params, given, project.signing_secret(), &[]);
    let mut told = vec![finding.to_string()];
    if !matches!(finding, Finding::Unexplained { .. }) {
        told.push(format!("The string to sign: {}", explain::expected_query_string(params)));
    }
    told
}

/// What makes it this payment and no other, as the first 64 bits of a SHA-256. A link may be signed
/// again with another language, address or end, and leads to the same payment. Stored with the
/// payment: from now on it may never change.
fn identify(params: &PageParams) -> u64 {
    let PageParams { project_id, payment_id, amount, currency, customer_id, .. } = params;
    // As JSON, because nothing in a value can be taken for the end of it.
    let told = serde_json::json!([project_id, payment_id, amount, currency, customer_id]);
    let hash = digest(&SHA256, told.to_string().as_bytes());
    let head = hash.as_ref().first_chunk().copied().unwrap_or_default();
    u64::from_be_bytes(head)
}
