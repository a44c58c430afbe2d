//! The stream: ferrokinesis inside the process, with an append that is atomic and that wakes its readers.
//!
//! The library allocates a sequence number and stores the record in two steps and notifies nobody. Here each
//! append holds its stream's lock across both and then moves the shard's tail, which readers watch: nothing
//! can appear behind a reader, and nobody polls.

mod put;
mod read;
mod wire;

pub use put::{Placed, PutError};
pub use read::{Record, ShardInfo};
pub use wire::TARGET_PREFIX;

use crate::account::Account;
use crate::faults::Faults;
use crate::identity::Permissions;
use crate::metrics::Page;
use dashmap::DashMap;
use ferrokinesis::store::{Store, StoreOptions};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use tokio::sync::watch;

/// Shards of all streams together, at most: the account's default quota in the large regions.
pub const SHARDS_MAX: u32 = 20_000;
/// Seconds between two looks for records past their stream's retention.
const RETENTION_CHECK_S: u64 = 30;

/// Whether a shard refuses what is over its write limit of 1 MiB and 1,000 records a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WriteLimits {
    /// As AWS: over the limit is `ProvisionedThroughputExceededException`.
    #[default]
    Enforced,
    /// For load tests of one machine.
    Lifted,
}

/// Every stream of the plane.
#[derive(Clone)]
pub struct Streams {
    store: Store,
    router: axum::Router,
    account: Account,
    permissions: Arc<dyn Permissions>,
    faults: Faults,
    open: Arc<DashMap<String, Arc<Open>>>,
}

impl std::fmt::Debug for Streams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Streams").field("account", &self.account).finish_non_exhaustive()
    }
}

/// What one stream's writers and readers share.
#[derive(Default)]
struct Open {
    /// Held from allocating a sequence number until the record can be read.
    append: Arc<tokio::sync::Mutex<()>>,
    /// The last sequence number of each shard, by the shard's index.
    tails: DashMap<i64, watch::Sender<Option<Arc<str>>>>,
    /// Records appended, and their bytes.
    records: AtomicU64,
    bytes: AtomicU64,
    /// Moves when the stream itself changes: shards, consumers, its end.
    changes: watch::Sender<()>,
}

impl Open {
    /// Moves a shard's tail and wakes its readers.
    fn advance(&self, shard: i64, sequence_number: &str) {
        self.tails
            .entry(shard)
            .or_insert_with(|| watch::Sender::new(None))
            .send_replace(Some(sequence_number.into()));
    }

    /// Counts a record.
    fn count(&self, bytes: u64) {
        self.records.fetch_add(1, Relaxed);
        self.bytes.fetch_add(bytes, Relaxed);
    }

    /// Wakes every reader, to look at what became of the stream.
    fn wake_all(&self) {
        self.changes.send_replace(());
    }
}

impl Streams {
    /// An empty set of streams. Must be called inside a tokio runtime, which runs the retention check.
    pub fn new(
        account: Account,
        permissions: Arc<dyn Permissions>,
        limits: WriteLimits,
        faults: Faults,
    ) -> Self {
        let (router, store) = ferrokinesis::create_app(StoreOptions {
            create_stream_ms: 0,
            delete_stream_ms: 0,
            update_stream_ms: 0,
            shard_limit: SHARDS_MAX,
            retention_check_interval_secs: RETENTION_CHECK_S,
            enforce_limits: limits == WriteLimits::Enforced,
            aws_account_id: account.id.clone(),
            aws_region: account.region.clone(),
            ..StoreOptions::default()
        });
        Self { store, router, account, permissions, faults, open: Arc::default() }
    }

    /// Writes what is counted.
    pub fn write_metrics(&self, page: &mut Page) {
        let mut open: Vec<_> =
            self.open.iter().map(|open| (open.key().clone(), open.value().clone())).collect();
        open.sort_by(|a, b| a.0.cmp(&b.0));
        let name = "sluicegate_stream_records_total";
        page.family(name, "counter", "Records appended.");
        for (stream, open) in &open {
            page.sample(name, &[("stream", stream)], open.records.load(Relaxed));
        }
        let name = "sluicegate_stream_bytes_total";
        page.family(name, "counter", "Bytes appended, partition keys included.");
        for (stream, open) in &open {
            page.sample(name, &[("stream", stream)], open.bytes.load(Relaxed));
        }
    }

    fn open(&self, stream: &str) -> Arc<Open> {
        if let Some(open) = self.open.get(stream) {
            return open.clone();
        }
        self.open.entry(stream.into()).or_default().clone()
    }
}
