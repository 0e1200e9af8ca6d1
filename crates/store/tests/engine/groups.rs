//! Writes share commits, not failures.

use dwar_store::{StoreError, Tx, WRITE_QUEUE};

use crate::scratch::{Scratch, create_item, hold_writer, ids, insert, poll, queue};

#[tokio::test]
async fn what_waits_is_committed_together() {
    let scratch = Scratch::new();
    let store = scratch.open();
    create_item(&store).await;
    let before = store.stats();

    let (release, held) = hold_writer(&store);
    let writes: Vec<_> = (0..100).map(|id| queue(&store, move |tx| insert(tx, id))).collect();
    assert_eq!(store.stats().write_queue_depth, 100);
    drop(release);
    held.await.unwrap();
    for write in writes {
        assert_eq!(write.await.unwrap(), 1);
    }

    let after = store.stats();
    assert_eq!(after.groups - before.groups, 1);
    assert_eq!(after.commits - before.commits, 101);
    assert_eq!(after.last_group_size, 101);
    assert_eq!(after.write_queue_depth, 0);
}

#[tokio::test]
async fn a_failure_leaves_the_others_of_its_group() {
    let scratch = Scratch::new();
    let store = scratch.open();
    create_item(&store).await;

    let (release, held) = hold_writer(&store);
    let first = queue(&store, |tx| insert(tx, 1));
    let refused = queue(&store, |tx| {
        insert(tx, 2)?;
        Err::<(), _>(StoreError::Busy)
    });
    let panicking = queue::<()>(&store, |tx| {
        insert(tx, 3)?;
        panic!("this panic is part of the test")
    });
    let duplicate = queue(&store, |tx| {
        insert(tx, 4)?;
        insert(tx, 1)
    });
    let careless = queue(&store, |tx| {
        insert(tx, 5)?;
        drop(insert(tx, 1));
        drop(insert(tx, 6));
        Ok(())
    });
    let last = queue(&store, |tx| insert(tx, 7));
    drop(release);

    held.await.unwrap();
    assert_eq!(first.await.unwrap(), 1);
    assert!(matches!(refused.await, Err(StoreError::Busy)));
    assert!(matches!(panicking.await, Err(StoreError::Panicked)));
    assert!(matches!(duplicate.await, Err(StoreError::Execute { .. })));
    assert!(matches!(careless.await, Err(StoreError::Aborted)));
    assert_eq!(last.await.unwrap(), 1);
    assert_eq!(store.read(ids).await.unwrap(), [1, 7]);
    assert!(store.is_durable());
}

#[tokio::test]
async fn a_failed_commit_makes_its_group_unknown_and_the_store_goes_on() {
    let scratch = Scratch::new();
    let store = scratch.open();
    create_item(&store).await;
    let create = |tx: &mut dyn Tx| {
        tx.execute(
            "CREATE TABLE part (item_id INTEGER NOT NULL
                 REFERENCES item DEFERRABLE INITIALLY DEFERRED) STRICT",
            &[],
        )
    };
    store.write(create).await.unwrap();

    let (release, held) = hold_writer(&store);
    let good = queue(&store, |tx| insert(tx, 1));
    // A deferred constraint is checked by COMMIT, which makes that fail.
    let bad = queue(&store, |tx| tx.execute("INSERT INTO part (item_id) VALUES (99)", &[]));
    let seen = queue(&store, ids);
    drop(release);
    assert!(matches!(held.await, Err(StoreError::CommitUnknown { .. })));
    assert!(matches!(good.await, Err(StoreError::CommitUnknown { .. })));
    assert!(matches!(bad.await, Err(StoreError::CommitUnknown { .. })));
    let seen = seen.await;
    assert!(
        matches!(seen, Err(StoreError::CommitUnknown { .. })),
        "it read what is gone: {seen:?}"
    );

    assert!(store.read(ids).await.unwrap().is_empty());
    assert_eq!(store.write(|tx| insert(tx, 2)).await.unwrap(), 1);
    assert_eq!(store.read(ids).await.unwrap(), [2]);
    assert!(store.is_durable());
}

#[tokio::test]
async fn a_full_queue_refuses_at_once_and_keeps_what_it_took() {
    let scratch = Scratch::new();
    let store = scratch.open();
    create_item(&store).await;

    let (release, held) = hold_writer(&store);
    let count = i64::try_from(WRITE_QUEUE).unwrap();
    let writes: Vec<_> = (0..count).map(|id| queue(&store, move |tx| insert(tx, id))).collect();
    let refused = std::pin::pin!(store.write(|tx| insert(tx, -1)));
    assert!(matches!(poll(refused), std::task::Poll::Ready(Err(StoreError::Busy))));

    drop(release);
    held.await.unwrap();
    for write in writes {
        write.await.unwrap();
    }
    assert_eq!(store.read(ids).await.unwrap(), (0..count).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_write_nobody_waits_for_any_more_is_not_begun() {
    let scratch = Scratch::new();
    let store = scratch.open();
    create_item(&store).await;

    let (release, held) = hold_writer(&store);
    drop(queue(&store, |tx| insert(tx, 1)));
    drop(release);
    held.await.unwrap();
    store.write(|tx| insert(tx, 2)).await.unwrap();
    assert_eq!(store.read(ids).await.unwrap(), [2]);
}
