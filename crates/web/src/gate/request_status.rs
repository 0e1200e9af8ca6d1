//! `POST /v2/payment/status/request`: how the payment of one request stands. The body is flat.

use app::platform::Platform;
use axum::http::StatusCode;
use axum::response::Response;
use domain::id::RequestId;
use serde_json::Value;
use wire::field::FieldError;
use wire::gate::RequestStatusRequest;

use super::{Action, Signed};
use crate::error::Problem;
use crate::exchange::json;

/// Tells how the payment of one request stands.
pub(super) enum RequestStatus {}

impl Action for RequestStatus {
    const ROUTE: &'static str = "request_status";
    const PROJECT: &'static str = "/project_id";
    type Request = RequestStatusRequest;

    fn parse(document: &Value) -> Result<RequestStatusRequest, Vec<FieldError>> {
        RequestStatusRequest::parse(document)
    }

    async fn act(
        platform: &Platform,
        signed: &Signed,
        request: RequestStatusRequest,
    ) -> Result<Response, Problem> {
        let id = RequestId(request.request_id);
        let answer = platform.request_status(&signed.project, id).await?;
        Ok(json(StatusCode::OK, answer))
    }
}
