//! The shared state of one stream's writers and readers.

use crate::services::kinesis::routes::Routes;
use dashmap::DashMap;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use tokio::sync::{Mutex, watch};

/// A stream's append lock, and what its appends change.
#[derive(Default)]
pub(crate) struct Open {
    stream: Box<str>,
    /// Held from allocating a sequence number until the record can be read, during each read, and during each change of
    /// the stream itself. `None` after such a change: the next append looks the routes up.
    pub(super) append: Mutex<Option<Routes>>,
    /// The last sequence number of each shard, by the shard's index.
    tails: DashMap<i64, watch::Sender<Option<Arc<str>>>>,
    records: AtomicU64,
    bytes: AtomicU64,
    /// Changes with the stream itself: shards, consumers, its end.
    changes: watch::Sender<()>,
}

impl Open {
    pub(super) fn new(stream: &str) -> Self {
        Self { stream: stream.into(), ..Self::default() }
    }

    pub(crate) fn stream(&self) -> &str {
        &self.stream
    }

    /// Moves a shard's tail and wakes its readers.
    pub(crate) fn advance(&self, shard: i64, sequence_number: &str) {
        self.tails
            .entry(shard)
            .or_insert_with(|| watch::Sender::new(None))
            .send_replace(Some(sequence_number.into()));
    }

    pub(crate) fn tail(&self, shard: i64) -> watch::Receiver<Option<Arc<str>>> {
        self.tails.entry(shard).or_insert_with(|| watch::Sender::new(None)).subscribe()
    }

    /// The last sequence number of each shard that has any.
    pub(crate) fn tails(&self) -> HashMap<i64, Arc<str>> {
        self.tails.iter().filter_map(|tail| Some((*tail.key(), tail.borrow().clone()?))).collect()
    }

    /// Removes all tails: the stream is gone.
    pub(crate) fn clear_tails(&self) {
        self.tails.clear();
    }

    pub(crate) fn count(&self, bytes: u64) {
        self.records.fetch_add(1, Relaxed);
        self.bytes.fetch_add(bytes, Relaxed);
    }

    /// Records appended, and their bytes.
    pub(crate) fn counted(&self) -> (u64, u64) {
        (self.records.load(Relaxed), self.bytes.load(Relaxed))
    }

    /// Wakes every reader to check the stream.
    pub(crate) fn wake_all(&self) {
        self.changes.send_replace(());
    }

    /// Watches the stream itself.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }
}
