use domain::id::{PaymentId, PaymentKey, ProjectId};
use store::jobs::Work;

use super::*;

const DEAD: &str = "https://dead.example";

fn job(number: usize) -> JobKey {
    let payment = PaymentId(format!("payment {number}"));
    JobKey { payment: PaymentKey::new(ProjectId(1), payment), work: Work::DeliverCallback }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp(seconds * 1_000)
}

/// A visit; callbacks are made in the order of their numbers.
fn visit<'a>(endpoint: &'a str, job: &'a JobKey, which: Try) -> Visit<'a> {
    let number = job.payment.payment().0.trim_start_matches("payment ").parse().unwrap();
    Visit { endpoint, job, made: at(number), which }
}

fn enter(endpoints: &mut Endpoints, number: usize, which: Try, now: Timestamp) -> Entry {
    endpoints.enter(visit(DEAD, &job(number), which), now)
}

fn leave(endpoints: &mut Endpoints, number: usize, answered: Answered, now: Timestamp) -> Left {
    endpoints.leave(visit(DEAD, &job(number), Try::First), answered, now)
}

#[test]
fn a_window_bounds_what_is_in_flight_and_grows_with_success() {
    let mut endpoints = Endpoints::default();
    for n in 0..4 {
        assert_eq!(enter(&mut endpoints, n, Try::First, at(0)), Entry::Go);
    }
    for n in 4..10 {
        assert_eq!(enter(&mut endpoints, n, Try::First, at(0)), Entry::Wait);
    }
    let left = leave(&mut endpoints, 0, Answered::Yes, at(1));
    assert_eq!(left.next, [(job(4), at(1)), (job(5), at(1))], "a place is free, and one is new");
}

/// Five failures from now on.
fn cut_off(endpoints: &mut Endpoints, now: Timestamp) {
    for n in 1..=5 {
        assert_eq!(enter(endpoints, n, Try::First, now), Entry::Go);
        let left = leave(endpoints, n, Answered::No, now);
        let change = (n == 5).then_some(Change::CutOff { failing_since: now });
        assert_eq!(left, Left { next: vec![], change });
    }
}

#[test]
fn a_dead_endpoint_is_cut_off_and_probed_one_at_a_time() {
    let mut endpoints = Endpoints::default();
    cut_off(&mut endpoints, at(0));
    assert_eq!(endpoints.cut_off().collect::<Vec<_>>(), [DEAD]);
    assert_eq!(enter(&mut endpoints, 5, Try::First, at(1)), Entry::At(at(5)));
    assert_eq!(enter(&mut endpoints, 6, Try::First, at(1)), Entry::Wait);
    let elsewhere = endpoints.enter(visit("https://other", &job(7), Try::First), at(1));
    assert_eq!(elsewhere, Entry::Go);

    assert_eq!(enter(&mut endpoints, 5, Try::First, at(5)), Entry::Go);
    let left = leave(&mut endpoints, 5, Answered::No, at(6));
    assert_eq!(left.next, [(job(6), at(11))], "the next probe has its appointment");
    assert_eq!(enter(&mut endpoints, 6, Try::First, at(11)), Entry::Go);
    assert_eq!(enter(&mut endpoints, 8, Try::First, at(11)), Entry::Wait);
    let left = leave(&mut endpoints, 6, Answered::Yes, at(12));
    let expected = Left { next: vec![(job(8), at(12))], change: Some(Change::Recovered) };
    assert_eq!(left, expected, "and after a success the queue goes on");
    assert_eq!(endpoints.cut_off().count(), 0);
}

#[test]
fn an_endpoint_that_mostly_fails_is_cut_off_too() {
    let mut endpoints = Endpoints::default();
    for n in 1..=10 {
        enter(&mut endpoints, n, Try::First, at(0));
        let answered = if n % 4 == 0 { Answered::Yes } else { Answered::No };
        leave(&mut endpoints, n, answered, at(0));
    }
    assert_eq!(endpoints.cut_off().count(), 1);
}

const FIVE_DAYS: i64 = 5 * 24 * 3_600;

/// An endpoint that has failed for five days; 7 was tried last, 9 and 8 wait.
fn paused() -> Endpoints {
    let mut endpoints = Endpoints::default();
    cut_off(&mut endpoints, at(0));
    assert_eq!(enter(&mut endpoints, 7, Try::First, at(FIVE_DAYS - 1)), Entry::Go);
    assert_eq!(enter(&mut endpoints, 9, Try::First, at(FIVE_DAYS)), Entry::Wait);
    assert_eq!(enter(&mut endpoints, 8, Try::First, at(FIVE_DAYS)), Entry::Wait);
    let left = leave(&mut endpoints, 7, Answered::No, at(FIVE_DAYS));
    let change = Some(Change::Paused { failing_since: at(0) });
    assert_eq!(left, Left { next: vec![], change }, "7 is the oldest and comes by itself");
    endpoints
}

#[test]
fn after_five_days_only_the_oldest_callback_is_tried() {
    let mut endpoints = paused();
    let now = at(FIVE_DAYS + 20);
    assert_eq!(enter(&mut endpoints, 10, Try::First, now), Entry::Wait);
    assert_eq!(enter(&mut endpoints, 7, Try::First, now), Entry::Go);
    assert_eq!(leave(&mut endpoints, 7, Answered::No, now), Left::default());
    assert_eq!(enter(&mut endpoints, 7, Try::First, now), Entry::Go);
    let left = leave(&mut endpoints, 7, Answered::NoMore, now);
    assert_eq!(left.next, [(job(8), now)], "its tries are over: the next oldest takes its place");
    assert_eq!(enter(&mut endpoints, 8, Try::First, now), Entry::Go);
    let left = leave(&mut endpoints, 8, Answered::Yes, now);
    let expected = Left { next: vec![(job(9), now)], change: Some(Change::Recovered) };
    assert_eq!(left, expected, "the first success ends the pause, gently");
    assert_eq!(enter(&mut endpoints, 9, Try::First, now), Entry::Go);
    let left = leave(&mut endpoints, 9, Answered::Yes, now);
    assert_eq!(left, Left { next: vec![(job(10), now)], change: None });
}

#[test]
fn a_paused_endpoint_whose_probe_is_gone_takes_the_next_that_comes() {
    let mut endpoints = paused();
    let hours = |hours: i64| at(FIVE_DAYS + hours * 3_600);
    assert_eq!(enter(&mut endpoints, 11, Try::First, hours(4)), Entry::Wait);
    assert_eq!(enter(&mut endpoints, 12, Try::First, hours(6)), Entry::Go);
}

#[test]
fn a_probe_that_is_not_made_is_passed_on() {
    let mut endpoints = Endpoints::default();
    cut_off(&mut endpoints, at(0));
    assert_eq!(enter(&mut endpoints, 5, Try::First, at(1)), Entry::At(at(5)));
    assert_eq!(enter(&mut endpoints, 6, Try::First, at(1)), Entry::Wait);
    assert_eq!(enter(&mut endpoints, 5, Try::First, at(2)), Entry::Wait, "a newer one moved it");
    assert_eq!(endpoints.follow(&[], at(9)), [], "it may only be late");
    assert_eq!(endpoints.follow(&[], at(10)), [(job(6), at(5))]);
    assert_eq!(enter(&mut endpoints, 6, Try::First, at(10)), Entry::Go);
    assert_eq!(endpoints.follow(&[], at(20)), [], "it is under way");

    let mut endpoints = paused();
    let hours = |hours: i64| at(FIVE_DAYS + hours * 3_600);
    assert_eq!(endpoints.follow(&[], hours(5)), []);
    assert_eq!(endpoints.follow(&[], hours(6)), [(job(8), hours(6))]);
}

fn stored(paused_at: Option<Timestamp>, resumed_at: Option<Timestamp>) -> EndpointRow {
    EndpointRow {
        url: DEAD.to_owned(),
        failing_since: at(0),
        paused_at,
        resumed_at,
        last_error: String::new(),
    }
}

#[test]
fn an_operator_can_go_on_with_a_paused_endpoint() {
    let mut endpoints = paused();
    let now = at(FIVE_DAYS + 20);
    assert_eq!(endpoints.follow(&[stored(Some(at(FIVE_DAYS)), Some(now))], now), [(job(9), now)]);
    assert_eq!(endpoints.cut_off().count(), 0);
    assert_eq!(enter(&mut endpoints, 9, Try::First, now), Entry::Go);
    assert_eq!(leave(&mut endpoints, 9, Answered::No, now).change, None, "its days begin anew");
}

#[test]
fn a_restart_remembers_who_is_cut_off() {
    let now = at(FIVE_DAYS);
    let mut endpoints = Endpoints::default();
    endpoints.follow(&[stored(None, None)], now);
    assert_eq!(enter(&mut endpoints, 2, Try::First, now), Entry::Go);
    let left = leave(&mut endpoints, 2, Answered::No, now);
    assert_eq!(left.change, Some(Change::Paused { failing_since: at(0) }));

    let mut endpoints = Endpoints::default();
    endpoints.follow(&[stored(Some(now), None)], now);
    assert_eq!(enter(&mut endpoints, 3, Try::First, now), Entry::Go);
    leave(&mut endpoints, 3, Answered::No, now);
    assert_eq!(enter(&mut endpoints, 4, Try::First, now), Entry::Wait);
    assert_eq!(enter(&mut endpoints, 2, Try::First, now), Entry::Go, "an older one goes first");
    assert_eq!(endpoints.follow(&[stored(None, None)], now), [], "what is known is not read again");

    let mut endpoints = Endpoints::default();
    endpoints.follow(&[stored(Some(now), Some(now))], now);
    assert_eq!(endpoints.cut_off().count(), 0, "it was resumed while nothing ran");
}

#[test]
fn retries_leave_half_of_the_places_to_first_tries() {
    let mut endpoints = Endpoints::default();
    for n in 0..RETRIES_MAX {
        let (own, job) = (format!("https://{n}"), job(n));
        assert_eq!(endpoints.enter(visit(&own, &job, Try::Again), at(0)), Entry::Go);
    }
    assert_eq!(enter(&mut endpoints, 900, Try::Again, at(0)), Entry::Wait);
    assert_eq!(enter(&mut endpoints, 901, Try::First, at(0)), Entry::Go);
    let first = job(0);
    let left = endpoints.leave(visit("https://0", &first, Try::Again), Answered::No, at(1));
    assert_eq!(left.next, [(job(900), at(1))]);
}

#[test]
fn an_endpoint_is_scheme_host_and_port() {
    for (url, endpoint) in [
        ("https://shop.example/callback?x=1", "https://shop.example"),
        ("http://127.0.0.1:8090", "http://127.0.0.1:8090"),
        ("https://shop.example?x", "https://shop.example"),
        ("nonsense", "nonsense"),
    ] {
        assert_eq!(endpoint_of(url), endpoint);
    }
}
