//! Keeps one dead merchant from starving the others: each callback endpoint has a window of
//! deliveries at a time, which grows with every success and halves with every failure, and a
//! queue of its own for the rest.

use std::collections::{BTreeMap, VecDeque};

use store::jobs::JobKey;

const WINDOW_START: usize = 4;
const WINDOW_MAX: usize = 32;

/// The windows of all endpoints that are busy or have failed.
#[derive(Debug, Default)]
pub struct Endpoints {
    windows: BTreeMap<String, Window>,
}

#[derive(Debug)]
struct Window {
    size: usize,
    in_flight: usize,
    waiting: VecDeque<JobKey>,
}

impl Endpoints {
    /// Asks to deliver to `endpoint`. If its window is full the job is queued and must be parked.
    pub fn enter(&mut self, endpoint: &str, job: &JobKey) -> bool {
        let window = self.windows.entry(endpoint.to_owned()).or_insert_with(|| Window {
            size: WINDOW_START,
            in_flight: 0,
            waiting: VecDeque::new(),
        });
        if window.in_flight >= window.size {
            window.waiting.push_back(job.clone());
            return false;
        }
        window.in_flight = window.in_flight.saturating_add(1);
        true
    }

    /// Notes that a delivery ended, and returns the jobs that may go on now.
    pub fn leave(&mut self, endpoint: &str, acknowledged: bool) -> Vec<JobKey> {
        let Some(window) = self.windows.get_mut(endpoint) else { return Vec::new() };
        window.in_flight = window.in_flight.saturating_sub(1);
        window.size = if acknowledged {
            window.size.saturating_add(1).min(WINDOW_MAX)
        } else {
            (window.size / 2).max(1)
        };
        let free = window.size.saturating_sub(window.in_flight);
        let next = window.waiting.drain(..free.min(window.waiting.len())).collect();
        if window.in_flight == 0 && window.waiting.is_empty() && window.size >= WINDOW_START {
            self.windows.remove(endpoint);
        }
        next
    }
}

/// What of an address names its endpoint: scheme, host and port.
pub fn endpoint_of(url: &str) -> &str {
    let after_scheme = url.find("://").map_or(0, |at| at.saturating_add(3));
    let rest = url.get(after_scheme..).unwrap_or("");
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len()).saturating_add(after_scheme);
    url.get(..end).unwrap_or(url)
}
