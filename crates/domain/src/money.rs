//! Money: whole minor units of one ISO 4217 currency. No floats, no silent overflow, no sum of
//! two currencies.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// An ISO 4217 currency.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// Indian rupee, the only currency Paytm takes.
    pub const INR: Self = Self(iso_currency::Currency::INR);

    /// Reads an alphabetic code in capitals, such as `INR`.
    pub fn from_code(code: &str) -> Option<Self> {
        iso_currency::Currency::from_code(code).map(Self)
    }

    /// The three-letter code.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// How many decimals the minor unit has: 2 for INR, 0 for JPY, 3 for BHD.
    pub fn exponent(self) -> u32 {
        self.0.exponent().map_or(0, u32::from)
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        Self::from_code(&code).ok_or_else(|| serde::de::Error::custom("not an ISO 4217 currency"))
    }
}

/// Why two amounts could not be combined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MoneyError {
    /// An amount below zero was asked for.
    #[error("an amount can't be negative")]
    Negative,
    /// The result does not fit 64 bits.
    #[error("the amount is too large")]
    Overflow,
    /// Amounts of two currencies were combined.
    #[error("amounts of different currencies can't be combined")]
    Currency,
}

/// Minor units of one currency, never negative. 2500 of INR is ₹25.00.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Amount {
    minor: i64,
    currency: Currency,
}

impl Amount {
    /// An amount of `minor` units.
    ///
    /// # Errors
    /// [`MoneyError::Negative`] below zero.
    pub const fn new(minor: i64, currency: Currency) -> Result<Self, MoneyError> {
        if minor < 0 {
            return Err(MoneyError::Negative);
        }
        Ok(Self { minor, currency })
    }

    /// Nothing of `currency`.
    pub const fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// Whole minor units.
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// The currency of this amount.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// The sum of two amounts of one currency.
    ///
    /// # Errors
    /// [`MoneyError::Currency`] or [`MoneyError::Overflow`].
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        let minor =
            self.minor.checked_add(other.same_currency(self)?).ok_or(MoneyError::Overflow)?;
        Self::new(minor, self.currency)
    }

    /// What is left of this amount after `other` is taken away.
    ///
    /// # Errors
    /// [`MoneyError::Currency`], or [`MoneyError::Negative`] when `other` is larger.
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        let minor =
            self.minor.checked_sub(other.same_currency(self)?).ok_or(MoneyError::Overflow)?;
        Self::new(minor, self.currency)
    }

    /// Major units in decimal notation with the currency's decimals and nothing else: `100.00`.
    pub fn to_decimal(self) -> String {
        let exponent = self.currency.exponent();
        let digits = usize::try_from(exponent).unwrap_or(0);
        let unit = 10_i64.checked_pow(exponent).unwrap_or(1);
        let whole = self.minor.checked_div(unit).unwrap_or(self.minor);
        let rest = self.minor.checked_rem(unit).unwrap_or(0);
        if digits == 0 { whole.to_string() } else { format!("{whole}.{rest:0digits$}") }
    }

    /// Reads decimal notation of major units. Fewer decimals than the currency has are filled
    /// up (`10` is ₹10.00); more, a sign or anything but digits is refused.
    pub fn from_decimal(text: &str, currency: Currency) -> Option<Self> {
        let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
        let digits = usize::try_from(currency.exponent()).ok()?;
        let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || rest.len() > digits || !all_digits(whole) || !all_digits(rest) {
            return None;
        }
        Self::new(format!("{whole}{rest:0<digits$}").parse().ok()?, currency).ok()
    }

    fn same_currency(self, other: Self) -> Result<i64, MoneyError> {
        if self.currency == other.currency { Ok(self.minor) } else { Err(MoneyError::Currency) }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.to_decimal(), self.currency.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inr(minor: i64) -> Amount {
        Amount::new(minor, Currency::INR).unwrap()
    }

    #[test]
    fn decimals_follow_the_currency() {
        let of = |minor, code| {
            Amount::new(minor, Currency::from_code(code).unwrap()).unwrap().to_decimal()
        };
        assert_eq!(of(2500, "INR"), "25.00");
        assert_eq!(of(5, "INR"), "0.05");
        assert_eq!(of(999_999_999, "INR"), "9999999.99");
        assert_eq!(of(250, "JPY"), "250");
        assert_eq!(of(1_234, "BHD"), "1.234");
    }

    #[test]
    fn decimal_text_is_read_strictly() {
        let read = |text| Amount::from_decimal(text, Currency::INR);
        assert_eq!(read("10"), Some(inr(1000)));
        assert_eq!(read("10.5"), Some(inr(1050)));
        assert_eq!(read("10.05"), Some(inr(1005)));
        for wrong in
            ["", ".5", "1.005", "-1", "+1", "1e3", "1,000", " 1", "1.", "99999999999999999999"]
        {
            assert_eq!(read(wrong), if wrong == "1." { Some(inr(100)) } else { None }, "{wrong:?}");
        }
    }

    #[test]
    fn sums_never_wrap_or_mix() {
        let usd = Amount::new(1, Currency::from_code("USD").unwrap()).unwrap();
        assert_eq!(inr(1).plus(usd), Err(MoneyError::Currency));
        assert_eq!(inr(i64::MAX).plus(inr(1)), Err(MoneyError::Overflow));
        assert_eq!(inr(1).minus(inr(2)), Err(MoneyError::Negative));
        assert_eq!(inr(3).minus(inr(2)), Ok(inr(1)));
    }
}
