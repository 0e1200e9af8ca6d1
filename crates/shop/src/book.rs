//! The shop's order book: the last thousand orders, and a signal that one of them has changed.
//!
//! In memory, because this is a demonstration; a real shop writes an order to disk before it calls
//! anybody about it.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::order::Order;

/// Orders kept; older ones are forgotten.
const ORDERS_MAX: usize = 1000;

#[derive(Debug, Default)]
pub(crate) struct Book {
    /// Newest first.
    orders: Mutex<VecDeque<Order>>,
    /// How many changes there have been.
    changes: watch::Sender<u64>,
}

impl Book {
    pub(crate) fn add(&self, order: Order) {
        let mut orders = self.lock();
        orders.push_front(order);
        orders.truncate(ORDERS_MAX);
    }

    /// Looks at an order; nothing if there is none of that id.
    pub(crate) fn read<T>(&self, id: &str, look: impl FnOnce(&Order) -> T) -> Option<T> {
        self.lock().iter().find(|order| order.id == id).map(look)
    }

    /// Changes an order and tells whoever waits for it; nothing if there is none of that id.
    pub(crate) fn change<T>(&self, id: &str, change: impl FnOnce(&mut Order) -> T) -> Option<T> {
        let result = {
            let mut orders = self.lock();
            let order = orders.iter_mut().find(|order| order.id == id)?;
            order.revision = order.revision.saturating_add(1);
            change(order)
        };
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
        Some(result)
    }

    /// Looks at every order, newest first.
    pub(crate) fn read_all<T>(&self, look: impl FnMut(&Order) -> T) -> Vec<T> {
        self.lock().iter().map(look).collect()
    }

    /// Waits until an order has been changed more often than `seen`; returns at once if there is
    /// none of that id.
    pub(crate) async fn changed_since(&self, id: &str, seen: u64) {
        let mut changes = self.changes.subscribe();
        while self.read(id, |order| order.revision <= seen) == Some(true) {
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Order>> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_newest_thousand() {
        let book = Book::default();
        for number in 0..=ORDERS_MAX {
            book.add(Order::new(number.to_string(), "chai".to_owned(), 100));
        }
        assert_eq!(book.read("0", |_| ()), None);
        assert_eq!(book.read("1", |order| order.amount), Some(100));
        assert_eq!(book.read_all(|order| order.id.clone()).first().unwrap(), "1000");
    }
}
