//! Starts the platform's jobs when they are due. The platform decides what runs when; this loop
//! sleeps until then, and looks once a second for what other processes have added.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use app::platform::Platform;
use domain::time::Millis;
use store::jobs::JobKey;
use tokio::sync::Notify;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use web::ops::Heartbeat;

/// How often the job table is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long running jobs are waited for when the loop stops: longer than a call to the provider.
const DRAIN: Duration = Duration::from_secs(25);

/// Without news the loop sleeps so long at most; looking wakes it long before.
const SLEEP_MAX: Millis = Millis::minutes(1);

/// Runs jobs until `stop` comes, then waits for those that run. One that does not end in time is
/// dropped; whoever serves the database next runs it again.
pub(crate) async fn run(
    platform: Platform,
    work: Arc<Notify>,
    heartbeat: Heartbeat,
    stop: impl Future<Output = ()>,
) {
    let mut jobs = Jobs { platform, tasks: JoinSet::new(), keys: HashMap::new() };
    let mut look = interval(LOOK_EVERY);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut looking = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        heartbeat.beat(jobs.platform.now());
        jobs.start_due();
        tokio::select! {
            () = &mut stop => break,
            () = work.notified() => {}
            () = sleep(jobs.until_next()) => {}
            _ = look.tick() => {
                while looking.try_join_next().is_some() {}
                // A look that takes longer than a second is not helped by a second one.
                if looking.is_empty() {
                    looking.spawn(look_for_jobs(jobs.platform.clone()));
                }
            }
            Some(ended) = jobs.tasks.join_next_with_id() => jobs.ended(ended),
        }
        while let Some(ended) = jobs.tasks.try_join_next_with_id() {
            jobs.ended(ended);
        }
    }
    if timeout(DRAIN, jobs.wait()).await.is_err() {
        let left = jobs.tasks.len();
        tracing::warn!(left, "jobs were cut off by the stop; they run again at the next start");
    }
}

async fn look_for_jobs(platform: Platform) {
    if let Err(error) = platform.scan_jobs().await {
        platform.metrics().fault();
        let error: &(dyn Error + 'static) = &error;
        tracing::error!(error, "the job table can't be read");
    }
}

/// The jobs that run.
struct Jobs {
    platform: Platform,
    tasks: JoinSet<()>,
    keys: HashMap<Id, JobKey>,
}

impl Jobs {
    fn start_due(&mut self) {
        for job in self.platform.due_jobs() {
            let (platform, key) = (self.platform.clone(), job.clone());
            let task = self.tasks.spawn(async move { platform.run_job(job).await });
            self.keys.insert(task.id(), key);
        }
    }

    fn until_next(&self) -> Duration {
        let next = self.platform.next_due();
        let wait = next.map_or(SLEEP_MAX, |at| at.since(self.platform.now()).min(SLEEP_MAX));
        Duration::from_millis(u64::try_from(wait.0).unwrap_or(0))
    }

    fn ended(&mut self, ended: Result<(Id, ()), JoinError>) {
        let (id, panicked) = match ended {
            Ok((id, ())) => (id, None),
            Err(error) => (error.id(), Some(Panicked(error))),
        };
        if let (Some(key), Some(panicked)) = (self.keys.remove(&id), panicked) {
            self.platform.job_failed(&key, &panicked);
        }
    }

    async fn wait(&mut self) {
        while let Some(ended) = self.tasks.join_next_with_id().await {
            self.ended(ended);
        }
    }
}

/// A job's task panicked.
#[derive(Debug)]
struct Panicked(JoinError);

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the job panicked")
    }
}

impl Error for Panicked {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

#[cfg(test)]
mod tests;
