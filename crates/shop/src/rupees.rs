//! Rupees as people in India write them, to and from paise: `₹1,00,000.00`.
//!
//! The last three digits of the rupees form a group, and every two before them.

const PAISE_PER_RUPEE: u64 = 100;

/// Writes an amount of paise.
pub(crate) fn format(paise: i64) -> String {
    let sign = if paise < 0 { "-" } else { "" };
    let paise = paise.unsigned_abs();
    let (rupees, fraction) = (paise / PAISE_PER_RUPEE, paise % PAISE_PER_RUPEE);
    format!("{sign}₹{}.{fraction:02}", group(&rupees.to_string()))
}

fn group(digits: &str) -> String {
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        let after = digits.len().saturating_sub(index);
        let starts_group = after == 3 || (after > 3 && after % 2 == 1);
        if index > 0 && starts_group {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Reads an amount a person typed, with or without sign and commas; `None` if it is not an amount
/// above zero with at most two decimals.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let digits: String =
        text.trim().trim_start_matches('₹').chars().filter(|c| !matches!(c, ',' | ' ')).collect();
    let (rupees, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if rupees.is_empty() || !all_digits(rupees) || !all_digits(fraction) || fraction.len() > 2 {
        return None;
    }
    // `5` and `5.5` are `500` and `550` paise.
    format!("{rupees}{fraction:0<2}").parse().ok().filter(|paise| *paise > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn groups_as_in_india() {
        for (paise, text) in [
            (0, "₹0.00"),
            (5, "₹0.05"),
            (25_000, "₹250.00"),
            (100_000, "₹1,000.00"),
            (10_000_000, "₹1,00,000.00"),
            (999_999_999, "₹99,99,999.99"),
            (-123_456, "-₹1,234.56"),
            (i64::MIN, "-₹92,23,37,20,36,85,47,758.08"),
        ] {
            assert_eq!(format(paise), text);
        }
    }

    #[test]
    fn reads_what_people_type() {
        for (text, paise) in [
            ("250", Some(25_000)),
            (" 250.5 ", Some(25_050)),
            ("₹1,00,000.00", Some(10_000_000)),
            ("1 000", Some(100_000)),
            ("0.01", Some(1)),
            ("5.", Some(500)),
            ("0", None),
            ("", None),
            (".5", None),
            ("-5", None),
            ("1.234", None),
            ("1e3", None),
            ("٣", None),
            ("92233720368547758.08", None),
        ] {
            assert_eq!(parse(text), paise, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(paise in 1..=i64::MAX) {
            prop_assert_eq!(parse(&format(paise)), Some(paise));
        }
    }
}
