//! `GET /payment/{token}/events`: tells a waiting page, as server-sent events, when its payment
//! has come further: its stage and its attempt, `ready 1`. Any process can answer, because the
//! store is asked; a stream ends before proxies lose patience, and the browser takes up the next
//! one by itself.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use app::platform::Platform;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use domain::id::PaymentKey;
use http_body_util::channel::{Channel, Sender};
use tokio::sync::OwnedSemaphorePermit;

use super::Page;
use super::obstacle::Obstacle;
use super::place::Asked;
use super::stage::{Stage, attempt};
use crate::exchange::with_type;

/// Between two looks at the payment.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Looks of one stream: half a minute. A sign of life follows every tenth.
const LOOKS: u32 = 60;
const LOOKS_PER_SIGN: u32 = 10;
/// When the browser comes back after a stream has ended, in milliseconds.
const COME_BACK: &str = "retry: 1000\n\n";

pub(super) async fn events(
    State(page): State<Arc<Page>>,
    asked: Asked,
    headers: HeaderMap,
) -> Response {
    page.answer("page_events", &headers, page.follow(&asked.token)).await
}

impl Page {
    async fn follow(&self, token: &str) -> Result<Response, Obstacle> {
        let (_, visit) = self.visit(token).await?;
        let Ok(place) = Arc::clone(&self.live).try_acquire_owned() else {
            // The browser gives up for good, and the page reloads itself from time to time.
            return Ok(with_type(StatusCode::NO_CONTENT, "text/plain", Body::empty()));
        };
        let (sender, body) = Channel::<Bytes, Infallible>::new(4);
        tokio::spawn(tell(self.platform().clone(), visit.key(), sender, place));
        let mut response = Response::new(Body::new(body));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
        Ok(response)
    }
}

async fn tell(
    platform: Platform,
    key: PaymentKey,
    mut sender: Sender<Bytes>,
    _place: OwnedSemaphorePermit,
) {
    let mut told = String::new();
    let mut text = COME_BACK.to_owned();
    for look in 1..=LOOKS {
        // The store could not be read; the browser asks again.
        let Ok(payment) = platform.payment(key.clone()).await else { return };
        let stage = Stage::of(payment.as_ref());
        let news = format!("{} {}", stage.name(), attempt(payment.as_ref()));
        if news != told {
            text.extend(["event: stage\ndata: ", &news, "\n\n"]);
            told = news;
        } else if look % LOOKS_PER_SIGN == 0 {
            text += ": waiting\n\n";
        }
        let text = std::mem::take(&mut text);
        if !text.is_empty() && sender.send_data(text.into()).await.is_err() {
            return;
        }
        if stage.is_final() {
            return;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
