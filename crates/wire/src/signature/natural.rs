//! PHP's natural order (`SORT_NATURAL`, case-sensitive), which the documented signature sorts by.
//!
//! Runs of digits compare as numbers, and white space does not count. The oddities of PHP's
//! `strnatcmp` are kept, because clients sign with it.

use std::cmp::Ordering;

/// Compares two keys as PHP's `strnatcmp` does.
pub(super) fn compare(left: &str, right: &str) -> Ordering {
    if left.is_empty() || right.is_empty() {
        return left.len().cmp(&right.len());
    }
    let mut left = without_leading_zeros(left.as_bytes());
    let mut right = without_leading_zeros(right.as_bytes());
    loop {
        left = without_leading_space(left);
        right = without_leading_space(right);
        if starts_with_digit(left) && starts_with_digit(right) {
            let (left_run, left_rest) = split_digits(left);
            let (right_run, right_rest) = split_digits(right);
            let order = compare_digits(left_run, right_run);
            if order.is_ne() || left_rest.is_empty() || right_rest.is_empty() {
                return order.then(left_rest.len().min(1).cmp(&right_rest.len().min(1)));
            }
            (left, right) = (left_rest, right_rest);
        }
        let order = left.first().cmp(&right.first());
        if order.is_ne() {
            return order;
        }
        (left, right) = (tail(left), tail(right));
        if left.is_empty() || right.is_empty() {
            return left.len().cmp(&right.len());
        }
    }
}

/// A run that begins with zero compares as a fraction, digit by digit; any other as an integer.
fn compare_digits(left: &[u8], right: &[u8]) -> Ordering {
    if left.first() == Some(&b'0') || right.first() == Some(&b'0') {
        return left.cmp(right);
    }
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

fn without_leading_zeros(mut text: &[u8]) -> &[u8] {
    while let [b'0', b'0'..=b'9', ..] = text {
        text = tail(text);
    }
    text
}

fn without_leading_space(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t'..=b'\r', rest @ ..] = text {
        text = rest;
    }
    text
}

fn starts_with_digit(text: &[u8]) -> bool {
    text.first().is_some_and(u8::is_ascii_digit)
}

fn split_digits(text: &[u8]) -> (&[u8], &[u8]) {
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    text.split_at(length)
}

fn tail(text: &[u8]) -> &[u8] {
    text.split_first().map_or(&[], |(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn orders_as_php_does() {
        let ordered = [
            ["id", "id2"],
            ["id2", "id10"],
            ["l:9:x", "l:10:a"],
            ["k001", "k01"],
            ["k01", "k1"],
            ["card2", "card:pan"],
            ["a:b", "a b"],
            ["B", "_x"],
            ["_x", "a"],
            ["9", "10"],
            ["～", "😀"],
            ["x", "x "],
        ];
        for [smaller, larger] in ordered {
            assert_eq!(compare(smaller, larger), Ordering::Less, "{smaller:?} < {larger:?}");
            assert_eq!(compare(larger, smaller), Ordering::Greater, "{larger:?} > {smaller:?}");
        }
        assert_eq!(compare("007", "7"), Ordering::Equal);
        assert_eq!(compare("a b", "ab"), Ordering::Equal);
    }

    proptest! {
        #[test]
        fn is_antisymmetric(left in "[ab0-3 :_]{0,6}", right in "[ab0-3 :_]{0,6}") {
            prop_assert_eq!(compare(&left, &right), compare(&right, &left).reverse());
        }

        #[test]
        fn is_plain_order_for_letters(left in "[a-z_:]{1,6}", right in "[a-z_:]{1,6}") {
            prop_assert_eq!(compare(&left, &right), left.cmp(&right));
        }
    }
}
