//! Exchange rates and conversion. Rates are exact decimals against one common base (the European
//! Central Bank quotes everything in euros), so that any two currencies convert by two rates and
//! one rounding.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::money::{Amount, Currency};

/// Most digits of a rate, before and after the point together.
const DIGITS_MAX: usize = 18;

/// How many units of a currency one unit of the base buys, as an exact decimal above zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rate {
    mantissa: i64,
    decimals: u32,
}

/// A text that is not a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a rate is a decimal number above zero with at most {DIGITS_MAX} digits, such as 91.2345")]
pub struct RateError;

/// Why an amount could not be converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ConversionError {
    /// The result is less than half a minor unit.
    #[error("the converted amount is less than one minor unit")]
    TooSmall,
    /// The result does not fit 64 bits.
    #[error("the converted amount is too large")]
    TooLarge,
}

impl Rate {
    /// One: the rate of the base itself.
    pub const ONE: Self = Self { mantissa: 1, decimals: 0 };
}

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
        let rest = rest.trim_end_matches('0');
        let digits = format!("{whole}{rest}");
        let readable = !whole.is_empty()
            && digits.len() <= DIGITS_MAX
            && digits.bytes().all(|byte| byte.is_ascii_digit());
        let mantissa = if readable { digits.parse().map_err(|_| RateError)? } else { 0 };
        let decimals = u32::try_from(rest.len()).map_err(|_| RateError)?;
        if mantissa > 0 { Ok(Self { mantissa, decimals }) } else { Err(RateError) }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = usize::try_from(self.decimals).unwrap_or(0);
        let digits = format!("{:0>width$}", self.mantissa, width = decimals.saturating_add(1));
        let (whole, rest) = digits.split_at(digits.len().saturating_sub(decimals));
        if rest.is_empty() { f.write_str(whole) } else { write!(f, "{whole}.{rest}") }
    }
}

/// Converts `amount` into `currency`, given the rates of both against the common base. Rounds
/// once, half to even.
///
/// # Errors
/// [`ConversionError`] when the result rounds to nothing or does not fit.
pub fn convert(
    amount: Amount,
    its_rate: Rate,
    currency: Currency,
    rate: Rate,
) -> Result<Amount, ConversionError> {
    if amount.currency() == currency {
        return Ok(amount);
    }
    let ten = |power: u32| 10_i128.checked_pow(power).ok_or(ConversionError::TooLarge);
    let product = |factors: [i128; 3]| {
        factors.into_iter().try_fold(1_i128, i128::checked_mul).ok_or(ConversionError::TooLarge)
    };
    // Both sides are freed of what they have in common, so that ordinary sums stay far from the
    // end of 128 bits.
    let up = currency.exponent().saturating_add(its_rate.decimals);
    let down = amount.currency().exponent().saturating_add(rate.decimals);
    let common = up.min(down);
    let numerator = product([
        i128::from(amount.minor()),
        i128::from(rate.mantissa),
        ten(up.saturating_sub(common))?,
    ])?;
    let denominator =
        product([i128::from(its_rate.mantissa), ten(down.saturating_sub(common))?, 1])?;
    let minor = half_even(numerator, denominator).ok_or(ConversionError::TooLarge)?;
    let minor = i64::try_from(minor).map_err(|_| ConversionError::TooLarge)?;
    match Amount::new(minor, currency) {
        Ok(converted) if minor > 0 => Ok(converted),
        Ok(_) | Err(_) => Err(ConversionError::TooSmall),
    }
}

/// `numerator` ÷ `denominator`, both above zero, rounded half to even.
fn half_even(numerator: i128, denominator: i128) -> Option<i128> {
    let quotient = numerator.checked_div(denominator)?;
    let twice = numerator.checked_rem(denominator)?.checked_mul(2)?;
    let up = match twice.cmp(&denominator) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Equal => quotient.checked_rem(2)? != 0,
    };
    if up { quotient.checked_add(1) } else { Some(quotient) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(text: &str) -> Rate {
        text.parse().unwrap()
    }

    fn amount(minor: i64, code: &str) -> Amount {
        Amount::new(minor, Currency::from_code(code).unwrap()).unwrap()
    }

    #[test]
    fn rates_are_read_strictly_and_written_back() {
        for text in ["91.2345", "1", "0.0071", "1234567890.12345678", "160.5"] {
            assert_eq!(rate(text).to_string(), text);
        }
        assert_eq!(rate("1.5000"), rate("1.5"));
        for wrong in ["", "0", "0.00", "-1", "1e3", "1,5", ".5", "1.2.3", "1234567890123456789"] {
            assert_eq!(wrong.parse::<Rate>(), Err(RateError), "{wrong}");
        }
    }

    #[test]
    fn conversion_rounds_once_half_to_even() {
        let table = [
            // amount, its rate, rate, result
            ((9_123, "INR"), "91.23", "1", (100, "EUR")),
            ((2_500, "INR"), "91.2345", "1.0891", (30, "USD")), // 0.29843…
            ((2_500, "INR"), "100", "160", (40, "JPY")),
            ((2_500, "INR"), "100", "0.4101", (103, "BHD")), // 0.102525
            ((1, "INR"), "2", "1", (0, "EUR")),              // half of a cent goes to even: 0
            ((3, "INR"), "2", "1", (2, "EUR")),              // one and a half: 2
            ((5, "INR"), "2", "1", (2, "EUR")),              // two and a half: 2
            ((999_999_999, "INR"), "91.2345", "17542.5", (192_279_236_281, "IDR")),
        ];
        for ((minor, from), its_rate, to_rate, (expected, to)) in table {
            let currency = Currency::from_code(to).unwrap();
            let converted = convert(amount(minor, from), rate(its_rate), currency, rate(to_rate));
            let expected = match expected {
                0 => Err(ConversionError::TooSmall),
                minor => Ok(amount(minor, to)),
            };
            assert_eq!(converted, expected, "{minor} {from} to {to}");
        }
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let jpy = Currency::from_code("JPY").unwrap();
        let tiny = rate("0.00000000000000001");
        let result = convert(amount(i64::MAX, "INR"), tiny, jpy, rate("999999999999999999"));
        assert_eq!(result, Err(ConversionError::TooLarge));
    }
}
