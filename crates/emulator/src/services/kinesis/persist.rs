//! Streams in a data folder: what is kept of one, and how it comes back.

use super::Streams;
use super::store::types::{Consumer, ConsumerStatus, StoredRecordRef, Stream, StreamStatus};
use crate::storage::{Entry, Restored, Storage, StorageError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Documents of streams stand below this.
const STREAM: &str = "stream/";
/// The account's own settings.
const ACCOUNT: &str = "kinesis-account";

/// A stream without its records.
#[derive(Serialize, Deserialize)]
struct KeptStream {
    stream: Stream,
    // The library leaves these out of a stream's document.
    tags: BTreeMap<String, String>,
    key_id: Option<String>,
    warm_throughput_mibps: u32,
    max_record_size_kib: u32,
    consumers: Vec<Consumer>,
    /// Tags of consumers, by ARN.
    consumer_tags: BTreeMap<String, BTreeMap<String, String>>,
    /// Resource policies of the stream and its consumers, by ARN.
    policies: BTreeMap<String, String>,
}

impl Streams {
    /// Keeps a stream as it is now, or forgets it where it is gone. The caller holds the stream's append lock, so
    /// that no record is kept for a shard that is not.
    pub(super) async fn keep(&self, name: &str) -> Result<(), StorageError> {
        let Some(storage) = &self.storage else { return Ok(()) };
        let key = format!("{STREAM}{name}");
        let Ok(stream) = self.store.get_stream(name).await else {
            return storage.append(&[Entry::Forget { stream: name }, Entry::Unset { key: &key }]);
        };
        let mut consumers = self.store.list_consumers_for_stream(&stream.stream_arn).await;
        consumers.retain(|consumer| consumer.consumer_status != ConsumerStatus::Deleting);
        consumers.sort_by(|a, b| a.consumer_arn.cmp(&b.consumer_arn));
        let mut consumer_tags = BTreeMap::new();
        let mut policies = BTreeMap::new();
        let arns = consumers.iter().map(|consumer| &consumer.consumer_arn);
        for arn in arns.chain([&stream.stream_arn]) {
            consumer_tags.insert(arn.clone(), self.store.get_resource_tags(arn).await);
            policies.extend(self.store.get_policy(arn).await.map(|policy| (arn.clone(), policy)));
        }
        consumer_tags.retain(|_, tags| !tags.is_empty());
        let kept = KeptStream {
            tags: stream.tags.clone(),
            key_id: stream.key_id.clone(),
            warm_throughput_mibps: stream.warm_throughput_mibps,
            max_record_size_kib: stream.max_record_size_kib,
            stream,
            consumers,
            consumer_tags,
            policies,
        };
        storage.set(&key, &serde_json::to_string(&kept).unwrap_or_default())
    }

    /// Keeps the account's settings, which belong to no stream.
    pub(super) async fn keep_account(&self) -> Result<(), StorageError> {
        let Some(storage) = &self.storage else { return Ok(()) };
        storage.set(ACCOUNT, &self.store.get_account_settings().await.to_string())
    }

    /// Finds a document of a stream that cannot be read: a stream must not vanish without a word.
    ///
    /// # Errors
    /// Its key, and what is wrong with it.
    pub fn check(documents: &BTreeMap<String, String>) -> Result<(), (String, String)> {
        for (key, value) in documents {
            let problem = if key.starts_with(STREAM) {
                serde_json::from_str::<KeptStream>(value).err()
            } else if key == ACCOUNT {
                serde_json::from_str::<serde_json::Value>(value).err()
            } else {
                None
            };
            if let Some(problem) = problem {
                return Err((key.clone(), problem.to_string()));
            }
        }
        Ok(())
    }

    /// Fills empty streams with what a data folder held.
    pub(super) async fn restore(&self, storage: &Storage, restored: Restored) {
        if let Some(settings) = storage.get(ACCOUNT).and_then(|text| serde_json::from_str(&text).ok()) {
            let _ = self.store.put_account_settings(&settings).await;
        }
        for (name, document) in storage.below(STREAM) {
            match serde_json::from_str(&document) {
                Ok(kept) => self.restore_stream(&name, kept).await,
                Err(error) => tracing::error!(stream = name, %error, "a stream could not be restored"),
            }
        }
        self.rebuild(&restored.tails).await;
        for record in restored.records {
            let shard = i64::from(record.shard);
            let stored = StoredRecordRef {
                partition_key: &record.partition_key,
                data: &record.data,
                approximate_arrival_timestamp: record.arrived_ms as f64 / 1_000.0,
            };
            let open = self.store.open(&record.stream);
            let _ = self.store.lock(&open).await.put_back(shard, &record.sequence_number, &stored).await;
        }
        for (stream, shards) in restored.tails {
            let open = self.store.open(&stream);
            for (shard, sequence_number) in shards {
                open.advance(i64::from(shard), &sequence_number);
            }
        }
    }

    /// Puts a stream back. The library has no delay of its own here, so that nothing answers but errors that
    /// cannot occur in memory.
    async fn restore_stream(&self, name: &str, kept: KeptStream) {
        let KeptStream { mut stream, consumers, consumer_tags, policies, .. } = kept;
        stream.stream_status = StreamStatus::Active;
        stream.tags = kept.tags;
        stream.key_id = kept.key_id;
        stream.warm_throughput_mibps = kept.warm_throughput_mibps;
        stream.max_record_size_kib = kept.max_record_size_kib;
        let _ = self.store.put_stream(name, stream).await;
        for mut consumer in consumers {
            consumer.consumer_status = ConsumerStatus::Active;
            let arn = consumer.consumer_arn.clone();
            let _ = self.store.put_consumer(&arn, consumer).await;
        }
        for (arn, tags) in consumer_tags {
            let _ = self.store.put_resource_tags(&arn, &tags).await;
        }
        for (arn, policy) in policies {
            if let Err(error) = self.set_policy(&arn, Some(&policy)) {
                tracing::error!(arn, %error, "a resource's policy could not be restored");
            }
            let _ = self.store.put_policy(&arn, &policy).await;
        }
    }
}
