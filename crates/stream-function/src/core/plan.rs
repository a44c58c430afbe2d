//! The order within a batch: which record may be handled next, and which one to report.
//!
//! Records of one connection form a key queue and are handled one after another; key queues run side by side. Lambda retries
//! the lowest sequence number that is reported *and everything after it*, so the one to report is the first record
//! that is not finished: all before it are done, and no connection has had a later record handled before it.

use std::collections::HashMap;

/// How the handling of one record ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RecordOutcome {
    /// Done: answered, its client gone, or published to the dead-letter queue.
    Finished,
    /// Lambda must deliver it again, so nothing of its connection may be handled past it.
    Redeliver,
}

/// A batch as key queues of records, by their places in the batch.
#[derive(Debug)]
pub(crate) struct Plan {
    finished: Vec<bool>,
    /// The next unfinished record of the same connection.
    successor: Vec<Option<usize>>,
    heads: Vec<usize>,
}

impl Plan {
    /// Lays out a batch: for each record, in the batch's order, its connection and whether it is finished already.
    pub fn new<'a>(records: impl IntoIterator<Item = (&'a str, bool)>) -> Self {
        let mut plan = Self { finished: Vec::new(), successor: Vec::new(), heads: Vec::new() };
        let mut last_of_key_queue = HashMap::new();
        for (place, (connection, finished)) in records.into_iter().enumerate() {
            plan.finished.push(finished);
            plan.successor.push(None);
            if finished {
                continue;
            }
            match last_of_key_queue.insert(connection, place) {
                Some(last) => plan.successor[last] = Some(place),
                None => plan.heads.push(place),
            }
        }
        plan
    }

    /// The first record of each key queue: all of them may be handled at once.
    pub fn heads(&self) -> &[usize] {
        &self.heads
    }

    /// Notes how a record ended, and says which record of its connection may be handled now.
    pub fn settle(&mut self, place: usize, outcome: RecordOutcome) -> Option<usize> {
        match outcome {
            RecordOutcome::Finished => {
                self.finished[place] = true;
                self.successor[place]
            }
            RecordOutcome::Redeliver => None,
        }
    }

    /// The first record that is not finished: the one to report, if any.
    pub fn checkpoint(&self) -> Option<usize> {
        self.finished.iter().position(|finished| !finished)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_failure_holds_its_own_connection_and_no_other() {
        let mut plan = Plan::new([("a", false), ("b", false), ("a", false), ("b", false)]);
        assert_eq!(plan.heads(), [0, 1]);
        assert_eq!(plan.settle(0, RecordOutcome::Redeliver), None);
        assert_eq!(plan.settle(1, RecordOutcome::Finished), Some(3));
        assert_eq!(plan.settle(3, RecordOutcome::Finished), None);
        assert_eq!(plan.checkpoint(), Some(0));
    }

    #[test]
    fn what_is_finished_already_is_passed_over() {
        let mut plan = Plan::new([("a", false), ("a", true), ("a", false)]);
        assert_eq!(plan.heads(), [0]);
        assert_eq!(plan.settle(0, RecordOutcome::Finished), Some(2));
        assert_eq!(plan.settle(2, RecordOutcome::Finished), None);
        assert_eq!(plan.checkpoint(), None);
    }

    proptest! {
        /// Whatever the interleaving and the outcomes: a key queue's records come in order and one at a time, nothing of
        /// a connection follows its failure, and everything before the checkpoint is finished.
        #[test]
        fn order_and_checkpoint_hold(
            records in prop::collection::vec((0u8..5, prop::bool::weighted(0.2), prop::bool::weighted(0.8)), 1..60),
            choices in prop::collection::vec(any::<prop::sample::Index>(), 60),
        ) {
            let names: Vec<String> = records.iter().map(|(key_queue, ..)| key_queue.to_string()).collect();
            let mut plan = Plan::new(names.iter().zip(&records).map(|(name, record)| (name.as_str(), record.1)));
            let mut running = plan.heads().to_vec();
            let mut handled: Vec<usize> = Vec::new();
            let mut failed: Vec<usize> = Vec::new();
            for choice in choices {
                if running.is_empty() {
                    break;
                }
                let place = running.swap_remove(choice.index(running.len()));
                prop_assert!(!records[place].1, "a finished record was handled again");
                prop_assert!(failed.iter().all(|earlier| names[*earlier] != names[place]));
                prop_assert!(handled.iter().all(|earlier| names[*earlier] != names[place] || earlier < &place));
                prop_assert!(running.iter().all(|other| names[*other] != names[place]));
                handled.push(place);
                let outcome = if records[place].2 { RecordOutcome::Finished } else { RecordOutcome::Redeliver };
                if outcome == RecordOutcome::Redeliver {
                    failed.push(place);
                }
                running.extend(plan.settle(place, outcome));
            }
            let done = |place: usize| records[place].1 || handled.contains(&place) && !failed.contains(&place);
            prop_assert_eq!(plan.checkpoint(), (0..records.len()).find(|place| !done(*place)));
        }
    }
}
