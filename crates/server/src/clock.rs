//! The machine's clock: the only place of the program that reads the time of day.

use std::time::{SystemTime, UNIX_EPOCH};

use app::ports::Clock;
use domain::time::Timestamp;

/// The time of day.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "this is the port's real side")]
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_time_of_day_in_milliseconds() {
        let (year_2020, year_2100) = (Timestamp(1_577_836_800_000), Timestamp(4_102_444_800_000));
        assert!((year_2020..year_2100).contains(&SystemClock.now()));
    }
}
