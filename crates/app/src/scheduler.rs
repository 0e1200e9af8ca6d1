//! Decides which job runs when. It mirrors the near future of the job table in memory, so that
//! nothing is polled and nothing is claimed on disk; after a crash it is read anew. It has no
//! clock and starts nothing: the program and the simulation ask it what is due.

use std::collections::{BTreeMap, BTreeSet};

use domain::decision::JobKind;
use domain::time::{Millis, Timestamp};
use store::jobs::{Job, JobKey, Work};

/// How far ahead of a scan jobs are kept in memory.
pub const HORIZON: Millis = Millis::minutes(2);

/// How often the horizon is moved on.
pub const HORIZON_STEP: Millis = Millis::minutes(1);

/// Which jobs may hold each other up: those of one pool share its places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Pool {
    /// Limit times. A slow provider must not delay them.
    Deadlines,
    /// Calls to the provider.
    Provider,
    /// Callbacks to merchants.
    Callbacks,
}

impl Pool {
    const ALL: [Self; 3] = [Self::Deadlines, Self::Provider, Self::Callbacks];

    const fn of(work: Work) -> Self {
        match work {
            Work::Rule(JobKind::LimitSale) => Self::Deadlines,
            Work::Rule(
                JobKind::InitiateSale | JobKind::AskSale | JobKind::Refund(_) | JobKind::GiveBack,
            ) => Self::Provider,
            Work::DeliverCallback => Self::Callbacks,
        }
    }
}

/// How many jobs of each pool may run at one time.
#[derive(Debug, Clone, Copy)]
pub struct Places {
    /// Limit times.
    pub deadlines: usize,
    /// Calls to the provider.
    pub provider: usize,
    /// Callbacks to merchants, those that wait for their endpoint not counted.
    pub callbacks: usize,
}

impl Default for Places {
    fn default() -> Self {
        Self { deadlines: 1_024, provider: 256, callbacks: 512 }
    }
}

/// The jobs of the near future.
#[derive(Debug, Default)]
pub struct Scheduler {
    places: Places,
    horizon: Timestamp,
    planned: BTreeMap<JobKey, Timestamp>,
    queues: BTreeMap<Pool, BTreeSet<(Timestamp, JobKey)>>,
    running: BTreeMap<JobKey, Rerun>,
    busy: BTreeMap<Pool, usize>,
    parked: BTreeSet<JobKey>,
    failures: BTreeMap<JobKey, u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rerun {
    No,
    AtOnce,
}

impl Scheduler {
    /// A scheduler that knows of nothing yet.
    pub fn new(places: Places) -> Self {
        Self { places, ..Self::default() }
    }

    /// Notes what a transaction planned.
    pub fn plan(&mut self, key: JobKey, due: Timestamp) {
        self.forget(&key);
        if due <= self.horizon {
            self.queues.entry(Pool::of(key.work)).or_default().insert((due, key.clone()));
            self.planned.insert(key, due);
        }
    }

    /// Notes what a transaction cancelled.
    pub fn cancel(&mut self, key: &JobKey) {
        self.forget(key);
        self.parked.remove(key);
        self.failures.remove(key);
    }

    /// Makes a job run now; if it is running, once more right after, because what it learns now
    /// may be older than the reason to wake it.
    pub fn wake(&mut self, key: JobKey, now: Timestamp) {
        match self.running.get_mut(&key) {
            Some(rerun) => *rerun = Rerun::AtOnce,
            None => self.plan(key, now),
        }
    }

    /// The jobs that are due and have a place, oldest first. They count as running until
    /// [`finished`](Self::finished).
    pub fn take_due(&mut self, now: Timestamp) -> Vec<JobKey> {
        let mut due = Vec::new();
        for pool in Pool::ALL {
            let mut free = self.places_of(pool).saturating_sub(self.busy_of(pool));
            let queue = self.queues.entry(pool).or_default();
            let mut waiting = Vec::new();
            while free > 0 {
                let Some((at, key)) = queue.pop_first() else { break };
                if at > now {
                    queue.insert((at, key));
                    break;
                }
                if self.running.contains_key(&key) || self.parked.contains(&key) {
                    waiting.push((at, key));
                    continue;
                }
                free = free.saturating_sub(1);
                self.planned.remove(&key);
                due.push(key);
            }
            queue.extend(waiting);
        }
        for key in &due {
            self.running.insert(key.clone(), Rerun::No);
            let busy = self.busy.entry(Pool::of(key.work)).or_default();
            *busy = busy.saturating_add(1);
        }
        due
    }

    /// Notes that a job ended.
    pub fn finished(&mut self, key: &JobKey, now: Timestamp) {
        self.failures.remove(key);
        if self.release(key) == Some(Rerun::AtOnce) {
            self.plan(key.clone(), now);
        }
    }

    /// Notes that a job could not be carried out for a reason of ours. It is tried again after a
    /// second, then after twice as long each time, at most ten minutes. Returns how often in a
    /// row it has failed.
    pub fn failed(&mut self, key: &JobKey, now: Timestamp) -> u32 {
        self.release(key);
        let failures = self.failures.entry(key.clone()).or_default();
        *failures = failures.saturating_add(1);
        let count = *failures;
        let wait = 1_000_i64.saturating_mul(2_i64.saturating_pow(count.saturating_sub(1).min(10)));
        self.plan(key.clone(), now.plus(Millis(wait.min(Millis::minutes(10).0))));
        count
    }

    /// Notes that a running job waits for something that will [`unpark`](Self::unpark) it, and
    /// gives its place back.
    pub fn park(&mut self, key: &JobKey) {
        self.release(key);
        self.parked.insert(key.clone());
    }

    /// Lets a parked job run.
    pub fn unpark(&mut self, key: JobKey, now: Timestamp) {
        if self.parked.remove(&key) {
            self.plan(key, now);
        }
    }

    /// When something may be due next, as far as is known.
    pub fn next_due(&self) -> Option<Timestamp> {
        Pool::ALL
            .into_iter()
            .filter(|pool| self.busy_of(*pool) < self.places_of(*pool))
            .filter_map(|pool| {
                self.queues.get(&pool)?.iter().find_map(|(at, key)| {
                    let idle = !self.running.contains_key(key) && !self.parked.contains(key);
                    idle.then_some(*at)
                })
            })
            .min()
    }

    /// Until when the job table has to be read now, if it has to.
    pub fn scan_until(&self, now: Timestamp) -> Option<Timestamp> {
        let target = now.plus(HORIZON);
        (target.since(self.horizon) >= HORIZON_STEP).then_some(target)
    }

    /// Takes over jobs read from the table. `horizon` says that all jobs due until then are
    /// among them; nothing, that it was only a look for what others may have added.
    pub fn load(&mut self, jobs: Vec<Job>, horizon: Option<Timestamp>) {
        self.horizon = horizon.unwrap_or(self.horizon).max(self.horizon);
        for Job { due, key } in jobs {
            let known = self.planned.contains_key(&key)
                || self.running.contains_key(&key)
                || self.parked.contains(&key);
            if !known {
                self.plan(key, due);
            }
        }
    }

    /// How many jobs run at this moment.
    pub fn running(&self) -> usize {
        self.running.len()
    }

    fn forget(&mut self, key: &JobKey) {
        if let Some(due) = self.planned.remove(key)
            && let Some(queue) = self.queues.get_mut(&Pool::of(key.work))
        {
            queue.remove(&(due, key.clone()));
        }
    }

    fn release(&mut self, key: &JobKey) -> Option<Rerun> {
        let rerun = self.running.remove(key)?;
        let busy = self.busy.entry(Pool::of(key.work)).or_default();
        *busy = busy.saturating_sub(1);
        Some(rerun)
    }

    fn busy_of(&self, pool: Pool) -> usize {
        self.busy.get(&pool).copied().unwrap_or(0)
    }

    const fn places_of(&self, pool: Pool) -> usize {
        match pool {
            Pool::Deadlines => self.places.deadlines,
            Pool::Provider => self.places.provider,
            Pool::Callbacks => self.places.callbacks,
        }
    }
}
