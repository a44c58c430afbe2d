//! ListShards, ListStreams and ListStreamConsumers: page by page, which the library's own cannot be read.

use super::Streams;
use super::error::KinesisError;
use super::request::{checked, read_token};
use super::shard_filter::{ShardFilter, Spans};
use super::store::types::{Operation, Stream};
use crate::core::clock;
use crate::protocol::page::token;
use serde_json::{Value, json};

/// Shards of one page where the caller does not say.
const SHARDS_DEFAULT: u64 = 1_000;
/// The same of streams and of consumers.
const NAMES_DEFAULT: u64 = 100;

impl Streams {
    pub(super) async fn list_shards(&self, request: &Value) -> Result<Value, KinesisError> {
        let known = checked(&self.account, Operation::ListShards, request)?;
        let invalid = |message: &str| KinesisError::client("InvalidArgumentException", message);
        let (name, after, filter) = match (known["StreamName"].as_str(), known["NextToken"].as_str()) {
            (Some(_), Some(_)) => {
                return Err(invalid("NextToken and StreamName cannot be provided together."));
            }
            (None, None) => return Err(invalid("Either NextToken or StreamName should be provided.")),
            (Some(name), None) => {
                (name.to_owned(), known["ExclusiveStartShardId"].clone(), request["ShardFilter"].clone())
            }
            (None, Some(next)) => {
                let next = read_token(next)?;
                let name = next["StreamName"].as_str().unwrap_or_default().to_owned();
                (name, next["ExclusiveStartShardId"].clone(), next["ShardFilter"].clone())
            }
        };
        let filter_read = ShardFilter::read(&filter)?;
        let stream = self.store.get_stream(&name).await?;
        is_the_one_created(request, &stream)?;
        let after = after.as_str().unwrap_or_default();
        let spans = Spans::of(&stream, clock::now_ms());
        let found: Vec<_> = stream
            .shards
            .iter()
            .filter(|shard| shard.shard_id.as_str() > after && filter_read.has(&spans, shard))
            .collect();
        let limit = known["MaxResults"].as_u64().unwrap_or(SHARDS_DEFAULT) as usize;
        let page = &found[..found.len().min(limit)];
        let mut answer = json!({"Shards": page});
        if let Some(last) = page.last().filter(|_| found.len() > limit) {
            let next = json!({
                "StreamName": name, "ExclusiveStartShardId": last.shard_id, "ShardFilter": filter,
            });
            answer["NextToken"] = token(&next).into();
        }
        Ok(answer)
    }

    pub(super) async fn list_streams(&self, request: &Value) -> Result<Value, KinesisError> {
        let known = checked(&self.account, Operation::ListStreams, request)?;
        let next = request["NextToken"].as_str().map(read_token).transpose()?;
        let after = next.as_ref().map_or(&known["ExclusiveStartStreamName"], |next| &next["StreamName"]);
        let after = after.as_str().unwrap_or_default();
        let limit = known["Limit"].as_u64().unwrap_or(NAMES_DEFAULT) as usize;
        let mut names = self.store.list_stream_names().await;
        names.sort();
        names.retain(|name| name.as_str() > after);
        let has_more = names.len() > limit;
        names.truncate(limit);
        let mut summaries = Vec::new();
        for name in &names {
            // One that is gone meanwhile has no summary.
            summaries.extend(self.store.get_stream(name).await.ok().as_ref().map(summary));
        }
        let mut answer =
            json!({"StreamNames": names, "HasMoreStreams": has_more, "StreamSummaries": summaries});
        if let Some(last) = names.last().filter(|_| has_more) {
            answer["NextToken"] = token(&json!({"StreamName": last})).into();
        }
        Ok(answer)
    }

    pub(super) async fn list_stream_consumers(&self, request: &Value) -> Result<Value, KinesisError> {
        let known = checked(&self.account, Operation::ListStreamConsumers, request)?;
        let next = known["NextToken"].as_str().map(read_token).transpose()?;
        let after = next.as_ref().and_then(|next| next["ConsumerARN"].as_str()).unwrap_or_default();
        let limit = known["MaxResults"].as_u64().unwrap_or(NAMES_DEFAULT) as usize;
        let arn = known["StreamARN"].as_str().unwrap_or_default();
        let name = crate::core::account::stream_name_of_arn(arn).unwrap_or_default();
        is_the_one_created(request, &self.store.get_stream(name).await?)?;
        let mut consumers = self.store.list_consumers_for_stream(arn).await;
        consumers.sort_by(|a, b| a.consumer_arn.cmp(&b.consumer_arn));
        consumers.retain(|consumer| consumer.consumer_arn.as_str() > after);
        let has_more = consumers.len() > limit;
        consumers.truncate(limit);
        let mut answer = json!({"Consumers": consumers});
        if let Some(last) = consumers.last().filter(|_| has_more) {
            answer["NextToken"] = token(&json!({"ConsumerARN": last.consumer_arn})).into();
        }
        Ok(answer)
    }
}

/// A stream that was made anew under its name is another one.
fn is_the_one_created(request: &Value, stream: &Stream) -> Result<(), KinesisError> {
    let created = stream.stream_creation_timestamp.0;
    match request["StreamCreationTimestamp"].as_f64() {
        Some(asked) if (asked - created).abs() >= 1.0 => {
            let message = format!("Stream {} was not created at the given time.", stream.stream_name);
            Err(KinesisError::client("ResourceNotFoundException", &message))
        }
        _ => Ok(()),
    }
}

fn summary(stream: &Stream) -> Value {
    json!({
        "StreamName": stream.stream_name,
        "StreamARN": stream.stream_arn,
        "StreamStatus": stream.stream_status,
        "StreamModeDetails": stream.stream_mode_details,
        "StreamCreationTimestamp": stream.stream_creation_timestamp,
    })
}
