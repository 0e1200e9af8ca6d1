//! The machine's clock: the only place of the program that reads the time of day. For trials and
//! demonstrations it can be moved, so that what happens after days can be seen within minutes.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use app::ports::Clock;
use domain::time::{Millis, Timestamp};

/// The time of day, plus what it was moved by.
#[derive(Debug, Default)]
pub(crate) struct SystemClock {
    /// Milliseconds.
    shift: AtomicI64,
}

impl SystemClock {
    /// Moves the time by `by` from now on; only the test mode does.
    pub(crate) fn advance(&self, by: Millis) {
        self.shift.fetch_add(by.0, Ordering::Relaxed);
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "this is the port's real side")]
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let millis = i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX);
        Timestamp(millis).plus(Millis(self.shift.load(Ordering::Relaxed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_time_of_day_and_moves_with_it() {
        let year_2020 = Timestamp(1_577_836_800_000);
        let clock = SystemClock::default();
        let before = clock.now();
        assert!(before > year_2020);
        clock.advance(Millis::hours(24));
        clock.advance(Millis::hours(24));
        assert!(clock.now().since(before) >= Millis::hours(48));
        clock.advance(Millis::hours(-48));
        assert!(clock.now().since(before) < Millis::hours(1));
    }
}
