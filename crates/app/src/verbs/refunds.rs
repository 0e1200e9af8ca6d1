//! Accepting a refund.

use std::sync::Arc;

use domain::code::Code;
use domain::command::{Command, RefundRequest};
use domain::decision::Rejection;
use domain::id::{PaymentId, PaymentKey, RequestId};
use domain::money::{Amount, Currency};
use domain::payment::CallbackPreference;

use super::{Refusal, VerbError};
use crate::platform::Platform;
use crate::project::Project;
use crate::transact::Refused;

impl Platform {
    /// Accepts a refund and returns the id of its request. More than is left is accepted too and
    /// becomes a declined refund with its own callback (code 3283).
    ///
    /// # Errors
    /// [`VerbError::Refused`] when there is no such payment, it isn't paid, the currency is
    /// another one, or the merchant's refund id is taken.
    pub async fn start_refund(
        &self,
        project: &Arc<Project>,
        request: wire::gate::RefundRequest,
    ) -> Result<RequestId, VerbError> {
        let key = PaymentKey::new(project.id, PaymentId(request.general.payment_id));
        let amount = request.payment.sum.map(|(minor, code)| refund_amount(minor, &code));
        let command = Command::AcceptRefund(RefundRequest {
            operation: self.new_operation(&key).await?,
            amount: amount.transpose()?,
            merchant_refund_id: request.payment.merchant_refund_id,
            description: request.payment.description,
            callback: CallbackPreference {
                url: request.general.merchant_callback_url,
                delay_seconds: request.callback.delay_seconds,
                disabled: request.callback.force_disable,
            },
        });
        match self.transact(project, key, command).await {
            Ok(decision) => {
                let newest = decision.payment.refunds.last();
                newest.map(|refund| refund.request.clone()).ok_or_else(|| {
                    Refusal::new(Code::InternalError, "the refund was not stored").into()
                })
            }
            Err(Refused::Fault(fault)) => Err(fault.into()),
            Err(Refused::Rules(rejection)) => Err(refusal(rejection).into()),
        }
    }
}

fn refund_amount(minor: i64, code: &str) -> Result<Amount, Refusal> {
    let currency = Currency::from_code(code).ok_or_else(|| {
        let message = format!("payment.currency is {code}; expected the payment's, INR");
        Refusal::of_field(Code::RefundCurrency, "payment.currency", message)
    })?;
    Amount::new(minor, currency).map_err(|error| {
        Refusal::of_field(Code::ValidationError, "payment.amount", error.to_string())
    })
}

fn refusal(rejection: Rejection) -> Refusal {
    let message = rejection.to_string();
    match rejection {
        Rejection::PaymentNotFound => Refusal::of_field(
            Code::NotFound,
            "general.payment_id",
            "the project has no payment with this general.payment_id",
        ),
        Rejection::NotRefundable { status } => Refusal::new(
            Code::StatusForbids,
            format!(
                "the payment's status is \"{}\"; only a successful payment can be refunded",
                status.name()
            ),
        ),
        Rejection::RefundExists { request } => Refusal {
            earlier: Some(request),
            ..Refusal::of_field(
                Code::RefundIdExists,
                "payment.merchant_refund_id",
                "payment.merchant_refund_id is taken: a refund was accepted under it before, see \
                 request_id. Nothing was refunded again",
            )
        },
        Rejection::RefundCurrency => Refusal::of_field(
            Code::RefundCurrency,
            "payment.currency",
            "payment.currency is not the currency of the payment, INR",
        ),
        Rejection::TooManyRefunds | Rejection::PaymentExists { .. } | Rejection::OutOfPlace => {
            Refusal::new(Code::StatusForbids, message)
        }
    }
}
