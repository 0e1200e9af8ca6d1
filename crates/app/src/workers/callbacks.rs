//! Delivering callbacks: the oldest of a payment first, the same bytes at every try.

use domain::id::PaymentKey;
use domain::redelivery::next_attempt;
use domain::time::{Millis, Timestamp};
use store::callbacks::{self, Callback, CallbackState, Delivery};
use store::endpoints::{self, EndpointRow};
use store::jobs::{self, JobKey, Work};
use store::{StoreError, Tx};

use super::Ended;
use crate::endpoints::{Answered, Change, Entry, Try, Visit, endpoint_of};
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
        #[cfg(feature = "bugs")]
        let callback = self.callback_rewritten(callback);

        let visit = Visit {
            endpoint: endpoint_of(&callback.url),
            job,
            made: callback.created,
            which: if callback.attempts == 0 { Try::First } else { Try::Again },
        };
        let began = self.now();
        let entry = self.endpoints().enter(visit, began);
        match entry {
            Entry::Go => {}
            Entry::Wait => return Ok(Ended::Parked),
            Entry::At(probe_at) => {
                self.scheduler().plan(job.clone(), probe_at);
                return Ok(Ended::Done);
            }
        }
        let result = self.http().send(request(&project, &callback, began)).await;
        let now = self.now();
        let delivery = delivery(&callback, began, now, result);
        let outcome = Outcome::of(&callback, &delivery, now);
        let left = self.endpoints().leave(visit, outcome.answered(), now);
        self.unpark(left.next);

        let acknowledged = outcome == Outcome::Acknowledged;
        self.metrics().callback_tried(if acknowledged { "acknowledged" } else { "failed" });
        if !acknowledged {
            tracing::info!(
                payment = %key, callback.seq = callback.seq, attempt = delivery.attempt,
                status = delivery.status, error = delivery.error, "a callback was not acknowledged"
            );
        }
        if let Some(change) = left.change {
            self.endpoint_changed(visit.endpoint, change, failure(&delivery)).await?;
        }
        self.record_delivery(key, delivery, outcome).await?;
        Ok(Ended::Done)
    }

    /// Lets deliveries go on that waited for their endpoint.
    pub(super) fn unpark(&self, released: Vec<(JobKey, Timestamp)>) {
        let mut scheduler = self.scheduler();
        for (job, due) in released {
            scheduler.unpark(job, due);
        }
    }

    /// Tells operators of an endpoint that is cut off, paused or well again, and remembers it.
    async fn endpoint_changed(
        &self,
        url: &str,
        change: Change,
        last_error: String,
    ) -> Result<(), Fault> {
        self.metrics().endpoint_changed(change);
        let cut_off = |failing_since, paused_at| EndpointRow {
            url: url.to_owned(),
            failing_since,
            paused_at,
            resumed_at: None,
            last_error: last_error.clone(),
        };
        let row = match change {
            Change::CutOff { failing_since } => {
                tracing::warn!(url, last_error, "a callback endpoint keeps failing and is cut off");
                Some(cut_off(failing_since, None))
            }
            Change::Paused { failing_since } => {
                tracing::error!(
                    url,
                    last_error,
                    "a callback endpoint has failed for five days and is paused; \
                     its callbacks are kept"
                );
                Some(cut_off(failing_since, Some(self.now())))
            }
            Change::Recovered => {
                tracing::info!(url, "a callback endpoint answers again");
                None
            }
        };
        let url = url.to_owned();
        let remember = move |tx: &mut dyn Tx| match row {
            Some(row) => endpoints::put(tx, &row),
            None => endpoints::remove(tx, &url),
        };
        self.store().write(remember).await.map_err(Fault::Store)
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
        delivery: Delivery,
        outcome: Outcome,
    ) -> Result<(), Fault> {
        let now = self.now();
        let payment = key.clone();
        let next_due = self.store().write(move |tx| -> Result<_, StoreError> {
            callbacks::record(tx, &payment, &delivery, outcome.state())?;
            let next_due = callbacks::head(tx, &payment)?.map(|head| match outcome {
                Outcome::TryAgain(at) if head.seq == delivery.seq => at,
                Outcome::Acknowledged | Outcome::GivenUp | Outcome::TryAgain(_) => {
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
        // Nothing is cancelled: what is planned by now was planned after this job began, for a
        // callback that came behind the one delivered.
        if let Some(due) = next_due {
            self.scheduler().plan(JobKey { payment: key, work: Work::DeliverCallback }, due);
        }
        Ok(())
    }
}

/// What a try made of a callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// It was acknowledged.
    Acknowledged,
    /// It is tried again at this time.
    TryAgain(Timestamp),
    /// All tries failed.
    GivenUp,
}

impl Outcome {
    fn of(callback: &Callback, delivery: &Delivery, now: Timestamp) -> Self {
        if delivery.status == Some(ACKNOWLEDGED) {
            return Self::Acknowledged;
        }
        let attempt = delivery.attempt.saturating_sub(callback.resent_after);
        let first = callback.first_at.unwrap_or(delivery.at);
        next_attempt(attempt, first, now).map_or(Self::GivenUp, Self::TryAgain)
    }

    const fn answered(self) -> Answered {
        match self {
            Self::Acknowledged => Answered::Yes,
            Self::TryAgain(_) => Answered::No,
            Self::GivenUp => Answered::NoMore,
        }
    }

    const fn state(self) -> CallbackState {
        match self {
            Self::Acknowledged => CallbackState::Delivered,
            Self::TryAgain(_) => CallbackState::Pending,
            Self::GivenUp => CallbackState::Expired,
        }
    }
}

/// How a delivery failed, for people.
fn failure(delivery: &Delivery) -> String {
    match (delivery.status, &delivery.error) {
        (Some(status), _) => format!("it answered {status}"),
        (None, Some(error)) => error.clone(),
        (None, None) => "no answer".to_owned(),
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
