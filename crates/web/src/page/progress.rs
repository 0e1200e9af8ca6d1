//! `GET /payment/{token}`: a payment's own page. It hands the customer over to Paytm, waits for
//! the result, shows it, and leads back to the shop. `…/returned` is the same page for a customer
//! who comes back from Paytm, and so is not sent there again.

use std::sync::Arc;

use app::project::Project;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::payment::{LateSuccessPolicy, Payment};
use domain::provider::{Redirect, RedirectMethod};
use minijinja::{Value, context};

use super::Page;
use super::address::origin;
use super::obstacle::Obstacle;
use super::place::{Asked, Place};
use super::render::rupees;
use super::response::{Policy, see_other};
use super::stage::{Stage, attempt, reason};
use super::visit::{By, Unproven, Visit, Way};

pub(super) async fn show(
    State(page): State<Arc<Page>>,
    asked: Asked,
    headers: HeaderMap,
) -> Response {
    page.answer("page_payment", &headers, page.progress(&asked, &headers, false)).await
}

pub(super) async fn show_returned(
    State(page): State<Arc<Page>>,
    asked: Asked,
    headers: HeaderMap,
) -> Response {
    page.answer("page_returned", &headers, page.progress(&asked, &headers, true)).await
}

/// There is nothing else below a payment's page.
pub(super) async fn show_nothing(State(page): State<Arc<Page>>, headers: HeaderMap) -> Response {
    page.answer("page_unknown", &headers, async { Err(Obstacle::unknown()) }).await
}

impl Page {
    /// Believes a token, or knows no such page.
    pub(super) async fn visit(&self, token: &str) -> Result<(Arc<Project>, Visit), Obstacle> {
        let unproven = Unproven::read(token).ok_or_else(Obstacle::unknown)?;
        let project = self.platform().project(unproven.project()).await?;
        let project = project.ok_or_else(Obstacle::unknown)?;
        let visit = unproven.prove(&project).ok_or_else(Obstacle::unknown)?;
        Ok((project, visit))
    }

    async fn progress(
        &self,
        asked: &Asked,
        headers: &HeaderMap,
        returned: bool,
    ) -> Result<Response, Obstacle> {
        let Asked { token, place } = asked;
        let (project, visit) = self.visit(token).await?;
        let payment = self.platform().payment(visit.key()).await?;
        let stage = Stage::of(payment.as_ref());
        let onward = onward(stage, &visit);
        if let Some(Way { address, by: By::Once }) = onward
            && *place == Place::Window
        {
            return Ok(see_other(address));
        }
        let mut policy = Policy::new(&*self.config.entropy, Some(&project));
        match stage {
            Stage::Ready(redirect) => policy.allow_form_to(origin(&redirect.url)),
            Stage::Retry(_) => {
                for address in visit.ways.at_once().chain(visit.ways.out()) {
                    policy.allow_form_to(origin(address));
                }
            }
            Stage::Absent
            | Stage::Preparing
            | Stage::Paid
            | Stage::Refunded
            | Stage::Declined(_) => {}
        }
        let content = context! {
            stage => stage.name(),
            is_final => stage.is_final(),
            attempt => attempt(payment.as_ref()),
            has_way_out => visit.ways.out().is_some(),
            returned,
            framed => *place == Place::Frame,
            in_tab => *place == Place::Tab,
            token,
            ancestors => policy.ancestors(),
            payment_id => &visit.payment,
            payment => payment.as_ref().map(|payment| self.facts(payment, stage)),
            handover => handover(stage),
            reason => match stage {
                Stage::Retry(code) | Stage::Declined(code) => Some(reason(code)),
                Stage::Absent | Stage::Preparing | Stage::Ready(_) | Stage::Paid
                | Stage::Refunded => None,
            },
            onward => onward.map(|way| context! {
                address => &way.address,
                countdown => way.by == By::Countdown,
                once => way.by == By::Once,
            }),
            back => &visit.ways.back,
            unknown => visit.ways.unknown.as_ref().filter(|_| *place == Place::Window),
        };
        let language = self.renderer.language(visit.language.as_deref(), headers);
        let project = Some(&*project);
        Ok(self.render(StatusCode::OK, "progress.html", language, project, &policy, &content))
    }

    fn facts(&self, payment: &Payment, stage: Stage<'_>) -> Value {
        let limit = match stage {
            Stage::Retry(_) => payment.retry_until(),
            Stage::Absent
            | Stage::Preparing
            | Stage::Ready(_)
            | Stage::Paid
            | Stage::Refunded
            | Stage::Declined(_) => payment.terms.limit_at,
        };
        context! {
            amount => rupees(payment.terms.amount.minor()),
            description => &payment.terms.description,
            is_promoted => payment.terms.late_success == LateSuccessPolicy::Promote,
            seconds_left => limit.since(self.platform().now()).0.max(0) / 1_000,
        }
    }
}

/// Where a customer goes from a result.
fn onward<'a>(stage: Stage<'_>, visit: &'a Visit) -> Option<&'a Way> {
    match stage {
        Stage::Paid => visit.ways.success.as_ref(),
        // The address for a success would tell the shop's page what is no longer true.
        Stage::Refunded => visit.ways.success.as_ref().filter(|way| way.by != By::Once),
        Stage::Declined(_) => visit.ways.fail.as_ref(),
        Stage::Absent | Stage::Preparing | Stage::Ready(_) | Stage::Retry(_) => None,
    }
}

/// How the customer gets to Paytm.
fn handover(stage: Stage<'_>) -> Option<Value> {
    match stage {
        Stage::Ready(Redirect { method, url, fields }) => Some(context! {
            method => match method { RedirectMethod::Get => "get", RedirectMethod::Post => "post" },
            url,
            fields,
        }),
        Stage::Absent
        | Stage::Preparing
        | Stage::Paid
        | Stage::Refunded
        | Stage::Retry(_)
        | Stage::Declined(_) => None,
    }
}
