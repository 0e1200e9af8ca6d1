//! `POST /v2/payment/refund` and its aliases: give a payment back, whole or in part. Which payment
//! it is, and by what method it was paid, follows from `general` alone.

use app::platform::Platform;
use axum::response::Response;
use serde_json::Value;
use wire::field::FieldError;
use wire::gate::RefundRequest;

use super::{Action, Signed, accepted};
use crate::error::Problem;

/// Gives a payment back.
pub(super) enum Refund {}

impl Action for Refund {
    const ROUTE: &'static str = "refund";
    const PROJECT: &'static str = "/general/project_id";
    type Request = RefundRequest;

    fn parse(document: &Value) -> Result<RefundRequest, Vec<FieldError>> {
        RefundRequest::parse(document)
    }

    async fn act(
        platform: &Platform,
        signed: &Signed,
        request: RefundRequest,
    ) -> Result<Response, Problem> {
        let payment_id = request.general.payment_id.clone();
        let started = platform.start_refund(&signed.project, request).await?;
        accepted(signed, payment_id, started)
    }
}
