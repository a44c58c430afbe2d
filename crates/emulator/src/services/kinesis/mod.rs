//! The stream: ferrokinesis inside the process, with an append that is atomic and that wakes its readers.
//!
//! The library allocates a sequence number and stores the record in two steps and notifies nobody. Here each
//! append holds its stream's lock across both and then moves the shard's tail, which readers watch: nothing
//! can appear behind a reader, and nobody polls.

mod encoding;
mod error;
mod event_stream;
mod get_records;
#[cfg(test)]
mod hostile_tests;
mod patch_response;
mod persist;
mod put;
mod read;
mod rebuild;
mod request;
mod reshard;
mod retain;
mod routes;
mod subscribe;
#[cfg(test)]
pub(crate) mod tests;
mod wire;

pub use error::KinesisError;
pub use put::{PutRecord, PutRecordResponse};
pub use read::{ReadLimit, ReadRecords, Record, ShardInfo};
pub use request::TARGET_PREFIX;
pub(crate) use request::stream_of;
#[cfg(test)]
pub(crate) use reshard::{Step, steps_to};
pub use subscribe::SubscriptionTimers;
pub(crate) use wire::{is_signed, refuse_head};

use crate::core::account::Account;
use crate::core::identity::Permissions;
use crate::core::metrics::Page;
use crate::fault_injection::Faults;
use crate::storage::{Restored, Storage};
use dashmap::DashMap;
use ferrokinesis::error::KinesisErrorResponse;
use ferrokinesis::store::{Store, StoreOptions};
use routes::Routes;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use subscribe::Subscribed;
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard, watch};
use tokio_util::sync::CancellationToken;

/// Shards of all streams together, at most: the account's default quota in the large regions.
pub const SHARDS_MAX: u32 = 20_000;

/// Whether a shard refuses what is over its write limit of 1 MiB and 1,000 records a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WriteLimits {
    /// As AWS: over the limit is `ProvisionedThroughputExceededException`.
    #[default]
    Enforced,
    /// For load tests of one machine.
    Lifted,
}

/// Every stream of the emulator.
#[derive(Clone)]
pub struct Streams {
    store: Store,
    router: axum::Router,
    account: Account,
    permissions: Arc<dyn Permissions>,
    faults: Faults,
    open: Arc<DashMap<String, Arc<Open>>>,
    /// Where streams outlive the process, if they do.
    storage: Option<Storage>,
    subscription_timers: SubscriptionTimers,
    /// By the consumer's ARN and the shard's index.
    subscribed: Arc<std::sync::Mutex<HashMap<(String, i64), Subscribed>>>,
    stop: CancellationToken,
}

/// What streams work with.
pub struct Deps {
    /// The account that is played.
    pub account: Account,
    /// Decides what callers may do.
    pub permissions: Arc<dyn Permissions>,
    /// Whether shards refuse what is over their write limit.
    pub write_limits: WriteLimits,
    /// How long subscriptions last.
    pub subscription_timers: SubscriptionTimers,
    /// What a user wants to go wrong.
    pub faults: Faults,
    /// A data folder, and what it held.
    pub stored: Option<(Storage, Restored)>,
}

impl std::fmt::Debug for Streams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Streams").field("account", &self.account).finish_non_exhaustive()
    }
}

/// What one stream's writers and readers share.
#[derive(Default)]
struct Open {
    /// Held from taking a sequence number until the record can be read, and over each change of the stream itself;
    /// unknown after such a change, and looked up by the next append.
    append: Mutex<Option<Routes>>,
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

    /// The last sequence number of each shard that has any.
    fn tails(&self) -> HashMap<i64, Arc<str>> {
        self.tails.iter().filter_map(|tail| Some((*tail.key(), tail.borrow().clone()?))).collect()
    }

    /// Wakes every reader, to look at what became of the stream.
    fn wake_all(&self) {
        self.changes.send_replace(());
    }
}

impl Streams {
    /// The streams that a data folder held, or none. Must be called inside a tokio runtime, which looks after
    /// retention.
    pub async fn start(deps: Deps) -> Self {
        let Deps { account, permissions, write_limits, subscription_timers, faults, stored } = deps;
        let (storage, restored) = stored.unzip();
        let (router, store) = ferrokinesis::create_app(StoreOptions {
            create_stream_ms: 0,
            delete_stream_ms: 0,
            update_stream_ms: 0,
            shard_limit: SHARDS_MAX,
            enforce_limits: write_limits == WriteLimits::Enforced,
            aws_account_id: account.id.clone(),
            aws_region: account.region.clone(),
            ..StoreOptions::default()
        });
        let streams = Self {
            store,
            router,
            account,
            permissions,
            faults,
            open: Arc::default(),
            storage,
            subscription_timers,
            subscribed: Arc::default(),
            stop: CancellationToken::new(),
        };
        if let (Some(storage), Some(restored)) = (&streams.storage, restored) {
            streams.restore(storage, restored).await;
            streams.retain_once().await;
        }
        tokio::spawn(streams.clone().retain());
        streams
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

    async fn open_existing(&self, stream: &str) -> Result<Arc<Open>, KinesisErrorResponse> {
        if let Some(open) = self.open.get(stream) {
            return Ok(open.clone());
        }
        self.store.get_stream(stream).await?;
        Ok(self.open(stream))
    }

    /// Waits for the append lock.
    async fn routes<'a>(
        &self,
        open: &'a Open,
        stream: &str,
    ) -> Result<MappedMutexGuard<'a, Routes>, KinesisErrorResponse> {
        let mut routes = open.append.lock().await;
        if routes.is_none() {
            *routes = Some(Routes::of(&self.store.get_stream(stream).await?, &open.tails()));
        }
        Ok(MutexGuard::map(routes, |routes| routes.get_or_insert_default()))
    }

    /// Ends subscriptions, and what runs by itself.
    pub fn shutdown(&self) {
        self.stop.cancel();
    }
}
