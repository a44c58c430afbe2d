//! What a mapping promises for each record, checked at every step.

use super::KEYS;
use crate::services::kinesis::Record;
use std::collections::HashMap;
use std::sync::Arc;

/// The times between two starts of the mapping, counted from 1; 0: never.
type Session = u32;

#[derive(Clone, Default)]
struct Key {
    /// Numbers of its records, in the order of their arrival.
    records: Vec<usize>,
    /// How many of them were settled without a gap, in any session.
    settled: usize,
    /// The first of them that is not settled in this session, counted from the first one delivered in it.
    frontier: Option<usize>,
}

/// The state of each record.
pub struct Promises {
    /// The session in which each record was last settled: handled, given up or filtered out.
    settled_in: Vec<Session>,
    open: usize,
    session: Session,
    by_key: Vec<Key>,
}

impl Promises {
    pub fn new() -> Self {
        Self { settled_in: Vec::new(), open: 0, session: 1, by_key: vec![Key::default(); KEYS] }
    }

    pub fn records(&self) -> usize {
        self.settled_in.len()
    }

    /// Records that are not settled.
    pub fn open(&self) -> usize {
        self.open
    }

    pub fn appended(&mut self, key: usize) {
        self.by_key[key].records.push(self.settled_in.len());
        self.settled_in.push(0);
        self.open += 1;
    }

    pub fn restarted(&mut self) {
        self.session += 1;
        self.by_key.iter_mut().for_each(|key| key.frontier = None);
    }

    /// For each key in a batch: everything older is settled, or before it in the same batch.
    pub fn handed_over(&mut self, records: &[Arc<Record>]) {
        let mut next_of_key = HashMap::new();
        for record in records {
            let key = key(record);
            let Key { records: all, settled, frontier } = &self.by_key[key];
            let at = all.binary_search(&number(record)).expect("it was appended");
            let from = *next_of_key.entry(key).or_insert_with(|| {
                // After a restart, records after the checkpoint come again, from the oldest.
                assert!(at <= *settled, "{} overtakes an open record of its key", record.sequence_number);
                frontier.unwrap_or(at)
            });
            // In between are filtered and retried records.
            let skipped = all.get(from..at).unwrap_or_default();
            let mut open = skipped.iter().filter(|number| self.settled_in[**number] != self.session);
            assert_eq!(open.next(), None, "{} overtakes another in this session", record.sequence_number);
            next_of_key.insert(key, at + 1);
            self.by_key[key].frontier.get_or_insert(at);
        }
    }

    /// A record was handled, given up or filtered out.
    pub fn settled(&mut self, record: &Record) {
        let was = std::mem::replace(&mut self.settled_in[number(record)], self.session);
        self.open -= usize::from(was == 0);
        let Key { records, settled, frontier } = &mut self.by_key[key(record)];
        while records.get(*settled).is_some_and(|number| self.settled_in[*number] > 0) {
            *settled += 1;
        }
        if let Some(frontier) = frontier {
            while records.get(*frontier).is_some_and(|number| self.settled_in[*number] == self.session) {
                *frontier += 1;
            }
        }
    }

    /// These records are before a checkpoint, or in a shard whose children begin.
    pub fn must_be_settled(&self, records: &[Record], or_else: &str) {
        let open = records.iter().find(|record| self.settled_in[number(record)] == 0);
        assert!(open.is_none(), "{or_else}: {open:?}");
    }
}

fn number(record: &Record) -> usize {
    record.sequence_number.parse().expect("sequence numbers count the records")
}

fn key(record: &Record) -> usize {
    record.partition_key.parse().expect("keys are numbers")
}
