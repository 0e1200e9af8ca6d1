//! `/provider/paytm/return`: the customer's browser comes back from the provider. What it brings
//! only names the payment. The customer waits a moment for the true result, then goes on to the
//! address that the merchant gave with the payment, or, without one, reads how things stand.

use app::platform::Fault;
use app::workers::RETURN_PATH;
use axum::extract::{Request, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use domain::payment::{Payment, SaleState};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};
use url::Url;

use super::{BODY_BYTES_MAX, Provider};
use crate::error::Problem;
use crate::exchange::{exchange, read_body};
use crate::html::{Words, page, secured};

/// How often it is looked whether the result has come.
const LOOK_EVERY: Duration = Duration::from_millis(100);

const PAID: Words = Words {
    title: "Payment successful",
    text: "The payment is complete. You can close this page and go back to the shop.",
};
const DECLINED: Words = Words {
    title: "Payment declined",
    text: "The payment was not made. You can close this page and try again in the shop.",
};
const OPEN: Words = Words {
    title: "Payment in progress",
    text: "The payment has no result yet. Please don't pay again. This page looks again by itself; \
           you can also close it, and the shop will know the result.",
};
const UNKNOWN: Words = Words {
    title: "Payment not found",
    text: "This address names no payment. Please go back to the shop and see how the order stands.",
};
const UNREADABLE: Words = Words {
    title: "Not understood",
    text: "The request could not be read. Please go back to the shop and see how the order stands.",
};
const OUT_OF_ORDER: Words = Words {
    title: "Please try again",
    text: "The result can't be shown at the moment. Please don't pay again: reload this page, or \
           go back to the shop and see how the order stands.",
};

/// What a returning customer can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Paid,
    Declined,
    Open,
}

impl Outcome {
    const fn of(payment: &Payment) -> Self {
        match payment.sale.state {
            SaleState::Initiating | SaleState::AwaitingRedirect(_) => Self::Open,
            SaleState::Captured(_) => Self::Paid,
            SaleState::AwaitingRetry { .. }
            | SaleState::Declined { .. }
            | SaleState::DeclinedThenPaid { .. } => Self::Declined,
        }
    }
}

/// The browser follows a link, or this page reloads itself.
pub(super) async fn by_link(State(provider): State<Provider>, request: Request) -> Response {
    let query = request.uri().query().unwrap_or_default().as_bytes();
    respond(&provider, provider.answer(query)).await
}

/// The browser sends the provider's form.
pub(super) async fn by_form(State(provider): State<Provider>, request: Request) -> Response {
    let answer = async {
        let reading = read_body(request.into_body(), BODY_BYTES_MAX);
        let within = provider.config.answer_within;
        let body = timeout(within, reading).await;
        let body = body.map_err(|_elapsed| Problem::body_too_slow(within))??;
        provider.answer(&body).await
    };
    // Much is under way while a payment is waited for; the heap holds it.
    respond(&provider, Box::pin(answer)).await
}

async fn respond(
    provider: &Provider,
    answer: impl Future<Output = Result<Response, Problem>>,
) -> Response {
    exchange(&provider.shared, "return", answer, |problem, _id| match problem {
        Problem::Refused { status, .. } => page(status, UNREADABLE, None),
        Problem::Fault(_) | Problem::Panicked => {
            page(StatusCode::SERVICE_UNAVAILABLE, OUT_OF_ORDER, None)
        }
    })
    .await
}

impl Provider {
    async fn answer(&self, brought: &[u8]) -> Result<Response, Problem> {
        let named = self.shared.platform().provider_notified(brought).await?;
        Ok(match named {
            Some(payment) => onward(&self.settled(payment).await?),
            None => page(StatusCode::NOT_FOUND, UNKNOWN, None),
        })
    }

    /// Waits for the result of a payment, within the bound.
    async fn settled(&self, mut payment: Payment) -> Result<Payment, Fault> {
        let deadline = Instant::now() + self.config.outcome_within;
        while Outcome::of(&payment) == Outcome::Open && Instant::now() < deadline {
            sleep(LOOK_EVERY).await;
            let seen = self.shared.platform().payment(payment.key.clone()).await?;
            payment = seen.unwrap_or(payment);
        }
        Ok(payment)
    }
}

/// Sends the customer on.
fn onward(payment: &Payment) -> Response {
    let urls = &payment.terms.return_urls;
    let (url, words) = match Outcome::of(payment) {
        Outcome::Paid => (&urls.success, PAID),
        Outcome::Declined => (&urls.decline, DECLINED),
        Outcome::Open => (&urls.unknown, OPEN),
    };
    if let Some(location) = url.as_deref().and_then(location) {
        let mut response = Response::default();
        *response.status_mut() = StatusCode::SEE_OTHER;
        response.headers_mut().insert(LOCATION, location);
        return secured(response);
    }
    let again = format!("{RETURN_PATH}?ORDERID={}", payment.sale.reference.0);
    page(StatusCode::OK, words, (words == OPEN).then_some(&again))
}

/// A merchant's address as a header, written the way browsers read it.
fn location(url: &str) -> Option<HeaderValue> {
    let url = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    HeaderValue::try_from(url.as_str()).ok()
}
