//! Moments and lengths of time for people.

use domain::time::{Millis, Timestamp};

/// Units from the largest: milliseconds and name.
const UNITS: [(i64, &str); 5] =
    [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s"), (1, "ms")];

/// A moment to the second: `2019-09-03 10:58:10 UTC`.
pub(crate) fn moment(at: Timestamp) -> String {
    wire::date::format(at.0).replace('T', " ").replace("+0000", " UTC")
}

/// A moment to the millisecond: `2019-09-03 10:58:10.123`, UTC.
pub(crate) fn precise(at: Timestamp) -> String {
    let second = wire::date::format(at.0).replace('T', " ").replace("+0000", "");
    format!("{second}.{:03}", at.0.rem_euclid(1_000))
}

/// A length of time in its two largest units: `1 h 5 min`.
pub(crate) fn length(time: Millis) -> String {
    let mut left = time.0.max(0);
    let largest = UNITS.iter().position(|(size, _)| left >= *size);
    let Some(largest) = largest else { return "0 ms".to_owned() };
    let mut parts = Vec::new();
    for (size, name) in UNITS.iter().skip(largest).take(2) {
        let count = left / size;
        left %= size;
        // Milliseconds beside seconds tell nobody anything.
        if count > 0 && (parts.is_empty() || *size > 1) {
            parts.push(format!("{count} {name}"));
        }
    }
    parts.join(" ")
}

/// How far a moment is from now: `in 12 s`, `3 min ago`.
pub(crate) fn from_now(at: Timestamp, now: Timestamp) -> String {
    match at.since(now) {
        ahead if ahead.0 > 0 => format!("in {}", length(ahead)),
        _ => format!("{} ago", length(now.since(at))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_show_two_units_at_most() {
        let table = [
            (-5, "0 ms"),
            (0, "0 ms"),
            (7, "7 ms"),
            (1_200, "1 s"),
            (61_000, "1 min 1 s"),
            (3_600_000, "1 h"),
            (7_500_000, "2 h 5 min"),
            (950_400_000, "11 d"),
        ];
        for (millis, text) in table {
            assert_eq!(length(Millis(millis)), text);
        }
    }

    #[test]
    fn moments_are_utc() {
        let at = Timestamp(1_567_508_290_123);
        assert_eq!(moment(at), "2019-09-03 10:58:10 UTC");
        assert_eq!(precise(at), "2019-09-03 10:58:10.123");
        assert_eq!(from_now(at, Timestamp(at.0 - 12_000)), "in 12 s");
        assert_eq!(from_now(at, Timestamp(at.0 + 180_000)), "3 min ago");
    }
}
