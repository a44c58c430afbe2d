//! PutRecord and PutRecords, for the gateway and for callers of the wire API alike.

use super::{Open, Streams};
use crate::faults::Fault;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ferrokinesis::actions::Operation;
use ferrokinesis::error::KinesisErrorResponse;
use ferrokinesis::store::SequenceAllocation;
use ferrokinesis::types::StoredRecordRef;
use ferrokinesis::{sequence, validation};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::borrow::Cow;

/// Bytes of a record's data and partition key, at most, unless the stream's own maximum is higher (1 MiB).
const RECORD_BYTES_MAX: usize = 1_048_576;
/// Characters of a partition key, at most.
const PARTITION_KEY_CHARS_MAX: usize = 256;

/// A refusal, as the Kinesis API words it.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{code}: {message}")]
pub struct PutError {
    /// HTTP status.
    pub status: u16,
    /// Such as `ProvisionedThroughputExceededException`.
    pub code: String,
    /// Kinesis' sentence.
    pub message: String,
}

impl PutError {
    /// The body that the wire API answers with.
    pub fn to_json(&self) -> Value {
        json!({"__type": self.code, "message": self.message})
    }

    /// What a shard answers that is over its write limit, and what an injected fault answers like.
    fn throttled(stream: &str, shard_id: &str) -> Self {
        Self {
            status: 400,
            code: "ProvisionedThroughputExceededException".into(),
            message: format!("Rate exceeded for shard {shard_id} in stream {stream}."),
        }
    }

    pub(super) fn denied(denied: &crate::identity::Denied) -> Self {
        Self { status: 400, code: "AccessDeniedException".into(), message: format!("User: {denied}") }
    }
}

impl From<KinesisErrorResponse> for PutError {
    fn from(error: KinesisErrorResponse) -> Self {
        Self {
            status: error.status_code,
            code: error.body.error_type,
            message: error.body.message.unwrap_or_default(),
        }
    }
}

/// Where a record went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Placed {
    /// The record's sequence number.
    pub sequence_number: String,
    /// The shard that took it.
    pub shard_id: String,
}

/// The members of PutRecord that the hot path understands; any other request takes the long way round.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PutRecord<'a> {
    #[serde(borrow)]
    stream_name: Cow<'a, str>,
    #[serde(borrow)]
    data: Cow<'a, str>,
    #[serde(borrow)]
    partition_key: Cow<'a, str>,
}

impl PutRecord<'_> {
    /// Whether it is plainly valid. What is not gets its error from the library's own checks.
    fn is_valid(&self) -> bool {
        let key_chars = self.partition_key.chars().count();
        (1..=PARTITION_KEY_CHARS_MAX).contains(&key_chars)
            && (1..=128).contains(&self.stream_name.len())
            && self.stream_name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
            && is_base64(&self.data)
            && self.data.len() / 4 * 3 + self.partition_key.len() <= RECORD_BYTES_MAX
    }
}

/// Checks the alphabet and padding without decoding.
fn is_base64(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    text.len().is_multiple_of(4)
        && text.len() - body.len() <= 2
        && body.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
}

impl Streams {
    /// PutRecord: `body` is the JSON request, as a caller of the wire API would send it.
    ///
    /// # Errors
    /// [`PutError`] with the code and sentence of the Kinesis API.
    pub async fn put_record(&self, body: &[u8]) -> Result<Placed, PutError> {
        if let Ok(put) = serde_json::from_slice::<PutRecord<'_>>(body)
            && put.is_valid()
        {
            let open = self.open(&put.stream_name);
            let hash_key = sequence::partition_key_to_hash_key(&put.partition_key);
            let _append = open.append.lock().await;
            return self.place(&open, &put.stream_name, hash_key, &put.partition_key, &put.data).await;
        }
        let request = checked(Operation::PutRecord, body)?;
        let stream = self.store.resolve_stream_name(&request)?;
        let open = self.open(&stream);
        let _append = open.append.lock().await;
        self.place_one(&open, &stream, &request).await
    }

    /// PutRecords: a record that its shard refuses fails alone; the answer tells each one's fate, in order.
    ///
    /// # Errors
    /// [`PutError`] where the request as a whole is refused.
    pub async fn put_records(&self, body: &[u8]) -> Result<Value, PutError> {
        let request = checked(Operation::PutRecords, body)?;
        let stream = self.store.resolve_stream_name(&request)?;
        self.store.get_stream(&stream).await?;
        let open = self.open(&stream);
        let _append = open.append.lock().await;
        let mut failed = 0;
        let mut results = Vec::new();
        for record in request["Records"].as_array().into_iter().flatten() {
            results.push(match self.place_one(&open, &stream, record).await {
                Ok(placed) => json!(placed),
                Err(error) => {
                    failed += 1;
                    json!({"ErrorCode": error.code, "ErrorMessage": error.message})
                }
            });
        }
        Ok(json!({"FailedRecordCount": failed, "Records": results}))
    }

    async fn place_one(&self, open: &Open, stream: &str, record: &Value) -> Result<Placed, PutError> {
        let partition_key = record["PartitionKey"].as_str().unwrap_or_default();
        let hash_key = match record["ExplicitHashKey"].as_str() {
            Some(text) => text.parse().map_err(|_| PutError {
                status: 400,
                code: "InvalidArgumentException".into(),
                message: format!("Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was {text}"),
            })?,
            None => sequence::partition_key_to_hash_key(partition_key),
        };
        let data = record["Data"].as_str().unwrap_or_default();
        self.place(open, stream, hash_key, partition_key, data).await
    }

    /// Allocates, stores and announces one record. The caller holds the stream's append lock.
    async fn place(
        &self,
        open: &Open,
        stream: &str,
        hash_key: u128,
        partition_key: &str,
        data: &str,
    ) -> Result<Placed, PutError> {
        let SequenceAllocation { shard_id, seq_num, stream_key, now } =
            self.store.allocate_sequence(stream, &hash_key).await?;
        if self.faults.strike(Fault::PutThrottled, partition_key).is_some() {
            return Err(PutError::throttled(stream, &shard_id));
        }
        let bytes = (data.trim_end_matches('=').len() * 3 / 4 + partition_key.len()) as u64;
        let reserved = self.store.try_reserve_shard_throughput(stream, &shard_id, bytes, now).await?;
        let record = StoredRecordRef {
            partition_key,
            data,
            // The library keeps whole seconds; AWS keeps milliseconds, which AT_TIMESTAMP and ages need.
            approximate_arrival_timestamp: now as f64 / 1_000.0,
        };
        if let Err(error) = self.store.put_record(stream, &stream_key, &record).await {
            self.store.refund_shard_throughput(reserved).await;
            return Err(error.into());
        }
        open.advance(super::read::shard_index(&shard_id), &seq_num);
        open.count(bytes);
        tracing::info!(target: "flow", hop = "record", stream, shard_id, sequence_number = seq_num, partition_key);
        Ok(Placed { sequence_number: seq_num, shard_id })
    }
}

/// Parses a request and puts it through the library's type and constraint checks, which its own dispatch skips.
fn checked(operation: Operation, body: &[u8]) -> Result<Value, PutError> {
    let request: Value = serde_json::from_slice(body).map_err(|_| PutError {
        status: 400,
        code: "SerializationException".into(),
        message: "the request is not a JSON object".into(),
    })?;
    let rules = operation.validation_rules();
    let rules: Vec<_> = rules.iter().map(|(name, rule)| (*name, rule)).collect();
    let request = validation::check_types(&request, &rules)?;
    validation::check_validations(&request, &rules, None)?;
    for record in std::iter::once(&request).chain(request["Records"].as_array().into_iter().flatten()) {
        let data = record["Data"].as_str().unwrap_or_default();
        if STANDARD.decode(data).is_err() {
            return Err(PutError {
                status: 400,
                code: "SerializationException".into(),
                message: "Data is not valid base64".into(),
            });
        }
    }
    Ok(request)
}
