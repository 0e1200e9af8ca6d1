//! `POST /payment/{token}/retry` and `…/leave`: what a customer may do after a try that failed.
//! Both may be pressed twice, in two tabs, or too late: what has become of the payment is shown.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;

use super::Page;
use super::admission::{is_framed, path};
use super::obstacle::Obstacle;
use super::progress::Arrival;
use super::response::see_other;
use super::visit::Visit;

pub(super) async fn retry(
    State(page): State<Arc<Page>>,
    Path(token): Path<String>,
    Query(arrival): Query<Arrival>,
    headers: HeaderMap,
) -> Response {
    let retrying = async {
        let (project, visit) = page.visit(&token).await?;
        // Much is under way while a payment is stored; the heap holds it.
        Box::pin(page.platform().retry_sale(&project, visit.key())).await?;
        Ok(see_other(&path(&token, "", arrival.in_tab())))
    };
    page.answer("page_retry", &headers, retrying).await
}

pub(super) async fn leave(
    State(page): State<Arc<Page>>,
    Path(token): Path<String>,
    Query(arrival): Query<Arrival>,
    headers: HeaderMap,
) -> Response {
    let beside_the_shop = arrival.in_tab() || is_framed(&headers, None);
    let leaving = async {
        let (project, visit) = page.visit(&token).await?;
        Box::pin(page.platform().give_up_sale(&project, visit.key())).await?;
        let address = way_out(&visit).filter(|_| !beside_the_shop);
        Ok::<_, Obstacle>(see_other(address.unwrap_or(&path(&token, "", arrival.in_tab()))))
    };
    page.answer("page_leave", &headers, leaving).await
}

/// Where a customer goes who does not want to try again.
pub(super) fn way_out(visit: &Visit) -> Option<&str> {
    let after_decline = visit.ways.fail.as_ref().map(|way| way.address.as_str());
    after_decline.or(visit.ways.back.as_deref())
}
