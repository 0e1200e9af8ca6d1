//! Money: whole paise, written in Paytm's way as rupees with two decimals, and for people as they
//! write it in India.

use std::fmt;
use std::str::FromStr;

use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use serde::{Serialize, Serializer};

/// An amount of Indian money in paise (1/100 rupee).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Paise(pub i64);

/// The text is not an amount of rupees with at most two decimals.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not an amount of rupees with at most two decimals")]
pub struct NotRupees;

impl Paise {
    /// One rupee.
    pub const RUPEE: Self = Self(100);

    /// The sum, stopping at the largest amount instead of wrapping.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference, which may be negative.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// For people: `₹1,00,000.00`. The last three digits of the rupees form a group, and every two
    /// before them.
    #[must_use]
    pub fn for_people(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let paise = self.0.unsigned_abs();
        let rupees = (paise / 100).to_string();
        let mut grouped = String::new();
        for (index, digit) in rupees.chars().enumerate() {
            let left = rupees.len().saturating_sub(index);
            if index > 0 && (left == 3 || (left > 3 && left % 2 == 1)) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        format!("{sign}₹{grouped}.{:02}", paise % 100)
    }
}

impl FromStr for Paise {
    type Err = NotRupees;

    /// Reads `12`, `12.5` or `12.50`.
    fn from_str(text: &str) -> Result<Self, NotRupees> {
        let (rupees, paise) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| {
            let digits_only = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            if digits_only { part.parse::<i64>().map_err(|_| NotRupees) } else { Err(NotRupees) }
        };
        let fraction = match paise.len() {
            1 => digits(paise)? * 10,
            2 => digits(paise)?,
            _ => return Err(NotRupees),
        };
        digits(rupees)?
            .checked_mul(100)
            .and_then(|whole| whole.checked_add(fraction))
            .map(Self)
            .ok_or(NotRupees)
    }
}

impl fmt::Display for Paise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let paise = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:02}", paise / 100, paise % 100)
    }
}

/// As rupees in a string: a JSON number would not keep the two decimals under a signature.
impl Serialize for Paise {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl ToSql for Paise {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        self.0.to_sql()
    }
}

impl FromSql for Paise {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_i64().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_and_written() {
        let cases = [
            ("100.00", Some(10_000)),
            ("1", Some(100)),
            ("1.5", Some(150)),
            ("0.01", Some(1)),
            ("9999999.99", Some(999_999_999)),
            ("", None),
            (".5", None),
            ("1.", None),
            ("1.234", None),
            ("-1.00", None),
            ("+1", None),
            ("1e3", None),
            ("1,000.00", None),
            ("99999999999999999999", None),
            ("92233720368547758.08", None),
        ];
        for (text, paise) in cases {
            assert_eq!(text.parse(), paise.map(Paise).ok_or(NotRupees), "{text}");
        }
        assert_eq!(Paise(150).to_string(), "1.50");
        assert_eq!(Paise(-5).to_string(), "-0.05");
    }

    #[test]
    fn people_read_lakhs() {
        for (paise, text) in [
            (0, "₹0.00"),
            (5, "₹0.05"),
            (99_999, "₹999.99"),
            (185_000, "₹1,850.00"),
            (1_000_000, "₹10,000.00"),
            (99_999_900, "₹9,99,999.00"),
            (-10_000_000, "-₹1,00,000.00"),
            (i64::MIN, "-₹92,23,37,20,36,85,47,758.08"),
        ] {
            assert_eq!(Paise(paise).for_people(), text);
        }
    }
}
