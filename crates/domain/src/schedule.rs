//! When to ask the provider again. All functions of the time passed, so that a restart changes
//! nothing.

use crate::limits::QUESTIONS_FOR;
use crate::time::{Millis, Timestamp};

/// Steps of asking after a sale while its customer may be paying: until so long after the start,
/// ask every so often (spec/reliability §2.3).
const WHILE_PAYING: [(Millis, Millis); 6] = [
    (Millis::seconds(20), Millis::seconds(20)),
    (Millis::seconds(55), Millis::seconds(3)),
    (Millis::minutes(2), Millis::seconds(6)),
    (Millis::minutes(5), Millis::seconds(10)),
    (Millis::minutes(9), Millis::seconds(30)),
    (Millis::minutes(30), Millis::minutes(1)),
];

/// Moments of asking after a sale once it is declined, or has run for half an hour: Paytm's own
/// recommendation, and an hour more than it asks the bank.
const LATER: [Millis; 10] = [
    Millis::minutes(30),
    Millis::hours(1),
    Millis::hours(2),
    Millis::hours(4),
    Millis::hours(6),
    Millis::hours(12),
    Millis::hours(24),
    Millis::hours(48),
    Millis::hours(72),
    QUESTIONS_FOR,
];

/// Steps of asking after a refund: until so long after it was sent, ask every so often.
const REFUND: [(Millis, Millis); 5] = [
    (Millis::seconds(30), Millis::seconds(5)),
    (Millis::minutes(5), Millis::seconds(30)),
    (Millis::hours(1), Millis::minutes(5)),
    (Millis::hours(24), Millis::hours(1)),
    (Millis(i64::MAX), Millis::hours(6)),
];

/// When to ask after a sale again, while it is open. `seed` spreads payments: each step is up to
/// a fifth longer.
pub fn next_question(created: Timestamp, now: Timestamp, seed: u64) -> Option<Timestamp> {
    let passed = now.since(created);
    match step(&WHILE_PAYING, passed) {
        Some(step) => Some(now.plus(jittered(step, seed))),
        None => next_late_question(created, now),
    }
}

/// When to ask after a declined sale again; nothing once Paytm itself has given up.
pub fn next_late_question(created: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let passed = now.since(created);
    LATER.into_iter().find(|moment| *moment > passed).map(|moment| created.plus(moment))
}

/// When to ask after a refund again. It is asked for ever: a refund ends only by an answer.
pub fn next_refund_question(sent: Timestamp, now: Timestamp, seed: u64) -> Timestamp {
    let wait = step(&REFUND, now.since(sent)).unwrap_or(Millis::hours(6));
    now.plus(jittered(wait, seed))
}

/// When to open an order again that the provider gave no usable answer for: half of the time
/// that has passed, between one second and thirty.
pub fn next_initiation(created: Timestamp, now: Timestamp) -> Timestamp {
    let half = now.since(created).0 / 2;
    now.plus(Millis(half.clamp(1_000, 30_000)))
}

/// When to try again to give back late money after `attempts` refused tries: a minute, then four
/// times as long each time, at most six hours.
pub fn next_give_back(attempts: u32, now: Timestamp) -> Timestamp {
    let factor = 4_i64.saturating_pow(attempts.saturating_sub(1).min(16));
    now.plus(Millis(Millis::minutes(1).0.saturating_mul(factor).min(Millis::hours(6).0)))
}

/// How long a refund waits that another one stands in the way of: Paytm refuses two equal ones
/// within about ten minutes.
pub const REFUND_BUSY: Millis = Millis::minutes(2);

fn step(table: &[(Millis, Millis)], passed: Millis) -> Option<Millis> {
    table.iter().find(|(until, _)| passed < *until).map(|(_, step)| *step)
}

fn jittered(step: Millis, seed: u64) -> Millis {
    let share = i64::try_from(seed % 200).unwrap_or(0);
    Millis(step.0.saturating_add(step.0.saturating_mul(share) / 1_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_thin_out_and_end() {
        let start = Timestamp(0);
        let mut moments = vec![];
        let mut now = start;
        while let Some(next) = next_question(start, now, 0) {
            assert!(next > now);
            now = next;
            moments.push(now.0 / 1_000);
        }
        assert_eq!(&moments[..4], &[20, 23, 26, 29]);
        assert_eq!(moments.last(), Some(&(73 * 3600)));
        assert!(moments.len() < 120, "{} questions for one payment", moments.len());
        assert_eq!(next_late_question(start, Timestamp(15 * 60_000)), Some(Timestamp(30 * 60_000)));
        assert_eq!(next_late_question(start, start.plus(QUESTIONS_FOR)), None);
    }

    #[test]
    fn jitter_only_lengthens() {
        for seed in 0..1_000 {
            let next = next_question(Timestamp(0), Timestamp(0), seed).map(|t| t.0);
            assert!(next >= Some(20_000) && next < Some(24_000), "{seed}: {next:?}");
        }
    }

    #[test]
    fn refunds_are_asked_after_for_ever() {
        let year = Timestamp(Millis::hours(24 * 365).0);
        assert_eq!(next_refund_question(Timestamp(0), year, 0), year.plus(Millis::hours(6)));
        assert_eq!(next_give_back(1, Timestamp(0)), Timestamp(60_000));
        assert_eq!(next_give_back(40, Timestamp(0)), Timestamp(6 * 3_600_000));
    }
}
