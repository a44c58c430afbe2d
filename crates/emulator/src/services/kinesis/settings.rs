//! What a change asks for and the library drops: checked before it, and made after it.

use super::Streams;
use super::error::KinesisError;
use super::store::types::{ConsumerStatus, Operation, Stream, StreamMode};
use serde_json::Value;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// Shards of a new on-demand stream: what writes 4 MB and 4,000 records a second. The library wants a number.
const ON_DEMAND_SHARDS: u32 = 4;
/// How large a stream's records may be made, in KiB.
const RECORD_SIZE_KIB: RangeInclusive<u64> = 1_024..=10_240;

impl Streams {
    /// Refuses what the library would let through. Answers the request as the library can read it.
    pub(super) async fn before(
        &self,
        operation: Operation,
        stream: &str,
        request: &Value,
    ) -> Result<Value, KinesisError> {
        let mut request = request.clone();
        match operation {
            Operation::CreateStream => new_stream(&mut request)?,
            Operation::DeleteStream => self.may_delete(stream, &request).await?,
            Operation::TagResource | Operation::UntagResource => self.must_exist(&request).await?,
            Operation::PutResourcePolicy => {
                self.must_exist(&request).await?;
                if let (Some(arn), Some(policy)) =
                    (request["ResourceARN"].as_str(), request["Policy"].as_str())
                {
                    self.set_policy(arn, Some(policy))?;
                }
            }
            Operation::DeleteResourcePolicy => {
                self.must_exist(&request).await?;
                let arn = request["ResourceARN"].as_str().unwrap_or_default();
                if !arn.is_empty() && self.store.get_policy(arn).await.is_none() {
                    let message = format!("Resource {arn} has no policy.");
                    return Err(KinesisError::client("ResourceNotFoundException", &message));
                }
            }
            _ => {}
        }
        Ok(request)
    }

    /// Makes what the library dropped of a change that it made.
    pub(super) async fn after(
        &self,
        operation: Operation,
        stream: &str,
        request: &Value,
        answer: Option<&Value>,
    ) -> Result<(), KinesisError> {
        match operation {
            Operation::CreateStream => self.complete(stream, request).await,
            Operation::RegisterStreamConsumer => {
                let consumer = answer.and_then(|answer| answer["Consumer"]["ConsumerARN"].as_str());
                let tags = tags(request);
                if let Some(consumer) = consumer.filter(|_| !tags.is_empty()) {
                    self.store.put_resource_tags(consumer, &tags).await?;
                }
            }
            Operation::DeleteStream | Operation::DeregisterStreamConsumer => {
                self.forget_gone(stream, operation == Operation::DeleteStream).await?;
            }
            Operation::DeleteResourcePolicy => {
                self.set_policy(request["ResourceARN"].as_str().unwrap_or_default(), None)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Has a resource's own policy decide with the others, or no longer.
    pub(super) fn set_policy(&self, arn: &str, policy: Option<&str>) -> Result<(), KinesisError> {
        self.permissions.set_resource_policy(arn, policy).map_err(|error| {
            KinesisError::client("InvalidArgumentException", &format!("Policy of {arn}: {error}"))
        })
    }

    /// Consumers that are deregistered, or go with their stream, leave nothing behind; nor does the stream.
    async fn forget_gone(&self, stream: &str, is_stream_gone: bool) -> Result<(), KinesisError> {
        let stream_arn = self.account.stream_arn(stream);
        for consumer in self.store.list_consumers_for_stream(&stream_arn).await {
            let is_going = consumer.consumer_status == ConsumerStatus::Deleting;
            if is_stream_gone && !is_going {
                self.store.delete_consumer(&consumer.consumer_arn).await?;
            }
            if is_stream_gone || is_going {
                self.set_policy(&consumer.consumer_arn, None)?;
                self.store.forget_resource(&consumer.consumer_arn).await?;
            }
        }
        if is_stream_gone {
            self.set_policy(&stream_arn, None)?;
            self.store.forget_resource(&stream_arn).await?;
        }
        Ok(())
    }

    /// A stream with consumers goes only where its caller says that it may.
    async fn may_delete(&self, stream: &str, request: &Value) -> Result<(), KinesisError> {
        let consumers = self.store.list_consumers_for_stream(&self.account.stream_arn(stream)).await;
        let left = consumers.iter().filter(|consumer| consumer.consumer_status != ConsumerStatus::Deleting);
        let count = left.count();
        if count == 0 || request["EnforceConsumerDeletion"] == true {
            return Ok(());
        }
        let message = format!(
            "Stream {stream} under account {} has {count} registered consumers: deregister them, or set \
             EnforceConsumerDeletion.",
            self.account.id
        );
        Err(KinesisError::client("ResourceInUseException", &message))
    }

    /// Keeps the tags, the capacity mode and the sizes of CreateStream, which the library drops.
    async fn complete(&self, stream: &str, request: &Value) {
        let mode = if is_on_demand(request) { StreamMode::OnDemand } else { StreamMode::Provisioned };
        // It fails only where the stream is gone again already.
        let complete = |stream: &mut Stream| {
            stream.tags.extend(tags(request));
            stream.stream_mode_details.stream_mode = mode;
            if let Some(kib) = request["MaxRecordSizeInKiB"].as_u64() {
                stream.max_record_size_kib = kib as u32;
            }
            if let Some(mibps) = request["WarmThroughputMiBps"].as_u64() {
                stream.warm_throughput_mibps = mibps as u32;
            }
            Ok(())
        };
        let _ = self.store.update_stream(stream, complete).await;
    }
}

/// docs/aws-behaviour.md#kinesis-on-demand-shards: without a number of shards it is on-demand, with as many as it
/// begins with.
fn new_stream(request: &mut Value) -> Result<(), KinesisError> {
    let size = &request["MaxRecordSizeInKiB"];
    if !size.is_null() && !size.as_u64().is_some_and(|kib| RECORD_SIZE_KIB.contains(&kib)) {
        let message = format!(
            "1 validation error detected: Value '{size}' at 'maxRecordSizeInKiB' failed to satisfy constraint: Member \
             must have value between {} and {}",
            RECORD_SIZE_KIB.start(),
            RECORD_SIZE_KIB.end()
        );
        return Err(KinesisError::client("ValidationException", &message));
    }
    if request["ShardCount"].is_null() && (request["StreamModeDetails"].is_null() || is_on_demand(request)) {
        request["StreamModeDetails"] = serde_json::json!({"StreamMode": "ON_DEMAND"});
        request["ShardCount"] = ON_DEMAND_SHARDS.into();
    }
    Ok(())
}

fn is_on_demand(request: &Value) -> bool {
    request["StreamModeDetails"]["StreamMode"] == "ON_DEMAND"
}

fn tags(request: &Value) -> BTreeMap<String, String> {
    let tags = request["Tags"].as_object().into_iter().flatten();
    tags.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}
