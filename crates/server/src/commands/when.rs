//! Moments and lengths of time as people type them.

use std::str::FromStr;

use domain::time::{Millis, Timestamp};

/// Units of a length of time: name and milliseconds.
const UNITS: [(&str, i64); 5] =
    [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// A day or a moment in UTC, or how far it is away: `2026-11-23`, `2026-11-23T10:00:00Z`, `2h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    At(Timestamp),
    Away(Millis),
}

impl When {
    /// The moment, if a length means *ago*.
    pub(super) const fn before(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::Away(length) => now.plus(Millis(-length.0)),
        }
    }

    /// The moment, if a length means *from now*.
    pub(super) const fn after(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::Away(length) => now.plus(length),
        }
    }
}

impl FromStr for When {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let expected = "expected a day or moment in UTC, such as 2026-11-23 or \
                        2026-11-23T10:00:00Z, or a length of time, such as 30m, 2h or 5d";
        if let Some(length) = length(text) {
            return Ok(Self::Away(length));
        }
        let moment = day_start(text).or_else(|| wire::date::parse(text).ok());
        moment.map(|at| Self::At(Timestamp(at))).ok_or(expected)
    }
}

/// A day as rates are dated: `2026-11-23`.
pub(super) fn day(text: &str) -> Result<String, &'static str> {
    day_start(text).map(|_start| text.to_owned()).ok_or("expected a day, such as 2026-11-23")
}

fn day_start(text: &str) -> Option<i64> {
    (text.len() == 10).then(|| wire::date::parse(&format!("{text}T00:00:00Z")).ok())?
}

/// A length of time: `15m`, `1d12h`.
pub(super) fn length(text: &str) -> Option<Millis> {
    let mut rest = text;
    let mut sum: Option<i64> = None;
    while !rest.is_empty() {
        let (number, behind) = split(rest, |c| c.is_ascii_digit());
        let (unit, behind) = split(behind, |c| c.is_ascii_alphabetic());
        let size = UNITS.iter().find(|(name, _)| *name == unit)?.1;
        let part = number.parse::<i64>().ok()?.checked_mul(size)?;
        sum = Some(sum.unwrap_or(0).checked_add(part)?);
        rest = behind;
    }
    sum.map(Millis)
}

fn split(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text.find(|c| !belongs(c)).unwrap_or(text.len());
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_people_type_them() {
        let now = Timestamp(1_000_000_000);
        for (text, moment) in [
            ("2026-11-23", 1_795_392_000_000),
            ("2026-11-23T00:00:01Z", 1_795_392_001_000),
            ("2026-11-23T05:30:01+0530", 1_795_392_001_000),
            ("30s", 999_970_000),
            ("2h", 992_800_000),
            ("1h30m", 994_600_000),
            ("0d", 1_000_000_000),
        ] {
            assert_eq!(text.parse::<When>().unwrap().before(now), Timestamp(moment), "{text}");
        }
        assert_eq!("2h".parse::<When>().unwrap().after(now), Timestamp(1_007_200_000));
        for wrong in ["", "2", "h", "-2h", "2x", "2026-02-30", "2026-1-1", "99999999999999999d"] {
            assert!(wrong.parse::<When>().is_err(), "{wrong}");
        }
        assert_eq!(day("2026-11-23").as_deref(), Ok("2026-11-23"));
        assert!(day("2026-13-01").is_err());
    }
}
