//! When requests are sent, and what is counted. At a rate, the moment of each request is set
//! beforehand and its latency counts from that moment, whatever held it up (an open loop: a slow
//! answer makes the requests after it late, and that shows). A flood sends as fast as answers come
//! and tells what the other side can do at most.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep_until};

use super::histogram::Histogram;

/// How requests follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// So many under way at any time.
    Flood(usize),
    /// So many a second.
    Rate(u32),
}

/// One stretch of load.
pub(super) struct Load {
    pace: Pace,
    start: Instant,
    end: Instant,
    first: u64,
    taken: Cell<u64>,
    sent: Cell<u64>,
    room: Semaphore,
    latencies: RefCell<Histogram>,
    in_time: Cell<u64>,
    passed_over: Cell<u64>,
    failed: Cell<u64>,
    failure: RefCell<Option<String>>,
}

/// Something to send.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrival {
    /// Its number, counted over all stretches.
    pub(super) number: u64,
    /// When it is to be sent.
    pub(super) due: Instant,
}

/// What a stretch of load came to.
#[derive(Debug)]
pub(super) struct Measured {
    /// Completed between the beginning and the end.
    pub(super) completed: u64,
    /// How long the stretch was.
    pub(super) lasted: Duration,
    /// Refused, broken, or never complete.
    pub(super) failed: u64,
    /// The first of those, in words.
    pub(super) failure: Option<String>,
    /// From when it was to be sent until it was complete.
    pub(super) latencies: Histogram,
}

impl Measured {
    /// Completed in a second.
    pub(super) fn per_second(&self) -> u64 {
        let micros = u64::try_from(self.lasted.as_micros()).unwrap_or(u64::MAX);
        self.completed.saturating_mul(1_000_000).checked_div(micros).unwrap_or(0)
    }
}

impl Load {
    /// Load from now on. `first` is the number of the first request.
    pub(super) fn new(pace: Pace, lasts: Duration, first: u64) -> Rc<Self> {
        let start = Instant::now();
        let room = match pace {
            Pace::Flood(under_way) => under_way,
            // Nobody asks for room: what is due is sent.
            Pace::Rate(_) => 0,
        };
        Rc::new(Self {
            pace,
            start,
            end: start + lasts,
            first,
            taken: Cell::new(0),
            sent: Cell::new(0),
            room: Semaphore::new(room),
            latencies: RefCell::default(),
            in_time: Cell::new(0),
            passed_over: Cell::new(0),
            failed: Cell::new(0),
            failure: RefCell::default(),
        })
    }

    /// Waits for the next request to send; none after the end.
    pub(super) async fn next(&self) -> Option<Arrival> {
        let arrival = match self.pace {
            Pace::Flood(_) => {
                self.room.acquire().await.ok()?.forget();
                Arrival { number: self.take_number(), due: Instant::now() }
            }
            Pace::Rate(per_second) => {
                let number = self.take_number();
                let nth = number.saturating_sub(self.first);
                let after = nth.saturating_mul(1_000_000).checked_div(per_second.into());
                let due = self.start + Duration::from_micros(after?);
                // At the end without waiting for it, so that nobody is late.
                if due < self.end {
                    sleep_until(due).await;
                }
                Arrival { number, due }
            }
        };
        if arrival.due >= self.end {
            return None;
        }
        self.sent.set(self.sent.get().saturating_add(1));
        Some(arrival)
    }

    /// Notes that what was to be sent at `due` is complete.
    pub(super) fn completed(&self, due: Instant) {
        let now = Instant::now();
        self.latencies.borrow_mut().record(now.saturating_duration_since(due));
        if now <= self.end {
            self.in_time.set(self.in_time.get().saturating_add(1));
        }
        self.room.add_permits(1);
    }

    /// Notes that something was refused or broken.
    pub(super) fn failed(&self, error: &io::Error) {
        self.failed.set(self.failed.get().saturating_add(1));
        self.failure.borrow_mut().get_or_insert_with(|| error.to_string());
        self.room.add_permits(1);
    }

    /// Notes that something was sent whose end is not waited for.
    pub(super) fn passed_over(&self) {
        self.passed_over.set(self.passed_over.get().saturating_add(1));
        self.room.add_permits(1);
    }

    /// Waits for the end.
    pub(super) async fn ended(&self) {
        sleep_until(self.end).await;
        // Whoever waits for room waits in vain.
        self.room.close();
    }

    /// The number after the last one.
    pub(super) fn next_number(&self) -> u64 {
        self.first.saturating_add(self.taken.get())
    }

    /// Whether all that was sent is complete, failed or passed over.
    pub(super) fn is_settled(&self) -> bool {
        let complete = self.latencies.borrow().count();
        let others = self.failed.get().saturating_add(self.passed_over.get());
        complete.saturating_add(others) >= self.sent.get()
    }

    /// How much is complete by now.
    pub(super) fn complete(&self) -> u64 {
        self.in_time.get()
    }

    /// What it came to.
    pub(super) fn measured(&self) -> Measured {
        let latencies = self.latencies.take();
        let good = latencies.count().saturating_add(self.passed_over.get());
        Measured {
            completed: self.in_time.get(),
            lasted: self.end.saturating_duration_since(self.start),
            failed: self.sent.get().saturating_sub(good),
            failure: self.failure.take(),
            latencies,
        }
    }

    fn take_number(&self) -> u64 {
        let number = self.next_number();
        self.taken.set(self.taken.get().saturating_add(1));
        number
    }
}
