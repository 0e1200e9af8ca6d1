//! The sandbox's time: the system's clock plus an offset that the admin interface moves forward.
//!
//! Everything that asks for the time asks here, so that a test can live through 72 hours at once.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::SystemTime;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A moment: milliseconds since the Unix epoch, on the sandbox's clock.
pub(crate) type Millis = i64;

pub(crate) const SECOND: Millis = 1_000;
pub(crate) const MINUTE: Millis = 60 * SECOND;
pub(crate) const HOUR: Millis = 60 * MINUTE;

/// How far India is ahead of UTC, all year round.
const INDIA: Millis = 5 * HOUR + 30 * MINUTE;

#[derive(Debug)]
pub(crate) struct Clock {
    offset: AtomicI64,
}

impl Clock {
    pub(crate) fn new(offset: Millis) -> Self {
        Self { offset: AtomicI64::new(offset) }
    }

    pub(crate) fn now(&self) -> Millis {
        system_time().saturating_add(self.offset.load(Ordering::Relaxed))
    }

    pub(crate) fn set_offset(&self, offset: Millis) {
        self.offset.store(offset, Ordering::Relaxed);
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the system's clock")]
fn system_time() -> Millis {
    Timestamp::try_from(SystemTime::now()).map_or(0, Timestamp::as_millisecond)
}

/// Paytm's `2018-08-21 15:16:11.0`, in Indian time.
pub(crate) fn date_time(at: Millis) -> String {
    in_india(at, "%Y-%m-%d %H:%M:%S.0")
}

/// `2018-08-21`, in Indian time.
pub(crate) fn date(at: Millis) -> String {
    in_india(at, "%Y-%m-%d")
}

/// `20180821`, in Indian time: how transaction ids begin.
pub(crate) fn compact_date(at: Millis) -> String {
    in_india(at, "%Y%m%d")
}

fn in_india(at: Millis, format: &str) -> String {
    Timestamp::from_millisecond(at.saturating_add(INDIA))
        .unwrap_or(Timestamp::UNIX_EPOCH)
        .to_zoned_datetime(TimeZone::UTC)
        .strftime(format)
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_indian() {
        let half_past_midnight = 1_534_791_600_000; // 2018-08-20T19:00:00Z
        assert_eq!(date_time(half_past_midnight), "2018-08-21 00:30:00.0");
        assert_eq!(date(half_past_midnight), "2018-08-21");
        assert_eq!(compact_date(half_past_midnight), "20180821");
    }

    #[test]
    fn the_offset_moves_the_clock() {
        let clock = Clock::new(0);
        let before = clock.now();
        clock.set_offset(72 * HOUR);
        assert!(clock.now() - before >= 72 * HOUR);
    }
}
