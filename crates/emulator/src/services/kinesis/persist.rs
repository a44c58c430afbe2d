//! Streams in a data folder: how they are stored and restored.

use super::Streams;
use super::store::types::{Consumer, ConsumerStatus, StoredRecordRef, Stream, StreamStatus};
use crate::core::region::Region;
use crate::storage::{Entry, Restored, Storage, StorageError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Prefix of the keys of streams' documents.
const STREAM: &str = "stream/";
/// Key of the account's settings.
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
    consumer_tags: BTreeMap<String, BTreeMap<String, String>>,
    /// Of the stream and its consumers, by ARN.
    policies: BTreeMap<String, String>,
}

impl Streams {
    /// Stores a stream as it is now, or deletes it if it is gone. The caller holds the stream's append lock, so that no
    /// record is stored for a missing shard.
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

    /// Stores the account's settings, which belong to no stream.
    pub(super) async fn keep_account(&self) -> Result<(), StorageError> {
        let Some(storage) = &self.storage else { return Ok(()) };
        storage.set(ACCOUNT, &self.store.get_account_settings().await.to_string())
    }

    /// Finds a stream's document that cannot be read, so that no stream silently disappears. Errors: the document's
    /// key, and the problem.
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

    /// The region of a data folder's streams, if it has any.
    pub fn region(documents: &BTreeMap<String, String>) -> Option<Region> {
        let streams = documents.iter().filter(|(key, _)| key.starts_with(STREAM));
        let arns = streams.filter_map(|(_, value)| serde_json::from_str::<KeptStream>(value).ok());
        arns.filter_map(|kept| kept.stream.stream_arn.split(':').nth(3)?.parse().ok()).next()
    }

    /// Fills empty streams with the content of a data folder.
    pub(super) async fn restore(&self, storage: &Storage, restored: Restored) {
        if let Some(settings) = storage.get(ACCOUNT).and_then(|text| serde_json::from_str(&text).ok()) {
            let _ = self.store.put_account_settings(&settings).await;
        }
        for (name, document) in storage.below(STREAM) {
            match serde_json::from_str(&document) {
                Ok(kept) => self.restore_stream(&name, kept).await,
                Err(error) => tracing::error!(stream = name, %error, "failed to restore a stream"),
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

    /// Restores a stream. The library has no delays here, so the only possible errors do not occur in memory.
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
