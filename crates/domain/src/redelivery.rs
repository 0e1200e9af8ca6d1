//! When a callback that was not acknowledged is sent again: ECommPay's schedule (spec/ecommpay
//! §3.3). Six tries at 10 seconds, then steps of 70 + 10 · 1.12^(n−4) seconds up to four hours.

use crate::time::{Millis, Timestamp};

/// Tries of one callback, the first one counted.
pub const ATTEMPTS_MAX: u32 = 120;

/// No try later than this after the first one.
pub const ATTEMPTS_FOR: Millis = Millis::hours(11 * 24);

/// The tries that follow at ten-second steps: numbers 2 to 7.
const QUICK_UNTIL: u32 = 7;
const QUICK_STEP: Millis = Millis::seconds(10);
const STEP_MAX: Millis = Millis::hours(4);

/// When to send again after try number `attempt` (the first is 1), which ended at `now`; nothing
/// when it was the last.
pub fn next_attempt(attempt: u32, first: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let next = now.plus(step_before(attempt.saturating_add(1)));
    (attempt < ATTEMPTS_MAX && next.since(first) <= ATTEMPTS_FOR).then_some(next)
}

/// The step between try number `attempt` and the one before it.
pub fn step_before(attempt: u32) -> Millis {
    if attempt <= QUICK_UNTIL {
        return QUICK_STEP;
    }
    // 10 s · 1.12^(n−4) in nanoseconds, so that rounding stays below a millisecond.
    let mut growing: i64 = 10_000_000_000;
    for _ in 4..attempt {
        growing = (growing / 100).saturating_mul(112);
        if growing > STEP_MAX.0.saturating_mul(1_000_000) {
            return STEP_MAX;
        }
    }
    Millis((growing / 1_000_000).saturating_add(70_000).min(STEP_MAX.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The computed table of spec/ecommpay §3.3: try, step in seconds.
    #[test]
    fn steps_are_those_of_the_table() {
        let table = [
            (2, 10),
            (7, 10),
            (8, 86),
            (9, 88),
            (10, 90),
            (15, 105),
            (20, 131),
            (25, 178),
            (30, 260),
            (40, 661),
            (50, 1907),
            (60, 5774),
            (68, 14194),
            (69, 14400),
            (120, 14400),
        ];
        for (attempt, seconds) in table {
            let step = step_before(attempt).0;
            assert_eq!((step + 500) / 1_000, seconds, "try {attempt}");
        }
    }

    #[test]
    fn tries_end_after_120_within_eleven_days() {
        let first = Timestamp(0);
        let (mut attempt, mut now) = (1, first);
        while let Some(next) = next_attempt(attempt, first, now) {
            now = next;
            attempt += 1;
        }
        assert_eq!(attempt, ATTEMPTS_MAX);
        assert_eq!(now.0 / 3_600_000, 245, "10.24 days");
    }
}
