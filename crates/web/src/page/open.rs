//! `GET` and `POST /payment`: opens the page for signed parameters.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use minijinja::context;
use wire::field::FieldError;

use super::address::origin;
use super::admission::{Admitted, Standing};
use super::obstacle::Obstacle;
use super::place::Place;
use super::render::rupees;
use super::response::{Policy, see_other};
use super::{PARAMETERS_BYTES_MAX, Page, Visitor};
use crate::exchange::read_body;

pub(super) async fn by_query(
    State(page): State<Arc<Page>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let query = query.unwrap_or_default();
    let visitor = Visitor { peer, headers: &headers };
    page.answer("page_open", &headers, page.open(query.as_bytes(), &visitor)).await
}

pub(super) async fn by_form(
    State(page): State<Arc<Page>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let visitor = Visitor { peer, headers: &headers };
    let opening = async {
        let form = read_form(body, PARAMETERS_BYTES_MAX).await?;
        page.open(&form, &visitor).await
    };
    page.answer("page_open", &headers, opening).await
}

/// Reads a form's body.
pub(super) async fn read_form(body: Body, bytes_max: usize) -> Result<Bytes, Obstacle> {
    let body = read_body(body, bytes_max).await;
    body.map(Bytes::from).map_err(|problem| Obstacle {
        status: problem.status(),
        ..Obstacle::unreadable("the form did not arrive whole, or is too long")
    })
}

impl Page {
    async fn open(&self, encoded: &[u8], visitor: &Visitor<'_>) -> Result<Response, Obstacle> {
        let admitted = self.admit(encoded).await?;
        for FieldError { path, expected, .. } in &admitted.params.left_out {
            let project = admitted.project.id.0;
            tracing::info!(project, parameter = path, expected, "a parameter is left out");
        }
        let place = Place::of_link(visitor.headers, admitted.params.all.get("frame_mode"));
        match self.standing(&admitted).await? {
            Standing::New => self.offer(&admitted, visitor, place),
            Standing::Started => {
                Ok(see_other(&place.path(&admitted.visit.token(&admitted.project), "")))
            }
            Standing::Taken => Err(admitted.obstructed(Obstacle::taken())),
        }
    }

    fn offer(
        &self,
        admitted: &Admitted,
        visitor: &Visitor<'_>,
        place: Place,
    ) -> Result<Response, Obstacle> {
        let now = self.platform().now();
        if admitted.has_expired(now) {
            return Err(admitted.obstructed(Obstacle::expired()));
        }
        let Admitted { project, params, visit, .. } = admitted;
        let sale = self.sale(admitted, visitor, place);
        self.platform()
            .check_sale(project, &sale)
            .map_err(|refusal| admitted.obstructed(Obstacle::refused(&refusal)))?;
        // Forms rewrite line breaks; encoded, the parameters come back as they were signed.
        let parameters = params.all.encode();
        if parameters.len() > PARAMETERS_BYTES_MAX {
            return Err(admitted.obstructed(Obstacle::too_long()));
        }
        let mut policy = Policy::new(&*self.config.entropy, Some(project));
        // The payment may have ended meanwhile, in another tab; then confirming it leads there.
        for address in visit.ways.at_once() {
            policy.allow_form_to(origin(address));
        }
        let content = context! {
            framed => place == Place::Frame,
            parameters,
            amount => rupees(params.amount),
            payment => &params.payment_id,
            description => &params.description,
            chosen => params.force_payment_method.is_some(),
            back => &visit.ways.back,
            seconds_left => admitted.best_before(now).map(|end| end.since(now).0 / 1_000),
            token => visit.token(project),
            ancestors => policy.ancestors(),
        };
        let language = self.renderer.language(params.language_code.as_deref(), visitor.headers);
        Ok(self.render(StatusCode::OK, "open.html", language, Some(project), &policy, &content))
    }
}
