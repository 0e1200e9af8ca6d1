//! Latencies in constant room: a log-linear histogram with 64 steps to each doubling, so that a
//! percentile is at most 1.6 % above the truth.

use std::time::Duration;

/// Steps to each doubling, as a power of two.
const STEP_BITS: u32 = 6;
const STEPS: u64 = 1 << STEP_BITS;

/// Counts of latencies in microseconds.
#[derive(Debug, Default)]
pub(super) struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

impl Histogram {
    /// Counts one latency.
    pub(super) fn record(&mut self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        let bucket = usize::try_from(bucket(micros)).unwrap_or(usize::MAX);
        if self.counts.len() <= bucket {
            self.counts.resize(bucket.saturating_add(1), 0);
        }
        if let Some(count) = self.counts.get_mut(bucket) {
            *count = count.saturating_add(1);
        }
        self.total = self.total.saturating_add(1);
    }

    /// The latency that so many in a hundred do not exceed.
    pub(super) fn percentile(&self, percent: u64) -> Duration {
        let rank = self.total.saturating_mul(percent).div_ceil(100);
        let mut seen = 0_u64;
        for (bucket, count) in (0..).zip(&self.counts) {
            seen = seen.saturating_add(*count);
            if seen >= rank && *count > 0 {
                return Duration::from_micros(upper_bound(bucket));
            }
        }
        Duration::ZERO
    }

    /// How many were counted.
    pub(super) const fn count(&self) -> u64 {
        self.total
    }
}

/// How often values of this size are halved before they are counted.
const fn halvings(micros: u64) -> u32 {
    (u64::BITS - micros.leading_zeros()).saturating_sub(STEP_BITS + 1)
}

fn bucket(micros: u64) -> u64 {
    let halvings = halvings(micros);
    // No overflow: at most 57 halvings leave at most 7 bits.
    u64::from(halvings) * STEPS + (micros >> halvings)
}

/// The largest value of a bucket.
const fn upper_bound(bucket: u64) -> u64 {
    let halvings = (bucket / STEPS).saturating_sub(1);
    let steps = bucket - halvings * STEPS;
    ((steps + 1) << halvings).wrapping_sub(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn percentiles_are_of_what_was_recorded() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.percentile(50), Duration::ZERO);
        for micros in 1..=100 {
            histogram.record(Duration::from_micros(micros));
        }
        assert_eq!(histogram.count(), 100);
        assert_eq!(histogram.percentile(50), Duration::from_micros(50));
        assert_eq!(histogram.percentile(99), Duration::from_micros(99));
        assert_eq!(histogram.percentile(100), Duration::from_micros(100));
    }

    proptest! {
        #[test]
        fn a_bucket_holds_its_values_and_little_more(micros in any::<u64>()) {
            let highest = upper_bound(bucket(micros));
            prop_assert!(highest >= micros);
            prop_assert!(highest - micros <= micros / STEPS);
            prop_assert_eq!(bucket(highest), bucket(micros));
        }
    }
}
