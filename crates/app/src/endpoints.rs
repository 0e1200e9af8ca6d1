//! Keeps one dead merchant from starving the others (spec/reliability §3.2).
//!
//! Each callback endpoint has a window of deliveries at a time, which grows with every success
//! and halves with every failure, and a queue of its own for the rest. An endpoint that keeps
//! failing is cut off: one delivery at a time probes it, on that delivery's own schedule, and its
//! queue waits untouched. After five days it is paused: only its oldest callback is still tried.
//! Retries may take at most half of all places, so that first tries always find one. It has no
//! clock and starts nothing.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};

use domain::time::{Millis, Timestamp};
use store::endpoints::EndpointRow;
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

/// A paused endpoint whose probe was not seen for longer than the longest step of the redelivery
/// schedule has lost it, for instance because its sale ended; the next callback takes its place.
const PROBE_LOST: Millis = Millis::hours(5);

/// The endpoints that are busy or have failed lately.
#[derive(Debug, Default)]
pub struct Endpoints {
    known: BTreeMap<String, Endpoint>,
    retries: usize,
    waiting_retries: VecDeque<JobKey>,
    restored: bool,
}

#[derive(Debug)]
struct Endpoint {
    window: usize,
    in_flight: usize,
    waiting: VecDeque<Waiting>,
    sample: VecDeque<(Timestamp, bool)>,
    failures_in_a_row: u32,
    failing_since: Option<Timestamp>,
    circuit: Circuit,
}

/// A callback that waits for its turn, and when it was made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Waiting {
    made: Timestamp,
    job: JobKey,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Circuit {
    Closed,
    /// Cut off; `probe` says whether somebody has the appointment.
    Open {
        probe_at: Timestamp,
        probe: Probe,
    },
    /// Paused: only the oldest callback is tried.
    Paused {
        oldest: Option<Waiting>,
        seen: Timestamp,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Probe {
    Free,
    Taken,
}

/// A callback that wants to be delivered.
#[derive(Debug, Clone, Copy)]
pub struct Visit<'a> {
    /// Scheme, host and port it goes to.
    pub endpoint: &'a str,
    /// The job that delivers it.
    pub job: &'a JobKey,
    /// When it was made.
    pub made: Timestamp,
    /// Which try of it this is.
    pub which: Try,
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
    /// It did not, and the callback is tried again on its schedule.
    No,
    /// It did not, and that was the callback's last try.
    NoMore,
}

/// A change of an endpoint that operators may want to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It keeps failing and is only probed from now on.
    CutOff {
        /// Its first failure in a row.
        failing_since: Timestamp,
    },
    /// It has failed for five days: only its oldest callback is tried from now on.
    Paused {
        /// Its first failure in a row.
        failing_since: Timestamp,
    },
    /// It answers again.
    Recovered,
}

/// What follows from the end of a delivery.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// Jobs that may go on, with their times.
    pub next: Vec<(JobKey, Timestamp)>,
    /// What became of the endpoint, if that changed.
    pub change: Option<Change>,
}

impl Endpoints {
    /// Asks to deliver now.
    pub fn enter(&mut self, visit: Visit<'_>, now: Timestamp) -> Entry {
        if visit.which == Try::Again && self.retries >= RETRIES_MAX {
            self.waiting_retries.push_back(visit.job.clone());
            return Entry::Wait;
        }
        let endpoint = self.known.entry(visit.endpoint.to_owned()).or_insert_with(Endpoint::new);
        let admitted = endpoint.admit(Waiting { made: visit.made, job: visit.job.clone() }, now);
        if admitted == Entry::Go && visit.which == Try::Again {
            self.retries = self.retries.saturating_add(1);
        }
        admitted
    }

    /// Notes that a delivery ended.
    pub fn leave(&mut self, visit: Visit<'_>, answered: Answered, now: Timestamp) -> Left {
        let mut left = Left::default();
        if visit.which == Try::Again {
            self.retries = self.retries.saturating_sub(1);
            left.next.extend(self.waiting_retries.pop_front().map(|job| (job, now)));
        }
        if let Some(endpoint) = self.known.get_mut(visit.endpoint) {
            let tried = Waiting { made: visit.made, job: visit.job.clone() };
            left.change = endpoint.end(tried, answered, now);
            left.next.extend(endpoint.release(now));
            if endpoint.is_unremarkable() {
                self.known.remove(visit.endpoint);
            }
        }
        left
    }

    /// Takes over what is stored of endpoints: all of it the first time, afterwards only which
    /// ones an operator wants to go on with. Returns the jobs that may go on, also those that
    /// waited behind a probe that was never made. To be called every second or so.
    pub fn follow(&mut self, stored: &[EndpointRow], now: Timestamp) -> Vec<(JobKey, Timestamp)> {
        let mut next = Vec::new();
        for row in stored {
            if row.resumed_at.is_some() {
                next.extend(self.known.get_mut(&row.url).into_iter().flat_map(|it| it.resume(now)));
            } else if !self.restored {
                self.known.insert(row.url.clone(), Endpoint::restored(row, now));
            }
        }
        self.restored = true;
        next.extend(self.known.values_mut().flat_map(|endpoint| endpoint.pass_on(now)));
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
            failing_since: None,
            circuit: Circuit::Closed,
        }
    }

    fn restored(row: &EndpointRow, now: Timestamp) -> Self {
        let circuit = match row.paused_at {
            Some(_) => Circuit::Paused { oldest: None, seen: now },
            None => Circuit::Open { probe_at: now, probe: Probe::Free },
        };
        Self {
            window: 1,
            failures_in_a_row: FAILURES_IN_A_ROW,
            failing_since: Some(row.failing_since),
            circuit,
            ..Self::new()
        }
    }

    fn admit(&mut self, waiting: Waiting, now: Timestamp) -> Entry {
        let idle = self.in_flight == 0;
        let entry = match &mut self.circuit {
            Circuit::Closed if self.in_flight < self.window => Entry::Go,
            Circuit::Open { probe_at, .. } if idle && now >= *probe_at => Entry::Go,
            Circuit::Open { probe_at, probe: probe @ Probe::Free } if idle => {
                *probe = Probe::Taken;
                Entry::At(*probe_at)
            }
            Circuit::Paused { oldest, seen } if idle => {
                let lost = now.since(*seen) > PROBE_LOST;
                let is_probe = |it: &Waiting| it.job == waiting.job || waiting < *it || lost;
                if oldest.as_ref().is_none_or(is_probe) {
                    *oldest = Some(waiting.clone());
                    *seen = now;
                    Entry::Go
                } else {
                    Entry::Wait
                }
            }
            Circuit::Closed | Circuit::Open { .. } | Circuit::Paused { .. } => Entry::Wait,
        };
        match entry {
            Entry::Go => self.in_flight = self.in_flight.saturating_add(1),
            Entry::Wait => self.waiting.push_back(waiting),
            Entry::At(_) => {}
        }
        entry
    }

    fn end(&mut self, tried: Waiting, answered: Answered, now: Timestamp) -> Option<Change> {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.sample.push_back((now, answered != Answered::Yes));
        while self.sample.len() > SAMPLE_MAX
            || self.sample.front().is_some_and(|(at, _)| now.since(*at) > SAMPLE_FOR)
        {
            self.sample.pop_front();
        }
        match answered {
            Answered::Yes => self.succeeded(),
            Answered::No => self.failed(Some(tried), now),
            Answered::NoMore => self.failed(None, now),
        }
    }

    fn succeeded(&mut self) -> Option<Change> {
        self.failures_in_a_row = 0;
        self.failing_since = None;
        if self.circuit == Circuit::Closed {
            self.window = self.window.saturating_add(1).min(WINDOW_MAX);
            return None;
        }
        self.close();
        Some(Change::Recovered)
    }

    /// `again` is the callback if it will be tried again.
    fn failed(&mut self, again: Option<Waiting>, now: Timestamp) -> Option<Change> {
        self.failures_in_a_row = self.failures_in_a_row.saturating_add(1);
        self.window = (self.window / 2).max(1);
        let failing_since = *self.failing_since.get_or_insert(now);
        match self.circuit {
            Circuit::Paused { .. } => {
                self.circuit = Circuit::Paused { oldest: again, seen: now };
                None
            }
            Circuit::Open { .. } if now.since(failing_since) >= PAUSED_AFTER => {
                // The oldest of all goes on: this one if it is, else the one to be released.
                let older = |it: &Waiting| self.waiting.iter().all(|other| it < other);
                self.circuit = Circuit::Paused { oldest: again.filter(older), seen: now };
                Some(Change::Paused { failing_since })
            }
            Circuit::Open { .. } => {
                self.open(now);
                None
            }
            Circuit::Closed if self.keeps_failing() => {
                self.open(now);
                Some(Change::CutOff { failing_since })
            }
            Circuit::Closed => None,
        }
    }

    fn open(&mut self, now: Timestamp) {
        self.circuit = Circuit::Open { probe_at: now.plus(PROBE_STEP), probe: Probe::Free };
    }

    /// A backlog is released gently: one, then two, then three at a time.
    fn close(&mut self) {
        self.circuit = Circuit::Closed;
        self.window = 1;
        self.sample.clear();
    }

    fn resume(&mut self, now: Timestamp) -> Vec<(JobKey, Timestamp)> {
        if self.circuit != Circuit::Closed {
            self.failures_in_a_row = 0;
            self.failing_since = None;
            self.close();
        }
        self.release(now)
    }

    /// Lets the next that waits probe in place of one that did not keep its appointment: its
    /// callback was superseded, or a newer one moved its job ahead.
    fn pass_on(&mut self, now: Timestamp) -> Vec<(JobKey, Timestamp)> {
        if self.in_flight > 0 {
            return Vec::new();
        }
        match &mut self.circuit {
            Circuit::Open { probe_at, probe: probe @ Probe::Taken }
                if now.since(*probe_at) >= PROBE_STEP =>
            {
                *probe = Probe::Free;
            }
            Circuit::Paused { oldest: oldest @ Some(_), seen } if now.since(*seen) > PROBE_LOST => {
                *oldest = None;
                *seen = now;
            }
            Circuit::Closed | Circuit::Open { .. } | Circuit::Paused { .. } => return Vec::new(),
        }
        self.release(now)
    }

    fn keeps_failing(&self) -> bool {
        let failed = self.sample.iter().filter(|(_, failed)| *failed).count();
        let share = self.sample.len().saturating_mul(FAILED_PERCENT);
        self.failures_in_a_row >= FAILURES_IN_A_ROW
            || (self.sample.len() >= SAMPLE_MIN && failed.saturating_mul(100) >= share)
    }

    fn release(&mut self, now: Timestamp) -> Vec<(JobKey, Timestamp)> {
        match &mut self.circuit {
            Circuit::Closed => {
                let free = self.window.saturating_sub(self.in_flight).min(self.waiting.len());
                self.waiting.drain(..free).map(|waiting| (waiting.job, now)).collect()
            }
            Circuit::Open { probe_at, probe: probe @ Probe::Free } if self.in_flight == 0 => {
                let next = self.waiting.pop_front();
                if next.is_some() {
                    *probe = Probe::Taken;
                }
                next.map(|waiting| (waiting.job, *probe_at)).into_iter().collect()
            }
            Circuit::Paused { oldest: oldest @ None, .. } if self.in_flight == 0 => {
                let next = (0..self.waiting.len())
                    .min_by_key(|index| self.waiting.get(*index))
                    .and_then(|index| self.waiting.remove(index));
                oldest.clone_from(&next);
                next.map(|waiting| (waiting.job, now)).into_iter().collect()
            }
            Circuit::Open { .. } | Circuit::Paused { .. } => Vec::new(),
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
