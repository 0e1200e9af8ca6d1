//! Callbacks over all payments: listed, sent again; and the endpoints they go to.

use domain::id::{OperationId, PaymentId, PaymentKey, ProjectId};
use domain::time::Timestamp;
use dwar_store::callbacks::{
    CallbackKey, CallbackState, Delivery, Filter, NewCallback, Topic, append, head, newest,
    of_payment, page_to_replay, record, resend, supersede_redirect,
};
use dwar_store::endpoints::{self, EndpointRow};
use dwar_store::{Result, Store, Tx, health};

fn key(project: i64, payment: &str) -> PaymentKey {
    PaymentKey::new(ProjectId(project), PaymentId(payment.to_owned()))
}

fn make(tx: &mut dyn Tx, key: &PaymentKey, kind: Topic, at: i64) -> Result<i64> {
    let callback = NewCallback {
        kind,
        operation: OperationId(1),
        url: "https://shop.example/paid".to_owned(),
        body: format!("body {at}"),
        not_before: Timestamp(at),
    };
    append(tx, key, &callback, Timestamp(at))
}

fn tried(seq: i64, attempt: u32, at: i64) -> Delivery {
    let (status, error) = (Some(500), None);
    Delivery { seq, attempt, at: Timestamp(at), took_ms: 1, status, error, answer: String::new() }
}

/// Payments a and b of project 1 and c of project 2, with one callback in every state.
fn fill(tx: &mut dyn Tx) -> Result<()> {
    let [a, b, c] = [key(1, "a"), key(1, "b"), key(2, "c")];
    make(tx, &a, Topic::Redirect, 10)?;
    supersede_redirect(tx, &a)?;
    make(tx, &a, Topic::Sale, 20)?;
    record(tx, &a, &tried(2, 1, 21), CallbackState::Delivered)?;
    make(tx, &b, Topic::Sale, 20)?;
    record(tx, &b, &tried(1, 1, 21), CallbackState::Pending)?;
    record(tx, &b, &tried(1, 2, 22), CallbackState::Expired)?;
    make(tx, &c, Topic::Sale, 30)?;
    Ok(())
}

fn names(keys: &[CallbackKey]) -> Vec<String> {
    keys.iter().map(|it| format!("{} {}", it.payment.payment().0, it.seq)).collect()
}

#[tokio::test]
async fn callbacks_are_listed_newest_first() {
    let store = Store::inline().unwrap();
    store.write(fill).await.unwrap();
    let listed = |filter: Filter, limit| {
        let list = move |tx: &mut dyn Tx| newest(tx, filter, limit);
        let listed = store.read(list);
        async move { listed.await.unwrap().iter().map(|it| it.created.0).collect::<Vec<_>>() }
    };
    let all = Filter::default();
    assert_eq!(listed(all, 9).await, [30, 20, 20, 10]);
    assert_eq!(listed(all, 1).await, [30]);
    assert_eq!(listed(Filter { project: Some(ProjectId(1)), ..all }, 9).await, [20, 20, 10]);
    assert_eq!(listed(Filter { since: Some(Timestamp(20)), ..all }, 9).await, [30, 20, 20]);
    assert_eq!(listed(Filter { state: Some(CallbackState::Expired), ..all }, 9).await, [20]);
}

#[tokio::test]
async fn what_was_not_acknowledged_is_found_page_by_page() {
    let store = Store::inline().unwrap();
    store.write(fill).await.unwrap();
    let found = store.read(|tx| -> Result<_> {
        let mut undelivered = page_to_replay(tx, Timestamp(20), None, false, 1)?;
        let second = page_to_replay(tx, Timestamp(20), undelivered.last(), false, 9)?;
        undelivered.extend(second);
        let all = page_to_replay(tx, Timestamp(0), None, true, 9)?;
        let late = page_to_replay(tx, Timestamp(21), None, true, 9)?;
        Ok([undelivered, all, late].map(|keys| names(&keys)))
    });
    let [undelivered, mut all, late] = found.await.unwrap();
    assert_eq!(undelivered, ["b 1", "c 1"]);
    all.sort();
    assert_eq!(all, ["a 2", "b 1", "c 1"], "what was superseded stays away");
    assert_eq!(late, ["c 1"]);
}

#[tokio::test]
async fn a_resent_callback_is_the_same_and_begins_anew() {
    let store = Store::inline().unwrap();
    store.write(fill).await.unwrap();
    let told = store.write(|tx| -> Result<_> {
        let [a, b] = [key(1, "a"), key(1, "b")];
        let before = of_payment(tx, &b)?;
        assert!(resend(tx, &b, 1)?);
        assert!(!resend(tx, &b, 2)?, "there is none");
        assert!(!resend(tx, &a, 1)?, "it was superseded");
        assert_eq!(head(tx, &a)?, None);
        record(tx, &b, &tried(1, 3, 99), CallbackState::Pending)?;
        Ok((before, head(tx, &b)?))
    });
    let (before, after) = told.await.unwrap();
    let ([before], Some(after)) = (before.as_slice(), after) else { panic!("{before:?}") };
    assert_eq!(
        (before.attempts, before.resent_after, before.first_at),
        (2, 0, Some(Timestamp(21)))
    );
    assert_eq!((after.attempts, after.resent_after, after.first_at), (3, 2, Some(Timestamp(99))));
    assert_eq!((&after.body, after.seq, after.created), (&before.body, 1, before.created));
}

#[tokio::test]
async fn endpoints_are_remembered_until_they_work() {
    let store = Store::inline().unwrap();
    let row = EndpointRow {
        url: "https://shop.example".to_owned(),
        failing_since: Timestamp(1),
        paused_at: None,
        resumed_at: None,
        last_error: "it answered 500".to_owned(),
    };
    let listed = store.write(move |tx| -> Result<_> {
        endpoints::put(tx, &row)?;
        let paused = EndpointRow { paused_at: Some(Timestamp(5)), ..row.clone() };
        endpoints::put(tx, &paused)?;
        assert_eq!(endpoints::list(tx)?, [paused]);
        assert!(endpoints::resume(tx, &row.url, Timestamp(7))?);
        assert!(!endpoints::resume(tx, "https://other.example", Timestamp(7))?);
        let resumed = endpoints::list(tx)?.first().and_then(|it| it.resumed_at);
        endpoints::remove(tx, &row.url)?;
        Ok((resumed, endpoints::list(tx)?))
    });
    assert_eq!(listed.await.unwrap(), (Some(Timestamp(7)), vec![]));
}

#[tokio::test]
async fn the_engine_tells_of_itself() {
    let store = Store::inline().unwrap();
    let (engine, broken) = store
        .read(|tx| -> Result<_> { Ok((health::engine(tx)?, health::broken_parts(tx)?)) })
        .await
        .unwrap();
    assert!(engine.migration >= 3, "{engine:?}");
    assert_eq!(broken, [""; 0]);
}
