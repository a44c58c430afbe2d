//! Streams without their records: settings, shards, consumers, tags and policies.

use super::Store;
use crate::services::kinesis::error::KinesisError;
use crate::services::kinesis::store::types::{Consumer, Operation, Stream, ThroughputReservation};
use ferrokinesis::actions;
use serde_json::{Value, json};
use std::collections::BTreeMap;

impl Store {
    pub(crate) async fn create_stream(&self, name: &str, shards: usize) -> Result<(), KinesisError> {
        let request = json!({"StreamName": name, "ShardCount": shards});
        actions::dispatch(self.library(), Operation::CreateStream, request).await?;
        Ok(())
    }

    pub(crate) async fn get_stream(&self, name: &str) -> Result<Stream, KinesisError> {
        Ok(self.library.get_stream(name).await?)
    }

    pub(crate) async fn put_stream(&self, name: &str, stream: Stream) -> Result<(), KinesisError> {
        Ok(self.library.put_stream(name, stream).await?)
    }

    pub(crate) async fn update_stream<R>(
        &self,
        name: &str,
        update: impl FnOnce(&mut Stream) -> Result<R, KinesisError>,
    ) -> Result<R, KinesisError> {
        Ok(self.library.update_stream(name, |stream| update(stream).map_err(Into::into)).await?)
    }

    pub(crate) async fn contains_stream(&self, name: &str) -> bool {
        self.library.contains_stream(name).await
    }

    pub(crate) async fn list_stream_names(&self) -> Vec<String> {
        self.library.list_stream_names().await
    }

    /// The name of a request's stream, which may be given by ARN.
    pub(crate) fn resolve_stream_name(&self, request: &Value) -> Result<String, KinesisError> {
        Ok(self.library.resolve_stream_name(request)?)
    }

    /// Open shards of all streams together.
    pub(crate) async fn sum_open_shards(&self) -> u32 {
        self.library.sum_open_shards().await
    }

    /// Reserves a record's share of what its shard accepts in a second.
    pub(crate) async fn reserve(
        &self,
        stream: &str,
        shard_id: &str,
        bytes: u64,
        now_ms: u64,
    ) -> Result<ThroughputReservation, KinesisError> {
        Ok(self.library.try_reserve_shard_throughput(stream, shard_id, bytes, now_ms).await?)
    }

    /// Releases such a share.
    pub(crate) async fn refund(&self, reserved: ThroughputReservation) {
        self.library.refund_shard_throughput(reserved).await;
    }

    pub(crate) async fn get_consumer(&self, arn: &str) -> Option<Consumer> {
        self.library.get_consumer(arn).await
    }

    pub(crate) async fn list_consumers_for_stream(&self, stream_arn: &str) -> Vec<Consumer> {
        self.library.list_consumers_for_stream(stream_arn).await
    }

    pub(crate) async fn put_consumer(&self, arn: &str, consumer: Consumer) -> Result<(), KinesisError> {
        Ok(self.library.put_consumer(arn, consumer).await?)
    }

    pub(crate) async fn delete_consumer(&self, arn: &str) -> Result<(), KinesisError> {
        Ok(self.library.delete_consumer(arn).await?)
    }

    /// Forgets the policy and the tags of what is gone: whatever has its ARN next begins without.
    pub(crate) async fn forget_resource(&self, arn: &str) -> Result<(), KinesisError> {
        self.library.delete_policy(arn).await?;
        self.put_resource_tags(arn, &BTreeMap::new()).await
    }

    pub(crate) async fn get_resource_tags(&self, arn: &str) -> BTreeMap<String, String> {
        self.library.get_resource_tags(arn).await
    }

    pub(crate) async fn put_resource_tags(
        &self,
        arn: &str,
        tags: &BTreeMap<String, String>,
    ) -> Result<(), KinesisError> {
        Ok(self.library.put_resource_tags(arn, tags).await?)
    }

    pub(crate) async fn get_policy(&self, arn: &str) -> Option<String> {
        self.library.get_policy(arn).await
    }

    pub(crate) async fn put_policy(&self, arn: &str, policy: &str) -> Result<(), KinesisError> {
        Ok(self.library.put_policy(arn, policy).await?)
    }

    pub(crate) async fn get_account_settings(&self) -> Value {
        self.library.get_account_settings().await
    }

    pub(crate) async fn put_account_settings(&self, settings: &Value) -> Result<(), KinesisError> {
        Ok(self.library.put_account_settings(settings).await?)
    }
}
