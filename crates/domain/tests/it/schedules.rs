//! When the provider is asked: the table of waits, and what must hold of them at any time, for
//! any payment, however often the platform restarts.

use proptest::prelude::*;

use dwar_domain::limits::{LIMIT_TIME, QUESTIONS_FOR};
use dwar_domain::schedule::{
    next_give_back, next_initiation, next_late_question, next_question, next_refund_question,
};
use dwar_domain::time::{Millis, Timestamp};

use crate::fixtures::START;
use crate::rendering::duration;
use crate::table::{Table, aligned};

/// A seed that draws no jitter.
const CALM: u64 = 0;

/// Reads `1h30m`; `0s` and `now` are nothing.
fn passed(text: &str) -> Millis {
    let mut total = 0;
    let mut digits = String::new();
    for c in text.chars() {
        match c {
            '0'..='9' => digits.push(c),
            'h' => total += 3_600_000 * digits.split_off(0).parse::<i64>().unwrap(),
            'm' => total += 60_000 * digits.split_off(0).parse::<i64>().unwrap(),
            's' => total += 1_000 * digits.split_off(0).parse::<i64>().unwrap(),
            _ => panic!("{text:?} is no length of time"),
        }
    }
    assert!(digits.is_empty(), "{text:?} has no unit");
    Millis(total)
}

#[test]
fn waits_follow_their_table() {
    let text = include_str!("../tables/schedule.txt");
    let table = Table::read(text, &["passed", "open sale", "declined sale", "refund"]);
    assert!(!table.rows.is_empty());
    let row = |row: &Vec<String>| {
        let now = START.plus(passed(&row[0]));
        let wait = |next: Option<Timestamp>| {
            next.map_or("never".to_owned(), |next| duration(next.since(now)))
        };
        vec![
            row[0].clone(),
            wait(next_question(START, now, CALM)),
            wait(next_late_question(START, now)),
            wait(Some(next_refund_question(START, now, CALM))),
        ]
    };
    let right: Vec<_> = table.rows.iter().map(row).collect();
    assert!(table.rows == right, "the waits are\n{}", aligned(&right));
}

/// Any time from creation to a day after the last question.
fn any_passed() -> impl Strategy<Value = Millis> {
    (0..Millis::hours(97).0).prop_map(Millis)
}

proptest! {
    /// Nothing depends on what was asked before, so a restart at any moment goes on as if it had
    /// not happened; and from any moment the questions end, at the time they always do.
    #[test]
    fn questions_end_from_any_moment(passed in any_passed(), seed in any::<u64>()) {
        let mut now = START.plus(passed);
        let mut questions = 0;
        while let Some(next) = next_question(START, now, seed) {
            prop_assert!(next > now);
            prop_assert!(next <= START.plus(QUESTIONS_FOR).max(now.plus(Millis::seconds(72))));
            now = next;
            questions += 1;
        }
        prop_assert!(questions < 130, "{questions} questions");
        prop_assert!(now.since(START) >= QUESTIONS_FOR);
    }

    /// Payments that begin together are spread, but none is asked after early or much late.
    #[test]
    fn jitter_is_up_to_a_fifth(passed in any_passed(), seed in any::<u64>()) {
        let now = START.plus(passed);
        let pairs = [
            (next_question(START, now, CALM), next_question(START, now, seed)),
            (
                Some(next_refund_question(START, now, CALM)),
                Some(next_refund_question(START, now, seed)),
            ),
        ];
        for (calm, drawn) in pairs {
            let wait = |next: Option<Timestamp>| next.map(|next| next.since(now).0);
            let most = wait(calm).map(|wait| wait + wait / 5);
            prop_assert!(wait(drawn) >= wait(calm) && wait(drawn) <= most);
        }
    }

    /// The more time has passed, the longer the wait; a refund is asked after for ever.
    #[test]
    fn waits_only_grow(earlier in any_passed(), later in any_passed(), seed in any::<u64>()) {
        let (earlier, later) = (earlier.min(later), earlier.max(later));
        let refund = |passed| {
            let now = START.plus(passed);
            next_refund_question(START, now, seed).since(now)
        };
        prop_assert!(refund(earlier) <= refund(later));
        let initiation = |passed| {
            let now = START.plus(passed);
            next_initiation(START, now).since(now)
        };
        prop_assert!(initiation(earlier) <= initiation(later));
        prop_assert!((Millis::seconds(1)..=Millis::seconds(30)).contains(&initiation(later)));
    }

    #[test]
    fn giving_back_is_tried_less_and_less(attempts in 1..u32::MAX) {
        let wait = |attempts| next_give_back(attempts, START).since(START);
        prop_assert!(wait(attempts) <= wait(attempts.saturating_add(1)));
        prop_assert!((Millis::minutes(1)..=Millis::hours(6)).contains(&wait(attempts)));
    }

    /// Clocks may be wrong by any amount; the answer is then useless, never a crash.
    #[test]
    fn no_clock_breaks_the_schedules(created: i64, now: i64, seed: u64, attempts: u32) {
        let (created, now) = (Timestamp(created), Timestamp(now));
        next_question(created, now, seed);
        next_late_question(created, now);
        next_initiation(created, now);
        next_give_back(attempts, now);
        prop_assert!(next_refund_question(created, now, seed) >= now);
    }
}

/// An order that can't be opened is tried often enough to be open soon after an outage, and not
/// so often that the outage lasts longer for it.
#[test]
fn an_order_is_opened_again_at_most_forty_times() {
    let (mut now, mut tries) = (START, 0);
    while now.since(START) < LIMIT_TIME {
        now = next_initiation(START, now);
        tries += 1;
    }
    assert!((30..=40).contains(&tries), "{tries} tries");
}
