//! Values that tests need but are not about: identities, terms, receipts.

use dwar_domain::command::{Command, RefundRequest};
use dwar_domain::id::{
    NewOperation, OperationId, PaymentId, PaymentKey, ProjectId, ProviderReference, RequestId,
};
use dwar_domain::money::{Amount, Currency};
use dwar_domain::payment::{CallbackPreference, Customer, LateSuccessPolicy, ReturnUrls, Terms};
use dwar_domain::provider::{Receipt, Redirect, RedirectMethod};
use dwar_domain::time::{Millis, Timestamp};

/// When every payment of these tests is accepted.
pub(crate) const START: Timestamp = Timestamp(1_700_000_000_000);

/// How long its customer has.
pub(crate) const LIMIT: Millis = Millis::minutes(15);

/// The sale's number, or that of the first attempt at it. Jitter is drawn from it, and a multiple
/// of 200 draws none.
pub(crate) const SALE: OperationId = OperationId(1_000);

/// The number of the `n`-th attempt at the sale, `sale 2` in the tables. It draws no jitter either.
pub(crate) fn attempt_id(n: usize) -> OperationId {
    OperationId(SALE.0 + i64::try_from(n - 1).unwrap() * 1_000_000)
}

/// The `n`-th refund's number, `r1` in the tables. It draws none either, and belongs to no attempt
/// while `n` is below 5000.
pub(crate) fn refund_id(n: usize) -> OperationId {
    OperationId(SALE.0 + i64::try_from(n).unwrap() * 200)
}

pub(crate) fn amount(minor: i64, currency: &str) -> Amount {
    Amount::new(minor, Currency::from_code(currency).unwrap()).unwrap()
}

pub(crate) fn inr(minor: i64) -> Amount {
    amount(minor, "INR")
}

pub(crate) fn operation(id: OperationId) -> NewOperation {
    NewOperation {
        id,
        request: RequestId(format!("request-{}", id.0)),
        reference: ProviderReference(format!("reference-{}", id.0)),
    }
}

/// Terms of a sale with a single attempt.
pub(crate) fn terms(amount: Amount, converted: Amount, late_success: LateSuccessPolicy) -> Terms {
    Terms {
        amount,
        converted,
        description: Some("two tickets".into()),
        customer: Customer { id: "customer-1".into(), ..Customer::default() },
        callback: CallbackPreference::default(),
        return_urls: ReturnUrls::default(),
        late_success,
        limit_at: START.plus(LIMIT),
        attempts: 1,
        request_digest: 1,
    }
}

pub(crate) fn accept_sale(terms: Terms) -> Command {
    Command::AcceptSale {
        key: PaymentKey::new(ProjectId(200), PaymentId("payment-1".into())),
        operation: operation(SALE),
        terms: Box::new(terms),
    }
}

/// A request for `amount`, or for all that is left.
pub(crate) fn refund_request(id: OperationId, amount: Option<Amount>) -> RefundRequest {
    RefundRequest {
        operation: operation(id),
        amount,
        merchant_refund_id: None,
        description: Some("returned".into()),
        callback: CallbackPreference::default(),
    }
}

pub(crate) fn receipt() -> Receipt {
    Receipt {
        transaction_id: "transaction-1".into(),
        date: Some(START),
        mode: Some("UPI".into()),
        bank_reference: None,
    }
}

pub(crate) fn redirect() -> Redirect {
    Redirect {
        method: RedirectMethod::Get,
        url: "https://provider.example/pay".into(),
        fields: vec![],
    }
}
