//! What will happen, in order of time. Events of one moment come in an order drawn by lot, which
//! the seed fixes.

use std::collections::BTreeMap;

use domain::time::Timestamp;

use crate::rng::Rng;

/// The events to come.
pub(crate) struct Queue<E> {
    events: BTreeMap<(Timestamp, u64, u64), E>,
    pushed: u64,
    lots: Rng,
}

impl<E> Queue<E> {
    pub(crate) const fn new(lots: Rng) -> Self {
        Self { events: BTreeMap::new(), pushed: 0, lots }
    }

    pub(crate) fn push(&mut self, at: Timestamp, event: E) {
        self.pushed = self.pushed.saturating_add(1);
        self.events.insert((at, self.lots.next(), self.pushed), event);
    }

    /// The next event and its time; time jumps there.
    pub(crate) fn pop(&mut self) -> Option<(Timestamp, E)> {
        self.events.pop_first().map(|((at, _, _), event)| (at, event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_orders_events_and_the_seed_orders_those_of_one_moment() {
        let order = |seed| {
            let mut queue = Queue::new(Rng::new(seed));
            for event in 0..20 {
                queue.push(Timestamp(event / 10), event);
            }
            std::iter::from_fn(|| queue.pop()).map(|(_, event)| event).collect::<Vec<_>>()
        };
        for seed in 0..5 {
            let events = order(seed);
            assert!(events.iter().take(10).all(|event| *event < 10), "{events:?}");
            assert_eq!(events, order(seed));
            assert_ne!(events, order(seed + 1));
        }
    }
}
