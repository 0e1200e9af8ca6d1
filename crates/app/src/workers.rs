//! What happens later: each job is an idempotent function of what is stored. It reads, acts
//! outside, and writes what it learned in one transaction that also ends or replans the job, so
//! that a crash at any point only makes it run again.

mod callbacks;
mod provider;

pub use provider::RETURN_PATH;
pub(crate) use provider::TIMEOUT as STATUS_TIMEOUT;

use domain::decision::JobKind;
use domain::time::{Millis, Timestamp};
use store::endpoints::{self, EndpointRow};
use store::jobs::{self, JobKey, Work};
use store::{StoreError, Tx};

use crate::platform::{Fault, Platform};

/// Jobs read at one look for what other processes may have added.
const LOOK: i64 = 256;

/// Jobs read when the horizon moves on.
const SCAN: i64 = 100_000;

/// How a job ended.
enum Ended {
    /// Done, or planned anew by the transaction it ended with.
    Done,
    /// It waits in the queue of its endpoint.
    Parked,
}

impl Platform {
    /// The jobs to start now. Each must be given to [`run_job`](Self::run_job).
    pub fn due_jobs(&self) -> Vec<JobKey> {
        let now = self.now();
        self.scheduler().take_due(now)
    }

    /// When something may be due next, as far as is known.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.scheduler().next_due()
    }

    /// Reads the job table: the near future if that is not known yet, and whatever is due,
    /// because another process may have added it; and which endpoints an operator wants to go on
    /// with. To be called every second or so.
    ///
    /// # Errors
    /// [`Fault`] when the store fails.
    pub async fn scan_jobs(&self) -> Result<(), Fault> {
        let now = self.now();
        let horizon = self.scheduler().scan_until(now);
        let (until, limit) = horizon.map_or((now, LOOK), |until| (until, SCAN));
        let look = move |tx: &mut dyn Tx| -> Result<_, StoreError> {
            Ok((endpoints::list(tx)?, jobs::due(tx, until, limit)?))
        };
        let (cut_off, found) = self.store().read(look).await.map_err(Fault::Store)?;
        self.follow_endpoints(cut_off).await?;
        let all = i64::try_from(found.len()).is_ok_and(|count| count < limit);
        let known_until = if all { horizon } else { horizon.and(found.last().map(|job| job.due)) };
        self.scheduler().load(found, known_until);
        self.announce_work();
        Ok(())
    }

    /// Goes on with the endpoints that an operator wants to go on with.
    async fn follow_endpoints(&self, stored: Vec<EndpointRow>) -> Result<(), Fault> {
        let now = self.now();
        let released = self.endpoints().follow(&stored, now);
        self.unpark(released);
        let resumed: Vec<String> =
            stored.into_iter().filter(|row| row.resumed_at.is_some()).map(|row| row.url).collect();
        if resumed.is_empty() {
            return Ok(());
        }
        tracing::info!(?resumed, "callbacks go on to these endpoints, as an operator wants it");
        let forget = move |tx: &mut dyn Tx| -> Result<(), StoreError> {
            resumed.iter().try_for_each(|url| endpoints::remove(tx, url))
        };
        self.store().write(forget).await.map_err(Fault::Store)
    }

    /// Runs a job to its end. It never fails for the caller: what could not be done is planned
    /// again.
    pub async fn run_job(&self, job: JobKey) {
        #[cfg(feature = "bugs")]
        self.job_taken(&job).await;
        let ended = match job.work {
            Work::Rule(JobKind::InitiateSale(sale)) => self.initiate_sale(&job, sale).await,
            Work::Rule(JobKind::AskSale(sale)) => self.ask_sale(&job, sale).await,
            Work::Rule(JobKind::LimitSale) => self.limit_sale(&job).await,
            Work::Rule(JobKind::Refund(operation)) => self.move_refund(&job, operation).await,
            Work::Rule(JobKind::GiveBack(sale)) => self.give_back(&job, sale).await,
            Work::DeliverCallback => self.deliver_callback(&job).await,
        };
        let now = self.now();
        match ended {
            Ok(Ended::Done) => self.scheduler().finished(&job, now),
            Ok(Ended::Parked) => self.scheduler().park(&job, now),
            Err(fault) => self.job_failed(&job, &fault),
        }
        self.announce_work();
    }

    /// Notes that a job ended by a fault, or by a panic of the task that ran it.
    pub fn job_failed(&self, job: &JobKey, fault: &(dyn std::error::Error + 'static)) {
        self.metrics().fault();
        let now = self.now();
        let failures = self.scheduler().failed(job, now);
        tracing::error!(
            payment = %job.payment, work = ?job.work, failures, error = fault,
            "a job could not be carried out and is tried again"
        );
        self.announce_work();
    }
}

/// What is left until `deadline`, but at least `least`.
fn left_until(deadline: Timestamp, now: Timestamp, least: Millis) -> Millis {
    deadline.since(now).max(least)
}
