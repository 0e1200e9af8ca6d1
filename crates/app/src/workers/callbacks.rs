//! Delivering callbacks: the oldest of a payment first, the same bytes at every try.

use domain::id::PaymentKey;
use domain::redelivery::next_attempt;
use domain::time::{Millis, Timestamp};
use store::callbacks::{self, Callback, CallbackState, Delivery};
use store::jobs::{self, JobKey, Work};
use store::{StoreError, Tx};

use super::Ended;
use crate::endpoints::{Answered, Entry, Try, endpoint_of};
use crate::platform::{Fault, Platform};
use crate::ports::{HttpAnswer, HttpError, HttpRequest, Peer};
use crate::project::Project;

const CONNECT_TIMEOUT: Millis = Millis::seconds(5);
const TIMEOUT: Millis = Millis::seconds(15);
const ANSWER_BYTES: usize = 64 * 1024;

/// How much of an answer is kept in the log.
const KEPT_BYTES: usize = 2 * 1024;

/// The only answer that acknowledges.
const ACKNOWLEDGED: u16 = 200;

impl Platform {
    pub(super) async fn deliver_callback(&self, job: &JobKey) -> Result<Ended, Fault> {
        let key = job.payment.clone();
        let Some(callback) = self.head_that_is_due(&key).await? else { return Ok(Ended::Done) };
        let Some(project) = self.project(key.project()).await? else { return Ok(Ended::Done) };

        let endpoint = endpoint_of(&callback.url).to_owned();
        let which = if callback.attempts == 0 { Try::First } else { Try::Again };
        let began = self.now();
        let entry = self.endpoints().enter(&endpoint, job, which, began);
        match entry {
            Entry::Go => {}
            Entry::Wait => return Ok(Ended::Parked),
            Entry::At(probe_at) => {
                self.scheduler().plan(job.clone(), probe_at);
                return Ok(Ended::Done);
            }
        }
        let result = self.http().send(request(&project, &callback, began)).await;
        let acknowledged = matches!(&result, Ok(answer) if answer.status == ACKNOWLEDGED);
        let now = self.now();
        let answered = if acknowledged { Answered::Yes } else { Answered::No };
        let released = self.endpoints().leave(&endpoint, which, answered, now);
        {
            let mut scheduler = self.scheduler();
            for (job, due) in released {
                scheduler.unpark(job, due);
            }
        }

        let delivery = delivery(&callback, began, now, result);
        self.metrics().callback_tried(if acknowledged { "acknowledged" } else { "failed" });
        if !acknowledged {
            tracing::info!(
                payment = %key, callback.seq = callback.seq, attempt = delivery.attempt,
                status = delivery.status, error = delivery.error, "a callback was not acknowledged"
            );
        }
        self.record_delivery(key, callback, delivery, acknowledged).await?;
        Ok(Ended::Done)
    }

    /// The callback to send now. Should the job be early, late or pointless, it is put right.
    async fn head_that_is_due(&self, key: &PaymentKey) -> Result<Option<Callback>, Fault> {
        let (payment, now) = (key.clone(), self.now());
        let look = move |tx: &mut dyn Tx| -> Result<_, StoreError> {
            let planned = jobs::of_payment(tx, &payment)?;
            let due = planned.iter().find(|job| job.key.work == Work::DeliverCallback);
            Ok((callbacks::head(tx, &payment)?, due.map(|job| job.due)))
        };
        let (head, due) = self.store().read(look).await.map_err(Fault::Store)?;
        match (head, due) {
            (Some(callback), Some(due)) if due <= now => Ok(Some(callback)),
            (Some(_), Some(due)) => {
                let job = JobKey { payment: key.clone(), work: Work::DeliverCallback };
                self.scheduler().plan(job, due);
                Ok(None)
            }
            (None, Some(_)) => {
                self.drop_job(key, Work::DeliverCallback).await?;
                Ok(None)
            }
            (_, None) => Ok(None),
        }
    }

    async fn record_delivery(
        &self,
        key: PaymentKey,
        callback: Callback,
        delivery: Delivery,
        acknowledged: bool,
    ) -> Result<(), Fault> {
        let now = self.now();
        let first = callback.first_at.unwrap_or(delivery.at);
        let again = next_attempt(delivery.attempt, first, now);
        let payment = key.clone();
        let next_due = self.store().write(move |tx| -> Result<_, StoreError> {
            let state = match (acknowledged, again) {
                (true, _) => CallbackState::Delivered,
                (false, Some(_)) => CallbackState::Pending,
                (false, None) => CallbackState::Expired,
            };
            callbacks::record(tx, &payment, &delivery, state)?;
            let next_due = callbacks::head(tx, &payment)?.map(|head| {
                if head.seq == delivery.seq {
                    again.unwrap_or(now)
                } else {
                    head.not_before.max(now)
                }
            });
            match next_due {
                Some(due) => jobs::schedule(tx, &payment, Work::DeliverCallback, due)?,
                None => jobs::cancel(tx, &payment, Work::DeliverCallback)?,
            }
            Ok(next_due)
        });
        let next_due = next_due.await.map_err(Fault::Store)?;
        let job = JobKey { payment: key, work: Work::DeliverCallback };
        match next_due {
            Some(due) => self.scheduler().plan(job, due),
            None => self.scheduler().cancel(&job),
        }
        Ok(())
    }
}

fn request(project: &Project, callback: &Callback, now: Timestamp) -> HttpRequest {
    let key = &callback.payment;
    let id = format!("{}-{}-{}", key.project().0, callback.operation.0, callback.seq);
    let body = callback.body.clone().into_bytes();
    let standard = wire::webhook::headers(&id, now.0 / 1_000, &body, &project.accepted_secrets());
    let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    headers.extend(standard.map(|(name, value)| (name.to_owned(), value)));
    HttpRequest {
        url: callback.url.clone(),
        peer: Peer::Merchant,
        headers,
        body,
        connect_timeout: CONNECT_TIMEOUT,
        timeout: TIMEOUT,
        answer_bytes_max: ANSWER_BYTES,
    }
}

fn delivery(
    callback: &Callback,
    began: Timestamp,
    now: Timestamp,
    result: Result<HttpAnswer, HttpError>,
) -> Delivery {
    let (status, error, answer) = match result {
        Ok(answer) => {
            let kept = answer.body.get(..KEPT_BYTES.min(answer.body.len())).unwrap_or_default();
            (Some(answer.status), None, String::from_utf8_lossy(kept).into_owned())
        }
        Err(error) => (None, Some(error.to_string()), String::new()),
    };
    Delivery {
        seq: callback.seq,
        attempt: callback.attempts.saturating_add(1),
        at: began,
        took_ms: now.since(began).0,
        status,
        error,
        answer,
    }
}
