//! Keeps one dead merchant from starving the others (spec/reliability §3.2).
//!
//! Each callback endpoint has a window of deliveries at a time, which grows with every success
//! and halves with every failure, and a queue of its own for the rest. An endpoint that keeps
//! failing is cut off: one delivery at a time probes it, on that delivery's own schedule, and its
//! queue waits untouched. Retries may take at most half of all places, so that first tries always
//! find one. It has no clock and starts nothing.

use std::collections::{BTreeMap, VecDeque};

use domain::time::{Millis, Timestamp};
use store::jobs::JobKey;

const WINDOW_START: usize = 4;
const WINDOW_MAX: usize = 32;

/// Retries in flight, over all endpoints.
const RETRIES_MAX: usize = 256;

/// Failures in a row that cut an endpoint off.
const FAILURES_IN_A_ROW: u32 = 5;

/// An endpoint is cut off, too, when of at least so many deliveries within [`SAMPLE_FOR`]…
const SAMPLE_MIN: usize = 10;

/// … this many in a hundred failed.
const FAILED_PERCENT: usize = 70;
const SAMPLE_FOR: Millis = Millis::minutes(5);
const SAMPLE_MAX: usize = 256;

/// Time between two probes of an endpoint that is cut off. Shorter than any step of the
/// redelivery schedule, so that a lone callback keeps its own times.
const PROBE_STEP: Millis = Millis::seconds(5);

/// An endpoint that has failed for so long is paused: operators are told.
pub const PAUSED_AFTER: Millis = Millis::hours(5 * 24);

/// The endpoints that are busy or have failed lately.
#[derive(Debug, Default)]
pub struct Endpoints {
    known: BTreeMap<String, Endpoint>,
    retries: usize,
    waiting_retries: VecDeque<JobKey>,
}

#[derive(Debug)]
struct Endpoint {
    window: usize,
    in_flight: usize,
    waiting: VecDeque<JobKey>,
    sample: VecDeque<(Timestamp, bool)>,
    failures_in_a_row: u32,
    circuit: Circuit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Circuit {
    Closed,
    /// Cut off; `probe` says whether somebody has the appointment.
    Open {
        probe_at: Timestamp,
        probe: Probe,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Probe {
    Free,
    Taken,
}

/// Whether a delivery may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// Now. [`Endpoints::leave`] must follow.
    Go,
    /// When it is let go by a later [`Endpoints::leave`]: it is queued.
    Wait,
    /// At this time, as the probe of an endpoint that is cut off.
    At(Timestamp),
}

/// Which try of a callback a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Try {
    /// The first one.
    First,
    /// A later one.
    Again,
}

/// How an endpoint answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered {
    /// It acknowledged.
    Yes,
    /// It did not.
    No,
}

impl Endpoints {
    /// Asks to deliver to `endpoint` now.
    pub fn enter(&mut self, endpoint: &str, job: &JobKey, which: Try, now: Timestamp) -> Entry {
        if which == Try::Again && self.retries >= RETRIES_MAX {
            self.waiting_retries.push_back(job.clone());
            return Entry::Wait;
        }
        let entry = self.known.entry(endpoint.to_owned()).or_insert_with(Endpoint::new);
        let admitted = entry.admit(job, now);
        if admitted == Entry::Go && which == Try::Again {
            self.retries = self.retries.saturating_add(1);
        }
        admitted
    }

    /// Notes that a delivery ended, and returns the jobs that may go on, with their times.
    pub fn leave(
        &mut self,
        endpoint: &str,
        which: Try,
        answered: Answered,
        now: Timestamp,
    ) -> Vec<(JobKey, Timestamp)> {
        let mut next = Vec::new();
        if which == Try::Again {
            self.retries = self.retries.saturating_sub(1);
            next.extend(self.waiting_retries.pop_front().map(|job| (job, now)));
        }
        if let Some(entry) = self.known.get_mut(endpoint) {
            entry.end(answered, now);
            next.extend(entry.release(now));
            if entry.is_unremarkable() {
                self.known.remove(endpoint);
            }
        }
        next
    }

    /// The endpoints that are cut off at this moment.
    pub fn cut_off(&self) -> impl Iterator<Item = &str> {
        let open = |endpoint: &Endpoint| endpoint.circuit != Circuit::Closed;
        self.known.iter().filter(move |(_, it)| open(it)).map(|(name, _)| name.as_str())
    }
}

impl Endpoint {
    fn new() -> Self {
        Self {
            window: WINDOW_START,
            in_flight: 0,
            waiting: VecDeque::new(),
            sample: VecDeque::new(),
            failures_in_a_row: 0,
            circuit: Circuit::Closed,
        }
    }

    fn admit(&mut self, job: &JobKey, now: Timestamp) -> Entry {
        let entry = match self.circuit {
            Circuit::Closed if self.in_flight < self.window => Entry::Go,
            Circuit::Open { probe_at, .. } if self.in_flight == 0 && now >= probe_at => Entry::Go,
            Circuit::Open { probe_at, probe: Probe::Free } if self.in_flight == 0 => {
                self.circuit = Circuit::Open { probe_at, probe: Probe::Taken };
                Entry::At(probe_at)
            }
            Circuit::Closed | Circuit::Open { .. } => Entry::Wait,
        };
        match entry {
            Entry::Go => self.in_flight = self.in_flight.saturating_add(1),
            Entry::Wait => self.waiting.push_back(job.clone()),
            Entry::At(_) => {}
        }
        entry
    }

    fn end(&mut self, answered: Answered, now: Timestamp) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.sample.push_back((now, answered == Answered::No));
        while self.sample.len() > SAMPLE_MAX
            || self.sample.front().is_some_and(|(at, _)| now.since(*at) > SAMPLE_FOR)
        {
            self.sample.pop_front();
        }
        match answered {
            Answered::Yes => {
                self.failures_in_a_row = 0;
                if self.circuit == Circuit::Closed {
                    self.window = self.window.saturating_add(1).min(WINDOW_MAX);
                } else {
                    // A backlog is released gently: one, then two, then three at a time.
                    self.circuit = Circuit::Closed;
                    self.window = 1;
                    self.sample.clear();
                }
            }
            Answered::No => {
                self.failures_in_a_row = self.failures_in_a_row.saturating_add(1);
                self.window = (self.window / 2).max(1);
                if self.circuit != Circuit::Closed || self.keeps_failing() {
                    let probe_at = now.plus(PROBE_STEP);
                    self.circuit = Circuit::Open { probe_at, probe: Probe::Free };
                }
            }
        }
    }

    fn keeps_failing(&self) -> bool {
        let failed = self.sample.iter().filter(|(_, failed)| *failed).count();
        let share = self.sample.len().saturating_mul(FAILED_PERCENT);
        self.failures_in_a_row >= FAILURES_IN_A_ROW
            || (self.sample.len() >= SAMPLE_MIN && failed.saturating_mul(100) >= share)
    }

    fn release(&mut self, now: Timestamp) -> Vec<(JobKey, Timestamp)> {
        match self.circuit {
            Circuit::Closed => {
                let free = self.window.saturating_sub(self.in_flight).min(self.waiting.len());
                self.waiting.drain(..free).map(|job| (job, now)).collect()
            }
            Circuit::Open { probe_at, probe: Probe::Free } if self.in_flight == 0 => {
                let next = self.waiting.pop_front();
                if next.is_some() {
                    self.circuit = Circuit::Open { probe_at, probe: Probe::Taken };
                }
                next.map(|job| (job, probe_at)).into_iter().collect()
            }
            Circuit::Open { .. } => Vec::new(),
        }
    }

    fn is_unremarkable(&self) -> bool {
        self.circuit == Circuit::Closed
            && self.in_flight == 0
            && self.waiting.is_empty()
            && self.failures_in_a_row == 0
            && self.window >= WINDOW_START
    }
}

/// What of an address names its endpoint: scheme, host and port.
pub fn endpoint_of(url: &str) -> &str {
    let after_scheme = url.find("://").map_or(0, |at| at.saturating_add(3));
    let rest = url.get(after_scheme..).unwrap_or("");
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len()).saturating_add(after_scheme);
    url.get(..end).unwrap_or(url)
}

#[cfg(test)]
mod tests {
    use domain::id::{PaymentId, PaymentKey, ProjectId};
    use store::jobs::Work;

    use super::*;

    const DEAD: &str = "https://dead.example";

    fn job(number: usize) -> JobKey {
        let payment = PaymentId(format!("payment {number}"));
        JobKey { payment: PaymentKey::new(ProjectId(1), payment), work: Work::DeliverCallback }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp(seconds * 1_000)
    }

    #[test]
    fn a_window_bounds_what_is_in_flight_and_grows_with_success() {
        let mut endpoints = Endpoints::default();
        let enter =
            |endpoints: &mut Endpoints, n| endpoints.enter(DEAD, &job(n), Try::First, at(0));
        for n in 0..4 {
            assert_eq!(enter(&mut endpoints, n), Entry::Go);
        }
        for n in 4..10 {
            assert_eq!(enter(&mut endpoints, n), Entry::Wait);
        }
        let next = endpoints.leave(DEAD, Try::First, Answered::Yes, at(1));
        assert_eq!(next, [(job(4), at(1)), (job(5), at(1))], "a place is free, and one is new");
    }

    #[test]
    fn a_dead_endpoint_is_cut_off_and_probed_one_at_a_time() {
        let mut endpoints = Endpoints::default();
        for n in 0..5 {
            assert_eq!(endpoints.enter(DEAD, &job(n), Try::First, at(0)), Entry::Go);
            endpoints.leave(DEAD, Try::First, Answered::No, at(0));
        }
        assert_eq!(endpoints.cut_off().collect::<Vec<_>>(), [DEAD]);
        assert_eq!(endpoints.enter(DEAD, &job(5), Try::First, at(1)), Entry::At(at(5)));
        assert_eq!(endpoints.enter(DEAD, &job(6), Try::First, at(1)), Entry::Wait);
        assert_eq!(endpoints.enter("https://other", &job(7), Try::First, at(1)), Entry::Go);

        assert_eq!(endpoints.enter(DEAD, &job(5), Try::First, at(5)), Entry::Go);
        let next = endpoints.leave(DEAD, Try::First, Answered::No, at(6));
        assert_eq!(next, [(job(6), at(11))], "the next probe has its appointment");
        assert_eq!(endpoints.enter(DEAD, &job(6), Try::First, at(11)), Entry::Go);
        assert_eq!(endpoints.enter(DEAD, &job(8), Try::First, at(11)), Entry::Wait);
        let next = endpoints.leave(DEAD, Try::First, Answered::Yes, at(12));
        assert_eq!(next, [(job(8), at(12))], "and after a success the queue goes on");
        assert_eq!(endpoints.cut_off().count(), 0);
    }

    #[test]
    fn an_endpoint_that_mostly_fails_is_cut_off_too() {
        let mut endpoints = Endpoints::default();
        for n in 1..=10 {
            endpoints.enter(DEAD, &job(n), Try::First, at(0));
            let answered = if n % 4 == 0 { Answered::Yes } else { Answered::No };
            endpoints.leave(DEAD, Try::First, answered, at(0));
        }
        assert_eq!(endpoints.cut_off().count(), 1);
    }

    #[test]
    fn retries_leave_half_of_the_places_to_first_tries() {
        let mut endpoints = Endpoints::default();
        for n in 0..RETRIES_MAX {
            let own = format!("https://{n}");
            assert_eq!(endpoints.enter(&own, &job(n), Try::Again, at(0)), Entry::Go);
        }
        assert_eq!(endpoints.enter("https://x", &job(900), Try::Again, at(0)), Entry::Wait);
        assert_eq!(endpoints.enter("https://x", &job(901), Try::First, at(0)), Entry::Go);
        let next = endpoints.leave("https://0", Try::Again, Answered::No, at(1));
        assert_eq!(next, [(job(900), at(1))]);
    }

    #[test]
    fn an_endpoint_is_scheme_host_and_port() {
        for (url, endpoint) in [
            ("https://shop.example/callback?x=1", "https://shop.example"),
            ("http://127.0.0.1:8090", "http://127.0.0.1:8090"),
            ("https://shop.example?x", "https://shop.example"),
            ("nonsense", "nonsense"),
        ] {
            assert_eq!(endpoint_of(url), endpoint);
        }
    }
}
