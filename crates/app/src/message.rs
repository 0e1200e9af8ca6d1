//! Payments in the public language: callbacks and status answers (spec/ecommpay §2.7, §3.4).

use domain::code::Code;
use domain::decision::CallbackKind;
use domain::money::Amount;
use domain::payment::{CallbackPreference, Payment, PaymentStatus, Sale, SaleState};
use domain::provider::{Redirect, RedirectMethod};
use domain::refund::{Refund, RefundState};
use domain::time::{Millis, Timestamp};
use store::callbacks::NewCallback;
use wire::callback::{Callback, Customer, Operation, Provider, RedirectData, Sum};
use wire::status::StatusAnswer;
use wire::vocabulary::{self, OperationStatus, OperationType, PaymentType};

use crate::project::Project;
use crate::transact::topic;

/// The platform's number of Paytm, as in the method's document.
const PAYTM: i64 = 2469;

/// The display name of the method, as in the method's document.
const METHOD: &str = "Paytm Wallet";

/// Makes a callback, signed, unless it is switched off or there is nowhere to send it.
pub(crate) fn callback(
    project: &Project,
    payment: &Payment,
    kind: CallbackKind,
    now: Timestamp,
) -> serde_json::Result<Option<NewCallback>> {
    let refund = match kind {
        CallbackKind::Redirect | CallbackKind::Sale => None,
        CallbackKind::Refund(id) => payment.refund(id),
    };
    let preference = refund.map_or(&payment.terms.callback, |refund| &refund.callback);
    let informational = kind != CallbackKind::Redirect;
    if preference.disabled && informational {
        return Ok(None);
    }
    let Some(url) = address(project, payment, preference) else { return Ok(None) };
    let message = Callback {
        project_id: payment.key.project().0,
        payment: payment_of(payment, refund),
        customer: Some(customer_of(payment)),
        operation: Some(refund.map_or_else(|| sale_of(payment, &payment.sale), refund_of)),
        redirect_data: redirect_of(payment).filter(|_| !informational),
        errors: Vec::new(),
    };
    Ok(Some(NewCallback {
        kind: topic(kind),
        operation: refund.map_or(payment.sale.id, |refund| refund.id),
        url,
        body: message.to_signed_json(project.signing_secret())?,
        not_before: now.plus(Millis::seconds(i64::from(preference.delay_seconds))),
    }))
}

/// The answer to a status request, not yet signed.
pub(crate) fn status(payment: &Payment) -> StatusAnswer {
    let refunds = payment.refunds.iter().map(refund_of);
    StatusAnswer {
        project_id: payment.key.project().0,
        payment: payment_of(payment, None),
        customer: Some(customer_of(payment)),
        operations: payment.sales().map(|sale| sale_of(payment, sale)).chain(refunds).collect(),
        redirect_data: redirect_of(payment),
        errors: Vec::new(),
    }
}

fn address(
    project: &Project,
    payment: &Payment,
    preference: &CallbackPreference,
) -> Option<String> {
    let of_payment = payment.terms.callback.url.as_ref();
    preference.url.as_ref().or(of_payment).or(project.settings.callback_url.as_ref()).cloned()
}

fn payment_of(payment: &Payment, about: Option<&Refund>) -> wire::callback::Payment {
    wire::callback::Payment {
        id: payment.key.payment().0.clone(),
        kind: Some(PaymentType::Purchase),
        status: status_of(payment.status()),
        date: Some(payment.updated().0),
        method: Some(METHOD.to_owned()),
        sum: Some(sum(payment.terms.amount)),
        // The document's refund examples carry one although their request has none: the payment's.
        merchant_refund_id: about.map(|refund| {
            refund.merchant_refund_id.as_ref().unwrap_or(&payment.key.payment().0).clone()
        }),
        description: about
            .and_then(|refund| refund.description.clone())
            .or_else(|| payment.terms.description.clone()),
    }
}

const fn status_of(status: PaymentStatus) -> vocabulary::PaymentStatus {
    match status {
        PaymentStatus::Processing => vocabulary::PaymentStatus::Processing,
        PaymentStatus::AwaitingRedirectResult => vocabulary::PaymentStatus::AwaitingRedirectResult,
        PaymentStatus::AwaitingCustomer => vocabulary::PaymentStatus::AwaitingCustomer,
        PaymentStatus::Success => vocabulary::PaymentStatus::Success,
        PaymentStatus::Decline => vocabulary::PaymentStatus::Decline,
        PaymentStatus::PartiallyRefunded => vocabulary::PaymentStatus::PartiallyRefunded,
        PaymentStatus::Refunded => vocabulary::PaymentStatus::Refunded,
    }
}

fn customer_of(payment: &Payment) -> Customer {
    let customer = &payment.terms.customer;
    Customer { id: Some(customer.id.clone()), phone: customer.phone.clone() }
}

fn sale_of(payment: &Payment, sale: &Sale) -> Operation {
    let asked = Provider { id: PAYTM, payment_id: None, date: None, auth_code: None };
    let (status, code, provider) = match &sale.state {
        SaleState::Initiating => (OperationStatus::Processing, Code::Awaiting, asked),
        SaleState::AwaitingRedirect(_) => {
            (OperationStatus::AwaitingRedirectResult, Code::Awaiting, asked)
        }
        SaleState::Captured(receipt) => (
            OperationStatus::Success,
            Code::Success,
            Provider {
                payment_id: Some(receipt.transaction_id.clone()),
                date: Some(receipt.date.unwrap_or(sale.updated).0),
                auth_code: Some(String::new()),
                ..asked
            },
        ),
        // Not `decline` yet: merchants tell callbacks apart by an operation's number and status.
        SaleState::AwaitingRetry { code, transaction_id } => {
            let payment_id = Some(transaction_id.clone().unwrap_or_default());
            (OperationStatus::AwaitingCustomer, *code, Provider { payment_id, ..asked })
        }
        SaleState::Declined { code, transaction_id } => {
            let payment_id = Some(transaction_id.clone().unwrap_or_default());
            (OperationStatus::Decline, *code, Provider { payment_id, ..asked })
        }
        SaleState::DeclinedThenPaid { code, receipt } => {
            let payment_id = Some(receipt.transaction_id.clone());
            (OperationStatus::Decline, *code, Provider { payment_id, ..asked })
        }
    };
    Operation {
        id: sale.id.0,
        kind: OperationType::Sale,
        status,
        date: sale.updated.0,
        created_date: sale.created.0,
        request_id: sale.request.0.clone(),
        sum_initial: sum(payment.terms.amount),
        sum_converted: sum(payment.terms.converted),
        code: code.number().to_string(),
        message: code.message().to_owned(),
        provider: Some(provider),
    }
}

fn refund_of(refund: &Refund) -> Operation {
    let at_provider = |id: &Option<String>| Provider {
        id: PAYTM,
        payment_id: Some(id.clone().unwrap_or_default()),
        date: None,
        auth_code: Some(String::new()),
    };
    let (status, code, provider) = match &refund.state {
        RefundState::Queued | RefundState::Sent { .. } => {
            (OperationStatus::Processing, Code::Awaiting, None)
        }
        RefundState::Pending { provider_id, .. } => {
            (OperationStatus::Processing, Code::Awaiting, Some(at_provider(provider_id)))
        }
        RefundState::Refunded { provider_id } => {
            (OperationStatus::Success, Code::Success, Some(at_provider(provider_id)))
        }
        RefundState::Declined { code } => (OperationStatus::Decline, *code, None),
    };
    Operation {
        id: refund.id.0,
        kind: OperationType::Refund,
        status,
        date: refund.updated.0,
        created_date: refund.created.0,
        request_id: refund.request.0.clone(),
        sum_initial: sum(refund.amount),
        sum_converted: sum(refund.converted),
        code: code.number().to_string(),
        message: code.message().to_owned(),
        provider,
    }
}

fn redirect_of(payment: &Payment) -> Option<RedirectData> {
    match &payment.sale.state {
        SaleState::AwaitingRedirect(Redirect { method, url, fields }) => Some(RedirectData {
            body: fields.clone(),
            method: match method {
                RedirectMethod::Get => vocabulary::RedirectMethod::Get,
                RedirectMethod::Post => vocabulary::RedirectMethod::Post,
            },
            url: url.clone(),
        }),
        SaleState::Initiating
        | SaleState::AwaitingRetry { .. }
        | SaleState::Captured(_)
        | SaleState::Declined { .. }
        | SaleState::DeclinedThenPaid { .. } => None,
    }
}

fn sum(amount: Amount) -> Sum {
    Sum { amount: amount.minor(), currency: amount.currency().code().to_owned() }
}

#[cfg(test)]
mod tests;
