//! Kinesis streams: a library's store inside the process (`store/`), with an append that is atomic and wakes its
//! readers.
//!
//! The library allocates a sequence number and stores the record in two steps, and notifies nobody. Here each append
//! holds its stream's lock during both and then moves the shard's tail, which readers watch: no record appears before a
//! reader's position, and nobody polls.

mod call;
mod continuation;
mod describe;
mod encoding;
mod error;
mod event_stream;
mod get_records;
#[cfg(test)]
mod hostile_tests;
mod list;
mod persist;
mod put;
mod read;
mod rebuild;
mod request;
mod reshard;
mod retain;
mod routes;
#[cfg(test)]
mod sample;
mod settings;
mod shard_filter;
mod store;
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
pub(crate) use wire::refuse_head;

use crate::core::account::Account;
use crate::core::identity::Permissions;
use crate::core::metrics::Page;
use crate::fault_injection::Faults;
use crate::storage::{Restored, Storage};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use store::Store;
use subscribe::Subscribed;
use tokio_util::sync::CancellationToken;

/// Shards of all streams together, at most: the account's default quota in the large regions.
pub const SHARDS_MAX: u32 = 20_000;

/// Whether shards enforce their write limit of 1 MiB and 1,000 records a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WriteLimits {
    /// As on AWS: `ProvisionedThroughputExceededException` over the limit.
    #[default]
    Enforced,
    /// For load tests on one machine.
    Lifted,
}

#[derive(Clone)]
pub struct Streams {
    store: Store,
    account: Account,
    permissions: Arc<dyn Permissions>,
    faults: Faults,
    /// For streams that outlive the process.
    storage: Option<Storage>,
    subscription_timers: SubscriptionTimers,
    /// By the consumer's ARN and the shard's index.
    subscribed: Arc<Mutex<HashMap<(String, i64), Subscribed>>>,
    stop: CancellationToken,
}

pub struct Deps {
    pub account: Account,
    /// Decides what callers may do.
    pub permissions: Arc<dyn Permissions>,
    pub write_limits: WriteLimits,
    pub subscription_timers: SubscriptionTimers,
    pub faults: Faults,
    /// A data folder and its content.
    pub stored: Option<(Storage, Restored)>,
}

impl std::fmt::Debug for Streams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Streams").field("account", &self.account).finish_non_exhaustive()
    }
}

impl Streams {
    /// Starts with the streams of a data folder, or none. Must be called in a tokio runtime, which enforces retention.
    pub async fn start(deps: Deps) -> Self {
        let Deps { account, permissions, write_limits, subscription_timers, faults, stored } = deps;
        let (storage, restored) = stored.unzip();
        let store = Store::new(&account, SHARDS_MAX, write_limits == WriteLimits::Enforced);
        let streams = Self {
            store,
            account,
            permissions,
            faults,
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

    pub fn write_metrics(&self, page: &mut Page) {
        let open = self.store.all_opened();
        let name = "sluicegate_stream_records_total";
        page.family(name, "counter", "Records appended.");
        for open in &open {
            page.sample(name, &[("stream", open.stream())], open.counted().0);
        }
        let name = "sluicegate_stream_bytes_total";
        page.family(name, "counter", "Bytes appended, partition keys included.");
        for open in &open {
            page.sample(name, &[("stream", open.stream())], open.counted().1);
        }
    }

    pub fn shutdown(&self) {
        self.stop.cancel();
    }
}
