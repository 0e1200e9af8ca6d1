//! `POST /payment/confirm`: the customer wants to pay. The form repeats the signed parameters,
//! which are verified again. Confirming twice, in two tabs or after going back, leads to the one
//! payment that was started.

use std::net::SocketAddr;
use std::sync::Arc;

use app::verbs::VerbError;
use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::http::HeaderMap;
use axum::response::Response;
use wire::query::Params;

use super::admission::{Admitted, Standing};
use super::obstacle::Obstacle;
use super::open::read_form;
use super::place::Place;
use super::response::see_other;
use super::{PARAMETERS_BYTES_MAX, Page, Visitor};

/// Longest form, in bytes. The parameters are encoded twice, which makes no byte into more than
/// three, and beside them stands little else.
const FORM_BYTES_MAX: usize = 3 * PARAMETERS_BYTES_MAX + 64;

pub(super) async fn confirm(
    State(page): State<Arc<Page>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let visitor = Visitor { peer, headers: &headers };
    let confirming = async {
        let form = Params::decode(&read_form(body, FORM_BYTES_MAX).await?)
            .map_err(|error| Obstacle::unreadable(error.to_string()))?;
        let admitted = page.admit(form.get("parameters").unwrap_or_default().as_bytes()).await?;
        // A frame confirms in a tab that it opens.
        let place = if form.get("framed").is_some() { Place::Tab } else { Place::Window };
        // Much is under way while a payment is stored; the heap holds it.
        Box::pin(page.start(&admitted, &visitor, place)).await
    };
    page.answer("page_confirm", &headers, confirming).await
}

impl Page {
    async fn start(
        &self,
        admitted: &Admitted,
        visitor: &Visitor<'_>,
        place: Place,
    ) -> Result<Response, Obstacle> {
        if matches!(self.standing(admitted).await?, Standing::New) {
            if admitted.has_expired(self.platform().now()) {
                return Err(admitted.obstructed(Obstacle::expired()));
            }
            let sale = self.sale(admitted, visitor, place);
            match self
                .platform()
                .start_sale(&admitted.project, sale, admitted.attempts(), admitted.digest())
                .await
            {
                Ok(_) => {}
                // Another tab was faster: see below whether it confirmed the same.
                Err(VerbError::Refused(refusal)) if refusal.earlier.is_some() => {}
                Err(VerbError::Refused(refusal)) => {
                    return Err(admitted.obstructed(Obstacle::refused(&refusal)));
                }
                Err(VerbError::Fault(fault)) => return Err(fault.into()),
            }
        }
        match self.standing(admitted).await? {
            Standing::New | Standing::Started => {
                Ok(see_other(&place.path(&admitted.visit.token(&admitted.project), "")))
            }
            Standing::Taken => Err(admitted.obstructed(Obstacle::taken())),
        }
    }
}
