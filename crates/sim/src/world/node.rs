//! The node: the platform's one process, with its tasks, deaths and restarts. What it does comes
//! out of the real verbs; when it does it is up to the world.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

use app::platform::{Fault, Parts, Platform};
use app::project::{PaytmSettings, Settings};
use app::scheduler::{HORIZON, Places};
use app::secrets::Vault;
use app::verbs::NewProject;
use domain::id::PaymentKey;
use domain::limits::LAST_QUESTION_LEAD;
use domain::payment::Sale;
use domain::time::{Millis, Timestamp};
use store::{jobs, payments};

use super::gate::GateReply;
use super::{Event, World};
use crate::provider;
use crate::tasks::{Polled, TaskId, Tasks, finish};
use crate::troubles::Trouble;
use crate::violation::{Broken, Checked, ensure, fault};

/// One life of the platform's process.
pub(super) struct Node {
    pub(super) platform: Platform,
    tasks: Tasks<Done>,
    /// The payments that tasks are about, where that is known.
    concerns: BTreeMap<TaskId, PaymentKey>,
    wake_at: Option<Timestamp>,
    tick_at: Option<Timestamp>,
    scanned_at: Timestamp,
}

/// How a task of the node ended.
pub(super) enum Done {
    /// A job ran.
    Job,
    /// The job table was read.
    Scan(Result<(), Fault>),
    /// A merchant's request was handled.
    Gate(u64, Result<GateReply, Fault>),
    /// A notification was handled.
    Notice(Result<(), Fault>),
    /// A customer's wish was handled.
    Customer(Result<(), Fault>),
}

impl World {
    /// The platform as a program would put it together.
    pub(crate) fn platform(&self) -> Result<Platform, Broken> {
        let parts = Parts {
            store: self.store.clone(),
            vault: Vault::new(&[7; 32]).map_err(|error| fault(&error))?,
            clock: Arc::new(self.ports.clone()),
            entropy: Arc::new(self.ports.clone()),
            http: Arc::new(self.ports.clone()),
            public_url: "https://dwar.sim".to_owned(),
            places: Places::default(),
        };
        let platform = Platform::new(parts, Box::new(|| {}));
        #[cfg(feature = "bugs")]
        if let Some(bug) = self.bug {
            platform.plant(bug);
        }
        Ok(platform)
    }

    pub(super) fn create_projects(&mut self) -> Checked {
        let platform = self.platform()?;
        for merchant in &self.merchants {
            let paytm = PaytmSettings {
                mid: provider::MID.to_owned(),
                base_url: provider::URL.to_owned(),
                website: "WEBSTAGING".to_owned(),
                modes: vec!["BALANCE".to_owned()],
            };
            let mut settings = Settings::new(paytm);
            settings.callback_url = Some(merchant.callback_url());
            settings.limit_time = merchant.limit_time;
            settings.late_success = merchant.late_success;
            let project = NewProject {
                id: Some(merchant.project.0),
                name: format!("merchant {}", merchant.project.0),
                secret: Some(merchant.secret.clone()),
                paytm_key: provider::KEY.to_owned(),
                settings,
            };
            finish(platform.create_project(project)).map_err(|error| fault(&error))?;
        }
        Ok(())
    }

    pub(super) fn start(&mut self) -> Checked {
        if self.node.is_some() {
            return Ok(());
        }
        self.note(format_args!("the node starts"));
        self.disturbances.push((self.node_time(), Millis(0)));
        self.node = Some(Node {
            platform: self.platform()?,
            tasks: Tasks::new(),
            concerns: BTreeMap::new(),
            wake_at: None,
            tick_at: Some(self.now),
            scanned_at: self.now,
        });
        self.commits = self.store.stats().commits;
        self.tick();
        Ok(())
    }

    /// Everything that was only in memory is gone; the database stays.
    pub(super) fn crash(&mut self) {
        let Some(node) = self.node.take() else { return };
        self.figures.crashes = self.figures.crashes.saturating_add(1);
        self.note(format_args!("the node dies with {} tasks", node.tasks.len()));
        self.waiting.clear();
        self.ports.forget_replies();
        let outage = if self.troubles.strikes(Trouble::LongOutage) {
            self.rng.magnitude(60_000, Millis::hours(1).0)
        } else {
            self.rng.magnitude(50, 20_000)
        };
        self.after(Millis(outage), Event::Start);
    }

    pub(super) fn clock_step(&mut self, step: Millis) {
        self.note(format_args!("the clock is set by {} ms", step.0));
        self.skew = Millis(self.skew.0.saturating_add(step.0));
        self.ports.set_clock(self.node_time());
        self.disturbances.push((self.node_time(), LAST_QUESTION_LEAD));
        if let Some(node) = &mut self.node {
            node.wake_at = None;
            node.tick_at = Some(self.now);
            self.tick();
        }
    }

    /// Gives the node something to do.
    pub(super) fn spawn(
        &mut self,
        about: Option<&PaymentKey>,
        task: impl FnOnce(Platform) -> TaskFuture,
    ) {
        let Some(node) = &mut self.node else { return };
        self.tasks_made = self.tasks_made.saturating_add(1);
        let id = TaskId(self.tasks_made);
        node.tasks.insert(id, task(node.platform.clone()));
        if let Some(key) = about {
            node.concerns.insert(id, key.clone());
        }
        let step_max = self.step_max;
        self.soon(0, step_max, Event::Poll(id));
    }

    /// Lets a task go on until it rests, waits or ends.
    pub(super) fn poll(&mut self, id: TaskId) -> Checked {
        let Some(node) = &mut self.node else { return Ok(()) };
        self.ports.will_poll(id);
        let polled = node.tasks.poll(id);
        let sent = self.ports.take_sent();
        let commits = self.store.stats().commits;
        let committed = commits > self.commits;
        self.commits = commits;
        if committed {
            self.note(format_args!("task {} commits {commits}", id.0));
            self.idle_ticks = 0;
            self.have_tick_within(self.tick_every);
            self.check_payment(id)?;
        }
        let has_effect = committed || !sent.is_empty();
        if has_effect && self.troubles.strikes(Trouble::Crash) {
            if !self.troubles.strikes(Trouble::CrashBeforeSending) {
                self.send_all(sent)?;
            }
            self.crash();
            return Ok(());
        }
        self.send_all(sent)?;
        match polled {
            Polled::Done(done) => {
                if let Some(node) = &mut self.node {
                    node.concerns.remove(&id);
                }
                self.done(done)?;
            }
            Polled::Rests => {
                let step_max = self.step_max;
                self.soon(0, step_max, Event::Poll(id));
            }
            Polled::Waits | Polled::Gone => {}
        }
        self.start_due_jobs();
        Ok(())
    }

    pub(super) fn wake(&mut self) -> Checked {
        if let Some(node) = &mut self.node
            && node.wake_at == Some(self.now)
        {
            node.wake_at = None;
            self.catch_up()?;
            self.start_due_jobs();
        }
        Ok(())
    }

    /// Makes up for the readings of the job table that were left out while nothing happened: the
    /// node keeps only those jobs in memory that are near to its last reading.
    pub(super) fn catch_up(&mut self) -> Checked {
        let Some(node) = &mut self.node else { return Ok(()) };
        if self.now.since(node.scanned_at) <= self.tick_every {
            return Ok(());
        }
        node.scanned_at = self.now;
        finish(node.platform.scan_jobs()).map_err(|error| fault(&error))
    }

    /// Starts what is due, and has the node woken for what is due next.
    fn start_due_jobs(&mut self) {
        let Some(node) = &self.node else { return };
        for job in node.platform.due_jobs() {
            self.note(format_args!("job {:?} of {}", job.work, job.payment));
            let about = job.payment.clone();
            self.spawn(Some(&about), |platform| {
                Box::pin(async move {
                    platform.run_job(job).await;
                    Done::Job
                })
            });
        }
        let ahead = self.skew.0.saturating_neg();
        let Some(node) = &mut self.node else { return };
        let next = node.platform.next_due().map(|due| due.plus(Millis(ahead)).max(self.now));
        if let Some(next) = next
            && node.wake_at.is_none_or(|planned| next < planned)
        {
            node.wake_at = Some(next);
            self.queue.push(next, Event::Wake);
        }
    }

    pub(super) fn tick(&mut self) {
        if self.node.as_ref().is_some_and(|node| node.tick_at == Some(self.now)) {
            let scan = |platform: Platform| -> TaskFuture {
                Box::pin(async move { Done::Scan(platform.scan_jobs().await) })
            };
            self.spawn(None, scan);
        }
    }

    /// After the job table was read: it is read again soon, or, if nothing is near, when something
    /// will be; the readings in between would find nothing. Jobs that wait for their endpoint stay
    /// overdue for days: while nothing changes, the pauses become longer.
    fn plan_tick(&mut self) -> Checked {
        if let Some(node) = &mut self.node {
            node.tick_at = None;
            node.scanned_at = self.now;
        }
        let (now, least) = (self.node_time(), self.tick_every.0);
        let is_overdue = self.planned(1)?.iter().any(|due| *due <= now);
        let overdue = is_overdue.then(|| least.saturating_mul(1 << self.idle_ticks.min(9)));
        let planned = self.planned(if is_overdue { 1_000 } else { 1 })?;
        let ahead = planned.into_iter().find(|due| *due > now);
        let ahead = ahead.map(|due| due.since(now).0.saturating_sub(HORIZON.0).max(least));
        self.idle_ticks = self.idle_ticks.saturating_add(1);
        match (ahead, overdue) {
            (None, None) => {}
            (Some(wait), None) | (None, Some(wait)) => self.have_tick_within(Millis(wait)),
            (Some(ahead), Some(overdue)) => self.have_tick_within(Millis(ahead.min(overdue))),
        }
        Ok(())
    }

    /// When the first jobs of the table are due.
    fn planned(&self, limit: i64) -> Result<Vec<Timestamp>, Broken> {
        let first = self.store.read(move |tx| jobs::due(tx, Timestamp(i64::MAX), limit));
        let first = finish(first).map_err(|error| fault(&error))?;
        Ok(first.into_iter().map(|job| job.due).collect())
    }

    fn have_tick_within(&mut self, wait: Millis) {
        let at = self.now.plus(wait);
        if let Some(node) = &mut self.node
            && node.tick_at.is_none_or(|planned| at < planned)
        {
            node.tick_at = Some(at);
            self.queue.push(at, Event::Tick);
        }
    }

    fn done(&mut self, done: Done) -> Checked {
        match done {
            Done::Job => self.check_faults(),
            Done::Scan(result) => {
                result.map_err(|error| fault(&error))?;
                self.plan_tick()
            }
            Done::Gate(call, result) => {
                let reply = result.map_err(|error| fault(&error))?;
                ensure(reply.is_understood(), "I3", || format!("call {call} got {reply:?}"))?;
                self.gate_replies(call, reply);
                Ok(())
            }
            Done::Notice(result) | Done::Customer(result) => result.map_err(|error| fault(&error)),
        }
    }

    /// Of the payment that a commit was about, no attempt has more on its way back than was taken
    /// by it, and only the newest may still be open.
    fn check_payment(&self, task: TaskId) -> Checked {
        let concerns = self.node.as_ref().and_then(|node| node.concerns.get(&task));
        let Some(key) = concerns.cloned() else { return Ok(()) };
        let of = key.clone();
        let read = finish(self.store.read(move |tx| payments::load(tx, &of)));
        let Some(payment) = read.map_err(|error| fault(&error))? else { return Ok(()) };
        let holds = |sale| payment.balance_of(sale).holds();
        ensure(payment.sales().all(holds), "I2", || {
            format!("{key}: more goes back than was taken: {payment:?}")
        })?;
        let is_open = |sale: &Sale| sale.state.is_open();
        ensure(!payment.earlier.iter().any(is_open), "I1", || {
            format!("{key} has an open attempt before its newest: {payment:?}")
        })
    }

    /// Nothing in a world is a reason for a fault of the platform's own.
    pub(super) fn check_faults(&self) -> Checked {
        let faults = self.node.as_ref().map_or(0, |node| node.platform.metrics().faults());
        ensure(faults == 0, "fault", || format!("{faults} jobs failed for reasons of our own"))
    }
}

/// What a task of the node is.
pub(super) type TaskFuture = Pin<Box<dyn Future<Output = Done>>>;
