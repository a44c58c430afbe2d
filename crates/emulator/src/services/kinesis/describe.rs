//! What the library leaves out of its descriptions, put right.

use super::Streams;
use super::error::KinesisError;
use super::store::types::{Operation, Stream, StreamMode};
use super::wire::Answer;
use crate::core::account::stream_arn_of_arn;
use crate::protocol::reply::strip_nulls;
use serde_json::{Value, json};

/// On-demand streams of an account, at most; the library says 0, which Terraform takes for the truth.
const ON_DEMAND_STREAMS_MAX: u32 = 50;
/// Shards of one description, at most, and by default.
const DESCRIBED_SHARDS_MAX: u64 = 100;
/// A resource's policy where it has none.
const NO_POLICY: &str = "{}";

impl Streams {
    /// The operations that read and begin with `Describe`, or read a resource's tags or policy.
    pub(super) async fn describe(&self, operation: Operation, request: Value) -> Answer {
        if matches!(operation, Operation::GetResourcePolicy | Operation::ListTagsForResource) {
            self.must_exist(&request).await?;
        }
        let Some(mut answer) = self.store.dispatch(operation, &request).await? else { return Ok(None) };
        match operation {
            Operation::DescribeStream => {
                let stream = self.described(&request).await?;
                with_page_of_shards(&mut answer["StreamDescription"], &request);
                answer["StreamDescription"]["KeyId"] = json!(stream.key_id);
            }
            Operation::DescribeStreamSummary => {
                let stream = self.described(&request).await?;
                let summary = &mut answer["StreamDescriptionSummary"];
                summary["MaxRecordSizeInKiB"] = stream.max_record_size_kib.into();
                let throughput = stream.warm_throughput_mibps;
                let throughput = json!({"TargetMiBps": throughput, "CurrentMiBps": throughput});
                summary["WarmThroughput"] = throughput;
            }
            Operation::DescribeStreamConsumer => with_stream_arn(&mut answer),
            Operation::DescribeLimits => {
                answer["OnDemandStreamCount"] = self.on_demand_streams().await.into();
                answer["OnDemandStreamCountLimit"] = ON_DEMAND_STREAMS_MAX.into();
            }
            Operation::GetResourcePolicy if answer["Policy"] == "" => answer["Policy"] = NO_POLICY.into(),
            _ => {}
        }
        strip_nulls(&mut answer);
        Ok(Some(answer))
    }

    async fn described(&self, request: &Value) -> Result<Stream, KinesisError> {
        self.store.get_stream(request["StreamName"].as_str().unwrap_or_default()).await
    }

    async fn on_demand_streams(&self) -> usize {
        let mut count = 0;
        for name in self.store.list_stream_names().await {
            let mode =
                self.store.get_stream(&name).await.map(|stream| stream.stream_mode_details.stream_mode);
            count += usize::from(mode.is_ok_and(|mode| mode == StreamMode::OnDemand));
        }
        count
    }

    /// docs/aws-behaviour.md#kinesis-resource-policies.
    pub(super) async fn must_exist(&self, request: &Value) -> Result<(), KinesisError> {
        let arn = request["ResourceARN"].as_str().unwrap_or_default();
        if arn.is_empty() || self.source_exists(arn).await {
            // Without an ARN the library's own check answers.
            return Ok(());
        }
        let message = format!("Resource {arn} under account {} not found.", self.account.id);
        Err(KinesisError::client("ResourceNotFoundException", &message))
    }
}

/// Leaves the shards of one description, which the library does not count.
fn with_page_of_shards(description: &mut Value, request: &Value) {
    let limit = request["Limit"].as_u64().unwrap_or(DESCRIBED_SHARDS_MAX).min(DESCRIBED_SHARDS_MAX) as usize;
    let after = request["ExclusiveStartShardId"].as_str().unwrap_or_default();
    let Some(shards) = description["Shards"].as_array_mut() else { return };
    shards.retain(|shard| shard["ShardId"].as_str().unwrap_or_default() > after);
    let has_more = shards.len() > limit;
    shards.truncate(limit);
    description["HasMoreShards"] = has_more.into();
}

/// Adds the consumer's stream, which the library leaves out of its answer and the API's model requires.
fn with_stream_arn(answer: &mut Value) {
    let description = &mut answer["ConsumerDescription"];
    let stream_arn = description["ConsumerARN"].as_str().and_then(stream_arn_of_arn).map(String::from);
    description["StreamARN"] = stream_arn.into();
}
