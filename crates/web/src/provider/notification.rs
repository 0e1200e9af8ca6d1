//! `POST /provider/paytm/notification`: the provider says that something happened. It is told
//! `OK` whatever it says, also about orders that are not ours, because it would only repeat
//! itself; it is sent away only when the hint could not be taken, so that it comes again.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use tokio::time::timeout;

use super::{BODY_BYTES_MAX, Provider};
use crate::error::Problem;
use crate::exchange::{exchange, read_body, text};

pub(super) async fn take(State(provider): State<Provider>, request: Request) -> Response {
    let Provider { shared, config } = &provider;
    let taking = async {
        let body = read_body(request.into_body(), BODY_BYTES_MAX).await?;
        shared.platform().provider_notified(&body).await?;
        Ok(text(StatusCode::OK, "OK"))
    };
    let answer = async {
        let taken = timeout(config.answer_within, taking).await;
        taken.map_err(|_elapsed| Problem::too_late())?
    };
    // On the heap: what a notification sets in motion is a large future.
    exchange(shared, "notification", Box::pin(answer), |problem, _id| match problem {
        Problem::Refused { status, .. } => text(status, "not taken"),
        Problem::Fault(_) | Problem::Panicked => {
            text(StatusCode::SERVICE_UNAVAILABLE, "come again later")
        }
    })
    .await
}
