//! `POST /payment/{token}/retry` and `…/leave`: what a customer may do after a try that failed.
//! Both may be pressed twice, in two tabs, or too late: what has become of the payment is shown.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use super::Page;
use super::place::{Asked, Place};
use super::response::see_other;

pub(super) async fn retry(
    State(page): State<Arc<Page>>,
    asked: Asked,
    headers: HeaderMap,
) -> Response {
    let retrying = async {
        let (project, visit) = page.visit(&asked.token).await?;
        // Much is under way while a payment is stored; the heap holds it.
        Box::pin(page.platform().retry_sale(&project, visit.key())).await?;
        Ok(see_other(&asked.place.path(&asked.token, "")))
    };
    page.answer("page_retry", &headers, retrying).await
}

pub(super) async fn leave(
    State(page): State<Arc<Page>>,
    asked: Asked,
    headers: HeaderMap,
) -> Response {
    let leaving = async {
        let (project, visit) = page.visit(&asked.token).await?;
        Box::pin(page.platform().give_up_sale(&project, visit.key())).await?;
        let address = visit.ways.out().filter(|_| asked.place == Place::Window);
        Ok(see_other(address.unwrap_or(&asked.place.path(&asked.token, ""))))
    };
    page.answer("page_leave", &headers, leaving).await
}
