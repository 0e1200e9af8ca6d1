//! The dates of the wire: `2019-09-03T10:58:10+0000`, always UTC, never a fraction of a second.
//!
//! In Rust a moment is an `i64` of milliseconds since 1970-01-01T00:00:00Z.

use jiff::Timestamp;
use jiff::fmt::strtime;

/// Text that is not a date and time with an offset from UTC.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a date and time with an offset, such as 2019-09-03T10:58:10+0000")]
pub struct DateError(String);

/// Writes a moment. One beyond the years −9999…9999 becomes the nearest moment within.
pub fn format(unix_ms: i64) -> String {
    let nearest = if unix_ms < 0 { Timestamp::MIN } else { Timestamp::MAX };
    let moment = Timestamp::from_millisecond(unix_ms).unwrap_or(nearest);
    moment.strftime("%Y-%m-%dT%H:%M:%S+0000").to_string()
}

/// Reads a moment in unix milliseconds from ISO 8601 with any offset: `+0000`, `+00:00` or `Z`.
pub fn parse(text: &str) -> Result<i64, DateError> {
    let moment = text
        .parse::<Timestamp>()
        .or_else(|_| strtime::parse("%Y-%m-%dT%H:%M:%S%z", text)?.to_timestamp());
    moment.map(Timestamp::as_millisecond).map_err(|_| DateError(text.to_owned()))
}

/// `#[serde(with = "date::wire")]` for a moment that is always present.
pub(crate) mod wire {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde calls")]
    pub(crate) fn serialize<S: Serializer>(unix_ms: &i64, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&super::format(*unix_ms))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
        super::parse(&String::deserialize(from)?).map_err(D::Error::custom)
    }
}

/// `#[serde(with = "date::optional")]` for a moment that may be absent.
pub(crate) mod optional {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[expect(clippy::ref_option, reason = "the signature serde calls")]
    pub(crate) fn serialize<S: Serializer>(at: &Option<i64>, to: S) -> Result<S::Ok, S::Error> {
        match at {
            Some(unix_ms) => super::wire::serialize(unix_ms, to),
            None => to.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
        Option::<String>::deserialize(from)?
            .map(|text| super::parse(&text).map_err(D::Error::custom))
            .transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn writes_and_reads_known_moments() {
        for (unix_ms, text) in [
            (0, "1970-01-01T00:00:00+0000"),
            (1_567_508_290_999, "2019-09-03T10:58:10+0000"),
            (951_782_400_000, "2000-02-29T00:00:00+0000"),
            (-1, "1969-12-31T23:59:59+0000"),
            (i64::MAX, "9999-12-30T22:00:00+0000"),
        ] {
            assert_eq!(format(unix_ms), text);
        }
        for text in [
            "2019-09-03T10:58:10+0000",
            "2019-09-03T10:58:10+00:00",
            "2019-09-03T10:58:10Z",
            "2019-09-03T16:28:10+0530",
        ] {
            assert_eq!(parse(text), Ok(1_567_508_290_000), "{text}");
        }
        for text in ["", "2019-09-03", "2019-09-03T10:58:10", "2019-02-30T00:00:00Z", "now"] {
            assert_eq!(parse(text), Err(DateError(text.to_owned())));
        }
    }

    proptest! {
        #[test]
        fn whole_seconds_survive(second in 0_i64..253_402_200_000) {
            prop_assert_eq!(parse(&format(second * 1000)), Ok(second * 1000));
        }
    }
}
