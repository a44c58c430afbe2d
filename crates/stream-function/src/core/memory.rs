//! What a warm environment remembers between batches: records it has finished, and how often others failed.
//!
//! Lambda redelivers everything after the reported record, so records of other connections come again although
//! they are done. A cold environment has no memory and handles them a second time: delivery is at least once.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use tokio::time::Instant;

use crate::limits::{FAILING_RECORDS_MAX, REMEMBERED_FOR, REMEMBERED_RECORDS_MAX};

/// Records by their event id (shard and sequence number), the oldest forgotten first.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    finished: HashMap<Arc<str>, Instant>,
    finished_order: VecDeque<Arc<str>>,
    failures: HashMap<Arc<str>, u32>,
    failures_order: VecDeque<Arc<str>>,
}

impl Memory {
    /// Whether the record was finished here, recently enough that this is a redelivery and not redriven.
    pub fn is_finished(&self, id: &str, now: Instant) -> bool {
        self.finished.get(id).is_some_and(|at| now.saturating_duration_since(*at) < REMEMBERED_FOR)
    }

    /// Remembers a finished record, at the cost of the oldest one when there are too many.
    pub fn finish(&mut self, id: &str, now: Instant) {
        if let Some(at) = self.finished.get_mut(id) {
            *at = now;
            return;
        }
        if self.finished.len() == REMEMBERED_RECORDS_MAX
            && let Some(oldest) = self.finished_order.pop_front()
        {
            self.finished.remove(&oldest);
        }
        let id: Arc<str> = id.into();
        self.finished.insert(Arc::clone(&id), now);
        self.finished_order.push_back(id);
    }

    /// Counts a delivery of a record that has failed, this one included.
    pub fn fail(&mut self, id: &str) -> u32 {
        if let Some(deliveries) = self.failures.get_mut(id) {
            *deliveries += 1;
            return *deliveries;
        }
        if self.failures.len() == FAILING_RECORDS_MAX
            && let Some(oldest) = self.failures_order.pop_front()
        {
            self.failures.remove(&oldest);
        }
        let id: Arc<str> = id.into();
        self.failures.insert(Arc::clone(&id), 1);
        self.failures_order.push_back(id);
        1
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn forgets_the_oldest_beyond_the_limit() {
        let (mut memory, now) = (Memory::default(), Instant::now());
        for n in 0..=REMEMBERED_RECORDS_MAX {
            memory.finish(&n.to_string(), now);
        }
        assert!(!memory.is_finished("0", now));
        assert!(memory.is_finished("1", now));
        assert!(memory.is_finished(&REMEMBERED_RECORDS_MAX.to_string(), now));
        assert_eq!(memory.finished.len(), memory.finished_order.len());
    }

    #[test]
    fn what_is_redriven_is_not_a_redelivery() {
        let (mut memory, now) = (Memory::default(), Instant::now());
        memory.finish("shard:1", now);
        assert!(memory.is_finished("shard:1", now + REMEMBERED_FOR - Duration::from_millis(1)));
        assert!(!memory.is_finished("shard:1", now + REMEMBERED_FOR));
        memory.finish("shard:1", now + REMEMBERED_FOR);
        assert!(memory.is_finished("shard:1", now + REMEMBERED_FOR), "handled anew, it is remembered anew");
    }

    #[test]
    fn the_most_recent_failures_are_counted() {
        let mut memory = Memory::default();
        for n in 0..=FAILING_RECORDS_MAX {
            assert_eq!(memory.fail(&n.to_string()), 1);
        }
        assert_eq!(memory.fail("1"), 2);
        assert_eq!(memory.fail("0"), 1, "the oldest was forgotten");
        assert_eq!(memory.failures.len(), memory.failures_order.len());
    }

    proptest! {
        /// Within its bound the memory is exact: it knows what was finished and nothing else.
        #[test]
        fn knows_exactly_what_was_finished(finished in prop::collection::vec(0u16..500, 0..400), asked in 0u16..500) {
            let (mut memory, now) = (Memory::default(), Instant::now());
            for id in &finished {
                memory.finish(&id.to_string(), now);
            }
            prop_assert_eq!(memory.is_finished(&asked.to_string(), now), finished.contains(&asked));
        }
    }
}
