//! `POST /v2/payment/status`: how a payment stands. A payment nobody knows is answered too.

use app::platform::Platform;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;
use wire::field::FieldError;
use wire::gate::StatusRequest;

use super::{Action, Signed};
use crate::error::Problem;
use crate::exchange::json;

/// Tells how a payment stands.
pub(super) enum Status {}

impl Action for Status {
    const ROUTE: &'static str = "status";
    const PROJECT: &'static str = "/general/project_id";
    type Request = StatusRequest;

    fn parse(document: &Value) -> Result<StatusRequest, Vec<FieldError>> {
        StatusRequest::parse(document)
    }

    async fn act(
        platform: &Platform,
        signed: &Signed,
        request: StatusRequest,
    ) -> Result<Response, Problem> {
        let answer = platform.payment_status(&signed.project, request.general.payment_id).await?;
        Ok(json(StatusCode::OK, answer))
    }
}
