//! Delivers notifications: takes what is due from the books, posts it, records how that went.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;

use crate::bank::notice::{self, Delivery, TAKEN};
use crate::clock::Millis;
use crate::config::Config;
use crate::store::Store;

type Https = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// Orders that are delivered for at the same time.
const IN_FLIGHT_MAX: usize = 64;

/// Attempts taken from the books at once.
const BATCH: u32 = 32;

/// After this many times the longest attempt, an attempt without a recorded outcome is repeated.
const LEASE_TIMEOUTS: u32 = 4;

/// Delivers for ever, whenever `due` is signalled.
pub(crate) async fn run(store: Store, config: Arc<Config>, due: Arc<Notify>) {
    let connector =
        HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().build();
    let client: Https = Client::builder(TokioExecutor::new()).build(connector);
    let slots = Arc::new(Semaphore::new(IN_FLIGHT_MAX));
    let timeout = config.webhook_timeout;
    let lease = Millis::try_from((timeout * LEASE_TIMEOUTS).as_millis()).unwrap_or(Millis::MAX);
    let mut attempts = JoinSet::new();
    loop {
        due.notified().await;
        loop {
            let taken = store.call(move |session| notice::take_due(session, BATCH, lease)).await;
            let mut deliveries = VecDeque::from(taken.unwrap_or_default());
            if deliveries.is_empty() {
                break;
            }
            while let Some(first) = deliveries.pop_front() {
                let Ok(slot) = slots.clone().acquire_owned().await else { return };
                let of_same_order = deliveries
                    .iter()
                    .take_while(|delivery| delivery.order_id == first.order_id)
                    .count();
                let rest = deliveries.drain(..of_same_order);
                let in_order: Vec<Delivery> = std::iter::once(first).chain(rest).collect();
                let (store, client) = (store.clone(), client.clone());
                attempts.spawn(async move {
                    deliver(&store, &client, in_order, timeout).await;
                    drop(slot);
                });
            }
            while attempts.try_join_next().is_some() {}
        }
    }
}

/// Attempts one after the other, so that an honest sandbox does not reorder what it has to say.
async fn deliver(store: &Store, client: &Https, in_order: Vec<Delivery>, timeout: Duration) {
    for delivery in in_order {
        let result = attempt(client, &delivery, timeout).await;
        // If this cannot be recorded, the lease ends and it is attempted again.
        drop(store.call(move |session| notice::attempted(session, &delivery, &result)).await);
    }
}

/// Posts once. Returns `200`, another status, or what went wrong.
async fn attempt(client: &Https, delivery: &Delivery, timeout: Duration) -> String {
    let request = Request::post(&delivery.url)
        .header(header::CONTENT_TYPE, &delivery.content_type)
        .body(Full::from(delivery.body.clone()));
    let request = match request {
        Ok(request) => request,
        Err(error) => return error.to_string(),
    };
    match tokio::time::timeout(timeout, client.request(request)).await {
        Err(_) => "timed out".to_owned(),
        Ok(Err(error)) => error.to_string(),
        Ok(Ok(response)) if response.status() == 200 => {
            // Read to the end, so that the connection can be used again; what it says is ignored.
            drop(tokio::time::timeout(timeout, Body::new(response.into_body()).collect()).await);
            TAKEN.to_owned()
        }
        Ok(Ok(response)) => response.status().as_str().to_owned(),
    }
}
