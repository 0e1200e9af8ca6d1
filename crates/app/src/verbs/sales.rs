//! Accepting a sale.

use std::sync::Arc;

use domain::code::Code;
use domain::command::Command;
use domain::decision::Rejection;
use domain::id::{PaymentId, PaymentKey, RequestId};
use domain::limits::SALE_ATTEMPTS_MAX;
use domain::money::{Amount, Currency};
use domain::payment::{CallbackPreference, Customer, ReturnUrls, Terms};
use domain::time::Timestamp;
use wire::gate::SaleRequest;

use super::{Refusal, VerbError};
use crate::platform::{Fault, Platform};
use crate::project::Project;
use crate::transact::Refused;

impl Platform {
    /// Accepts a merchant's sale and returns the id of its request. `attempts` is how often its
    /// customer may try to pay; `digest` identifies what was asked, to tell a repeated request from
    /// another one.
    ///
    /// # Errors
    /// [`VerbError::Refused`] when the project may not do this or the payment id is taken.
    pub async fn start_sale(
        &self,
        project: &Arc<Project>,
        request: SaleRequest,
        attempts: u32,
        digest: u64,
    ) -> Result<RequestId, VerbError> {
        if !self.store().is_durable() {
            // Rather no payment than one that could be forgotten (I12).
            return Err(Refusal::new(
                Code::ProviderUnavailable,
                "payments are not accepted at the moment; send the same request later",
            )
            .into());
        }
        let key = PaymentKey::new(project.id, PaymentId(request.general.payment_id.clone()));
        let terms = self.terms(project, request, attempts, digest).await?;
        let operation = self.new_operation(&key).await?;
        let command = Command::AcceptSale { key: key.clone(), operation, terms: Box::new(terms) };
        match self.transact(project, key, command).await {
            Ok(decision) => Ok(decision.payment.sale.request),
            Err(Refused::Fault(fault)) => Err(fault.into()),
            Err(Refused::Rules(rejection)) => Err(refusal(rejection).into()),
        }
    }

    /// The customer tries again to pay. Where that isn't possible, because another tab was faster
    /// or no time is left, nothing happens.
    ///
    /// # Errors
    /// [`Fault`] when the store fails.
    pub async fn retry_sale(&self, project: &Arc<Project>, key: PaymentKey) -> Result<(), Fault> {
        let operation = self.new_operation(&key).await?;
        self.decide_for_customer(project, key, Command::RetrySale(operation)).await
    }

    /// The customer does not want to try again: the payment is declined, unless something else has
    /// become of it.
    ///
    /// # Errors
    /// [`Fault`] when the store fails.
    pub async fn give_up_sale(&self, project: &Arc<Project>, key: PaymentKey) -> Result<(), Fault> {
        self.decide_for_customer(project, key, Command::GiveUp).await
    }

    async fn decide_for_customer(
        &self,
        project: &Arc<Project>,
        key: PaymentKey,
        command: Command,
    ) -> Result<(), Fault> {
        match self.transact(project, key, command).await {
            Ok(_) | Err(Refused::Rules(_)) => Ok(()),
            Err(Refused::Fault(fault)) => Err(fault),
        }
    }

    /// Whether the project's settings and the time allow this sale. Changes nothing, and says
    /// nothing about the payment id.
    ///
    /// # Errors
    /// [`Refusal`] with the reason.
    pub fn check_sale(&self, project: &Project, request: &SaleRequest) -> Result<(), Refusal> {
        sale_amount(project, request)?;
        limit(project, request.payment.best_before, self.now()).map(|_| ())
    }

    async fn terms(
        &self,
        project: &Project,
        request: SaleRequest,
        attempts: u32,
        digest: u64,
    ) -> Result<Terms, VerbError> {
        let now = self.now();
        let amount = sale_amount(project, &request)?;
        Ok(Terms {
            amount,
            converted: self.settled(project, amount).await?,
            description: request.payment.description,
            customer: Customer {
                id: request.customer.id,
                ip_address: Some(request.customer.ip_address),
                phone: request.customer.details.phone,
                email: request.customer.details.email,
                first_name: request.customer.details.first_name,
                last_name: request.customer.details.last_name,
            },
            callback: CallbackPreference {
                url: request.general.merchant_callback_url,
                delay_seconds: request.callback.delay_seconds,
                disabled: request.callback.force_disable,
            },
            return_urls: ReturnUrls {
                success: request.return_url.success,
                decline: request.return_url.decline,
                unknown: request.return_url.returned,
            },
            late_success: project.settings.late_success,
            limit_at: limit(project, request.payment.best_before, now)?,
            attempts: attempts.clamp(1, SALE_ATTEMPTS_MAX),
            request_digest: digest,
        })
    }
}

fn sale_amount(project: &Project, request: &SaleRequest) -> Result<Amount, Refusal> {
    let settings = &project.settings;
    if !settings.paytm_enabled {
        let message = "the method paytm is not enabled for this project";
        return Err(Refusal::new(Code::AccessDenied, message));
    }
    let sent = &request.payment.currency;
    let refuse_currency = |code| {
        let message = format!("payment.currency is {sent}; Paytm takes INR only");
        Refusal::of_field(code, "payment.currency", message)
    };
    let currency =
        Currency::from_code(sent).ok_or_else(|| refuse_currency(Code::InvalidCurrency))?;
    if currency != Currency::INR {
        return Err(refuse_currency(Code::CurrencyDisabled));
    }
    let sent = request.payment.amount;
    let refuse = |code, bound: &str, minor: i64| {
        let message = format!("payment.amount is {sent}; the project's {bound} is {minor} paise");
        Refusal::of_field(code, "payment.amount", message)
    };
    if sent < settings.sale_minor_min {
        return Err(refuse(Code::AmountBelowLimit, "minimum", settings.sale_minor_min));
    }
    if sent > settings.sale_minor_max {
        return Err(refuse(Code::AmountAboveLimit, "maximum", settings.sale_minor_max));
    }
    Amount::new(sent, currency).map_err(|error| {
        Refusal::of_field(Code::ValidationError, "payment.amount", error.to_string())
    })
}

fn limit(
    project: &Project,
    best_before: Option<i64>,
    now: Timestamp,
) -> Result<Timestamp, Refusal> {
    let limit = now.plus(project.settings.limit_time);
    match best_before.map(Timestamp) {
        Some(expiry) if expiry <= now => Err(Refusal::of_field(
            Code::ValidationError,
            "payment.best_before",
            "payment.best_before has passed; expected a time in the future",
        )),
        Some(expiry) => Ok(limit.min(expiry)),
        None => Ok(limit),
    }
}

fn refusal(rejection: Rejection) -> Refusal {
    match rejection {
        Rejection::PaymentExists { request, same } => {
            let what = if same { "this request" } else { "another request" };
            let message = format!(
                "general.payment_id is taken: {what} was accepted under it before, see request_id. \
                 Nothing was charged again. Ask for its state with /v2/payment/status"
            );
            Refusal {
                earlier: Some(request),
                ..Refusal::of_field(Code::PaymentExists, "general.payment_id", message)
            }
        }
        other @ (Rejection::PaymentNotFound
        | Rejection::NotRefundable { .. }
        | Rejection::RefundExists { .. }
        | Rejection::RefundCurrency
        | Rejection::TooManyRefunds
        | Rejection::OutOfPlace) => Refusal::new(Code::StatusForbids, other.to_string()),
    }
}
