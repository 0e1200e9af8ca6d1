//! What is counted over all worlds, for the line at the end.

use std::collections::BTreeMap;
use std::fmt;

use domain::time::Millis;
use serde::{Deserialize, Serialize};

use crate::troubles::Trouble;

/// The figures of one world, or of many.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Figures {
    /// Worlds.
    pub seeds: u64,
    /// Payments accepted.
    pub payments: u64,
    /// Payments that ended paid.
    pub paid: u64,
    /// Attempts that were paid after their decline.
    pub late_successes: u64,
    /// Attempts that followed one that had failed.
    pub retries: u64,
    /// Refunds that ended, one way or the other.
    pub refunds: u64,
    /// Callbacks made.
    pub callbacks: u64,
    /// Tries to deliver them.
    pub deliveries: u64,
    /// Times the node died.
    pub crashes: u64,
    /// Events in all queues.
    pub events: u64,
    /// Transactions committed.
    pub commits: u64,
    /// Time that passed inside.
    pub passed: Millis,
    /// What went wrong, and how often.
    pub troubles: BTreeMap<Trouble, u64>,
}

impl Figures {
    /// Adds another world's.
    pub fn add(&mut self, other: &Self) {
        let pairs = [
            (&mut self.seeds, other.seeds),
            (&mut self.payments, other.payments),
            (&mut self.paid, other.paid),
            (&mut self.late_successes, other.late_successes),
            (&mut self.retries, other.retries),
            (&mut self.refunds, other.refunds),
            (&mut self.callbacks, other.callbacks),
            (&mut self.deliveries, other.deliveries),
            (&mut self.crashes, other.crashes),
            (&mut self.events, other.events),
            (&mut self.commits, other.commits),
        ];
        for (sum, more) in pairs {
            *sum = sum.saturating_add(more);
        }
        self.passed = Millis(self.passed.0.saturating_add(other.passed.0));
        for (trouble, more) in &other.troubles {
            let sum = self.troubles.entry(*trouble).or_default();
            *sum = sum.saturating_add(*more);
        }
    }

    /// Everything that went wrong.
    pub fn faults(&self) -> u64 {
        self.troubles.values().fold(0, |sum, more| sum.saturating_add(*more))
    }

    /// Kinds of trouble that never occurred.
    pub fn missing(&self) -> Vec<Trouble> {
        let occurred = |trouble: &Trouble| self.troubles.contains_key(trouble);
        Trouble::ALL.iter().copied().filter(|trouble| !occurred(trouble)).collect()
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths_of_years = self.passed.0 / (Millis::hours(24).0.saturating_mul(365) / 10);
        write!(
            f,
            "{} seeds, {} payments ({} paid, {} late successes, {} retries), {} refunds, \
             {}.{} virtual years, {} faults injected, {} crashes, {} callbacks in {} deliveries, \
             {} commits, {} events",
            self.seeds,
            self.payments,
            self.paid,
            self.late_successes,
            self.retries,
            self.refunds,
            tenths_of_years / 10,
            tenths_of_years % 10,
            self.faults(),
            self.crashes,
            self.callbacks,
            self.deliveries,
            self.commits,
            self.events,
        )
    }
}
