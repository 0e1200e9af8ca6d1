//! Decides which job runs when. It mirrors the near future of the job table in memory, so that
//! nothing is polled and nothing is claimed on disk; after a crash it is read anew. It has no
//! clock and starts nothing: the program and the simulation ask it what is due.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

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
                JobKind::InitiateSale(_)
                | JobKind::AskSale(_)
                | JobKind::Refund(_)
                | JobKind::GiveBack(_),
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
    planned: HashMap<JobKey, Timestamp>,
    queues: BTreeMap<Pool, BTreeSet<(Timestamp, JobKey)>>,
    running: HashMap<JobKey, Rerun>,
    busy: BTreeMap<Pool, usize>,
    parked: HashSet<JobKey>,
    failures: HashMap<JobKey, u32>,
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
    pub fn park(&mut self, key: &JobKey, now: Timestamp) {
        if self.release(key) == Some(Rerun::AtOnce) {
            self.plan(key.clone(), now);
        } else {
            self.parked.insert(key.clone());
        }
    }

    /// Lets a parked job run at `due`. Should it just be on its way to being parked, it runs once
    /// more instead.
    pub fn unpark(&mut self, key: JobKey, due: Timestamp) {
        if self.parked.remove(&key) {
            self.plan(key, due);
        } else if let Some(rerun) = self.running.get_mut(&key) {
            *rerun = Rerun::AtOnce;
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

#[cfg(test)]
mod tests {
    use domain::id::{OperationId, PaymentId, PaymentKey, ProjectId};

    use super::*;

    fn job(payment: &str, work: Work) -> JobKey {
        JobKey { payment: PaymentKey::new(ProjectId(1), PaymentId(payment.into())), work }
    }

    fn ask(payment: &str) -> JobKey {
        job(payment, Work::Rule(JobKind::AskSale(OperationId(1))))
    }

    fn scheduler(provider: usize) -> Scheduler {
        let mut scheduler = Scheduler::new(Places { deadlines: 9, provider, callbacks: 9 });
        scheduler.load(vec![], Some(Timestamp(1_000_000)));
        scheduler
    }

    #[test]
    fn jobs_run_in_order_of_their_time_and_once() {
        let mut scheduler = scheduler(9);
        scheduler.plan(ask("late"), Timestamp(30));
        scheduler.plan(ask("early"), Timestamp(10));
        scheduler.plan(ask("moved"), Timestamp(20));
        scheduler.plan(ask("moved"), Timestamp(40));
        assert_eq!(scheduler.next_due(), Some(Timestamp(10)));
        assert_eq!(scheduler.take_due(Timestamp(30)), [ask("early"), ask("late")]);
        assert_eq!(scheduler.take_due(Timestamp(30)), []);
        assert_eq!(scheduler.next_due(), Some(Timestamp(40)));
    }

    #[test]
    fn a_full_pool_delays_only_its_own() {
        let mut scheduler = scheduler(1);
        let deadline = job("a", Work::Rule(JobKind::LimitSale));
        for (key, due) in [(ask("a"), 0), (ask("b"), 1), (deadline.clone(), 2)] {
            scheduler.plan(key, Timestamp(due));
        }
        assert_eq!(scheduler.take_due(Timestamp(2)), [deadline, ask("a")]);
        assert_eq!(scheduler.next_due(), None, "nothing can start before a place is free");
        scheduler.finished(&ask("a"), Timestamp(5));
        assert_eq!(scheduler.take_due(Timestamp(5)), [ask("b")]);
    }

    #[test]
    fn what_wakes_a_running_job_runs_it_once_more() {
        let mut scheduler = scheduler(9);
        scheduler.plan(ask("a"), Timestamp(0));
        scheduler.take_due(Timestamp(0));
        scheduler.wake(ask("a"), Timestamp(1));
        scheduler.plan(ask("a"), Timestamp(500)); // what the running job plans as it ends
        assert_eq!(scheduler.take_due(Timestamp(1)), []);
        scheduler.finished(&ask("a"), Timestamp(2));
        assert_eq!(scheduler.take_due(Timestamp(2)), [ask("a")]);
        scheduler.finished(&ask("a"), Timestamp(3));
        assert_eq!(scheduler.take_due(Timestamp(500)), []);
    }

    #[test]
    fn a_parked_job_gives_its_place_back_and_waits() {
        let mut scheduler = scheduler(1);
        scheduler.plan(ask("a"), Timestamp(0));
        scheduler.plan(ask("b"), Timestamp(1));
        scheduler.take_due(Timestamp(1));
        scheduler.park(&ask("a"), Timestamp(1));
        scheduler.load(vec![Job { due: Timestamp(0), key: ask("a") }], None);
        assert_eq!(scheduler.take_due(Timestamp(1)), [ask("b")]);
        scheduler.finished(&ask("b"), Timestamp(2));
        scheduler.unpark(ask("a"), Timestamp(2));
        assert_eq!(scheduler.take_due(Timestamp(2)), [ask("a")]);
    }

    #[test]
    fn a_job_that_fails_comes_back_later_and_later() {
        let mut scheduler = scheduler(9);
        scheduler.plan(ask("a"), Timestamp(0));
        for expected in [1_000, 2_000, 4_000] {
            assert_eq!(scheduler.take_due(Timestamp(expected)).len(), 1);
            scheduler.failed(&ask("a"), Timestamp(0));
            assert_eq!(scheduler.next_due(), Some(Timestamp(expected)));
        }
    }

    #[test]
    fn a_scan_does_not_touch_what_is_known() {
        let refund = job("a", Work::Rule(JobKind::Refund(OperationId(7))));
        let mut scheduler = Scheduler::new(Places::default());
        assert!(scheduler.scan_until(Timestamp(0)).is_some());
        scheduler.load(vec![Job { due: Timestamp(9), key: refund.clone() }], Some(Timestamp(100)));
        scheduler.plan(refund.clone(), Timestamp(50));
        scheduler.load(vec![Job { due: Timestamp(9), key: refund.clone() }], None);
        assert_eq!(scheduler.next_due(), Some(Timestamp(50)));
        scheduler.plan(refund.clone(), Timestamp(101));
        assert_eq!(scheduler.next_due(), None, "beyond the horizon, the table remembers it");
        scheduler.cancel(&refund);
    }
}
