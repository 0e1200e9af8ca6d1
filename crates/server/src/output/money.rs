//! Amounts as people in India write them: ₹12,34,567.89.

use domain::money::{Amount, Currency};
use wire::callback::Sum;

/// An amount for people. Other currencies than the rupee carry their code: `25.00 USD`.
pub(crate) fn amount(amount: Amount) -> String {
    if amount.currency() != Currency::INR {
        return amount.to_string();
    }
    let decimal = amount.to_decimal();
    let (whole, rest) = decimal.split_once('.').unwrap_or((&decimal, "00"));
    format!("₹{}.{rest}", grouped(whole))
}

/// A signed sum of minor units for people.
pub(crate) fn signed(minor: i64, currency: &str) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    let size = i64::try_from(minor.unsigned_abs()).unwrap_or(i64::MAX);
    let known = Currency::from_code(currency).and_then(|code| Amount::new(size, code).ok());
    known.map_or_else(|| format!("{minor} {currency}"), |known| format!("{sign}{}", amount(known)))
}

/// An amount for programs, as it stands on the wire.
pub(crate) fn sum(amount: Amount) -> Sum {
    Sum { amount: amount.minor(), currency: amount.currency().code().to_owned() }
}

/// Reads rupees as people type them: `12.50`.
pub(crate) fn parse_rupees(text: &str) -> Result<Amount, String> {
    let amount = Amount::from_decimal(text, Currency::INR).filter(|amount| amount.minor() > 0);
    amount.ok_or_else(|| "expected rupees with at most two decimals, such as 12.50".to_owned())
}

/// Groups digits in the Indian way: the last three, then twos.
fn grouped(digits: &str) -> String {
    let count = digits.len();
    let mut text = String::with_capacity(count.saturating_add(count / 2));
    for (index, digit) in digits.chars().enumerate() {
        let left = count.saturating_sub(index);
        if index > 0 && (left == 3 || (left > 3 && left % 2 == 1)) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rupees_are_grouped_as_in_india() {
        let table = [
            (0, "₹0.00"),
            (5, "₹0.05"),
            (99_999, "₹999.99"),
            (100_000, "₹1,000.00"),
            (1_000_000, "₹10,000.00"),
            (10_000_000, "₹1,00,000.00"),
            (999_999_999, "₹99,99,999.99"),
            (123_456_789_012, "₹1,23,45,67,890.12"),
        ];
        for (minor, text) in table {
            assert_eq!(amount(Amount::new(minor, Currency::INR).unwrap()), text);
        }
    }

    #[test]
    fn sums_may_be_negative_or_foreign() {
        assert_eq!(signed(-10_000_000, "INR"), "-₹1,00,000.00");
        assert_eq!(signed(2500, "USD"), "25.00 USD");
        assert_eq!(signed(-7, "???"), "-7 ???");
        assert_eq!(signed(i64::MIN, "JPY"), "-9223372036854775807 JPY");
    }

    #[test]
    fn typed_rupees_are_read_strictly() {
        assert_eq!(parse_rupees("12.5").unwrap().minor(), 1250);
        for wrong in ["0", "-1", "1,000", "12.505", "₹1", ""] {
            assert!(parse_rupees(wrong).is_err(), "{wrong}");
        }
    }
}
