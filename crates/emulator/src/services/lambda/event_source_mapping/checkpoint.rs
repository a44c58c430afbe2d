//! A shard's checkpoint: the last record up to which everything is done. Pure.

use std::collections::VecDeque;
use std::sync::Arc;

/// Tracks the records read from a shard until each is done.
#[derive(Debug, Default)]
pub struct Checkpoint {
    through: Option<Arc<str>>,
    /// In the order of their sequence numbers.
    ahead: VecDeque<(Arc<str>, bool)>,
}

impl Checkpoint {
    /// A shard in which everything up to `through` is done.
    pub fn at(through: Option<Arc<str>>) -> Self {
        Self { through, ahead: VecDeque::new() }
    }

    /// The last record up to which everything is done; `None`: the shard's beginning.
    pub fn through(&self) -> Option<&Arc<str>> {
        self.through.as_ref()
    }

    /// The last record that was read; the next read continues after it.
    pub fn read_through(&self) -> Option<&Arc<str>> {
        self.ahead.back().map(|(sequence_number, _)| sequence_number).or(self.through.as_ref())
    }

    /// Records that were read and lie after the checkpoint.
    pub fn ahead(&self) -> usize {
        self.ahead.len()
    }

    /// Adds a record that was read, after all others.
    pub fn read(&mut self, sequence_number: Arc<str>) {
        self.ahead.push_back((sequence_number, false));
    }

    /// A record is done: handled, given up or filtered out.
    pub fn done(&mut self, sequence_number: &str) {
        let found = self.ahead.binary_search_by(|(other, _)| other.as_ref().cmp(sequence_number));
        if let Ok(index) = found {
            self.ahead[index].1 = true;
        }
        while let Some((sequence_number, true)) = self.ahead.front() {
            self.through = Some(sequence_number.clone());
            self.ahead.pop_front();
        }
    }
}
