//! The engine of the simulation: the same transactions, without threads, time or chance.

use std::task::Poll;

use dwar_store::{Store, StoreError, Tx};
use proptest::prelude::*;

use crate::scratch::{create_item, ids, insert, poll};

/// What a step of a generated history does.
#[derive(Clone, Copy, Debug)]
enum Step {
    Insert(i64),
    InsertThenFail(i64),
    Delete(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let id = || 0..20_i64;
    prop_oneof![
        id().prop_map(Step::Insert),
        id().prop_map(Step::InsertThenFail),
        id().prop_map(Step::Delete),
    ]
}

fn apply(tx: &mut dyn Tx, step: Step) -> Result<usize, StoreError> {
    match step {
        Step::Insert(id) => insert(tx, id),
        Step::InsertThenFail(id) => {
            insert(tx, id)?;
            Err(StoreError::Busy)
        }
        Step::Delete(id) => tx.execute("DELETE FROM item WHERE id = $1", dwar_store::params![id]),
    }
}

/// Runs a history and returns everything that could be seen of it.
fn play(steps: &[Step]) -> Vec<(String, Vec<i64>)> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let store = Store::inline().unwrap();
        create_item(&store).await;
        let mut seen = Vec::new();
        for &step in steps {
            let answer = store.write(move |tx| apply(tx, step)).await;
            seen.push((format!("{answer:?}"), store.read(ids).await.unwrap()));
        }
        seen
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_history_has_one_outcome_which_is_the_models(
        steps in proptest::collection::vec(step(), 0..40),
    ) {
        let seen = play(&steps);
        prop_assert_eq!(&seen, &play(&steps));

        let mut model = std::collections::BTreeSet::new();
        for (step, (answer, kept)) in steps.into_iter().zip(seen) {
            let is_ok = match step {
                Step::Insert(id) => model.insert(id),
                Step::InsertThenFail(_) => false,
                Step::Delete(id) => { model.remove(&id); true }
            };
            prop_assert_eq!(answer.starts_with("Ok"), is_ok);
            prop_assert_eq!(kept, model.iter().copied().collect::<Vec<_>>());
        }
    }
}

#[tokio::test]
async fn a_crash_can_come_between_the_commit_and_the_answer() {
    let store = Store::inline().unwrap();
    create_item(&store).await;
    let after_restart = store.clone();

    let mut write = Box::pin(store.write(|tx| insert(tx, 1)));
    assert!(poll(write.as_mut()).is_pending());
    assert_eq!(after_restart.read(ids).await.unwrap(), [1]);
    assert!(matches!(poll(write.as_mut()), Poll::Ready(Ok(1))));

    let mut crashed = Box::pin(store.write(|tx| insert(tx, 2)));
    assert!(poll(crashed.as_mut()).is_pending());
    drop(crashed);
    drop(store.write(|tx| insert(tx, 3)));
    assert_eq!(after_restart.read(ids).await.unwrap(), [1, 2]);
}

#[tokio::test]
async fn a_panic_spoils_nothing() {
    let store = Store::inline().unwrap();
    create_item(&store).await;
    let panicking = store.write::<(), StoreError, _>(|tx| {
        insert(tx, 1)?;
        panic!("this panic is part of the test")
    });
    assert!(matches!(panicking.await, Err(StoreError::Panicked)));
    store.write(|tx| insert(tx, 2)).await.unwrap();
    assert_eq!(store.read(ids).await.unwrap(), [2]);
}

#[tokio::test]
async fn a_read_changes_nothing() {
    let store = Store::inline().unwrap();
    create_item(&store).await;
    let refused = store.read(|tx| insert(tx, 1)).await;
    assert!(matches!(refused, Err(StoreError::Execute { .. })), "{refused:?}");
    assert!(store.read(ids).await.unwrap().is_empty());
}
