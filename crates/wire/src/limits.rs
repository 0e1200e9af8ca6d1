//! Every bound of the wire formats, with its unit in its name.
//!
//! `ECommPay` documents almost none of them, so most are Dwar's own: generous to an honest
//! merchant, finite for everybody else.

use std::ops::RangeInclusive;

/// Longest JSON body accepted, in bytes.
pub const BODY_BYTES: usize = 64 * 1024;
/// Deepest nesting of objects and lists in a JSON body; the body itself is level 1.
pub const DEPTH_LEVELS: usize = 8;
/// Longest list in a JSON body, in items.
pub const LIST_ITEMS: usize = 100;
/// Largest integer that a JavaScript client reads exactly: 2^53 − 1.
pub const SAFE_INTEGER: i64 = 9_007_199_254_740_991;

/// Longest identifier chosen by a merchant (payment, refund, customer), in characters.
pub const IDENTIFIER_CHARACTERS: usize = 255;
/// Longest name, city, street or similar, in characters.
pub const NAME_CHARACTERS: usize = 255;
/// Longest description or extra parameter, in characters.
pub const DESCRIPTION_CHARACTERS: usize = 1024;
/// Longest URL, in characters.
pub const URL_CHARACTERS: usize = 2048;
/// Longest e-mail address, in characters (RFC 5321).
pub const EMAIL_CHARACTERS: usize = 254;
/// How many digits a telephone number has.
pub const PHONE_DIGITS: RangeInclusive<usize> = 4..=24;
/// How long a merchant may ask callbacks to be held back, in seconds.
pub const CALLBACK_DELAY_SECONDS: RangeInclusive<i64> = 0..=600;
/// How much of a wrong value an error answer repeats, in characters.
pub const ECHO_CHARACTERS: usize = 64;
/// Longest list that every SDK sorts, and so signs, alike, in items.
pub const EMITTED_LIST_ITEMS: usize = 10;
