//! PutRecord and PutRecords, for the gateway and for callers of the wire API.

use super::Streams;
use super::error::KinesisError;
use super::request::{checked, stream_of};
use super::routes::Routes;
use super::store::types::{Operation, StoredRecordRef, ThroughputReservation, sequence};
use super::store::{Open, Records};
use crate::core::clock;
use crate::fault_injection::Fault;
use crate::storage::{Entry, NewRecord, StorageError};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::slice;

/// Bytes of a record's data and partition key, at most, unless the stream's own maximum is higher (1 MiB).
const RECORD_BYTES_MAX: usize = 1_048_576;
/// Characters of a partition key, at most.
const PARTITION_KEY_CHARS_MAX: usize = 256;

/// Where a record was stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutRecordResponse {
    pub sequence_number: String,
    pub shard_id: String,
}

/// A PutRecord request, parsed once, also for callers that need its stream first.
pub struct PutRecord<'a>(Form<'a>);

enum Form<'a> {
    Plain(PlainPutRecord<'a>),
    /// Any other request takes the slow path.
    Other(Cow<'a, Value>),
}

impl<'a> PutRecord<'a> {
    /// Parses a JSON request. Errors are reported when it is put.
    pub fn read(body: &'a str) -> Self {
        let plain = serde_json::from_str(body).ok().filter(PlainPutRecord::is_valid);
        let other = || Form::Other(Cow::Owned(serde_json::from_str(body).unwrap_or_default()));
        Self(plain.map_or_else(other, Form::Plain))
    }

    /// The stream, by its name or ARN.
    pub fn stream(&self) -> Option<String> {
        match &self.0 {
            Form::Plain(put) => Some(put.stream_name.clone().into_owned()),
            Form::Other(request) => stream_of(request),
        }
    }
}

impl<'a> From<&'a Value> for PutRecord<'a> {
    fn from(request: &'a Value) -> Self {
        let plain = PlainPutRecord::deserialize(request).ok().filter(PlainPutRecord::is_valid);
        Self(plain.map_or(Form::Other(Cow::Borrowed(request)), Form::Plain))
    }
}

/// The members of PutRecord that the fast path understands.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PlainPutRecord<'a> {
    #[serde(borrow)]
    stream_name: Cow<'a, str>,
    #[serde(borrow)]
    data: Cow<'a, str>,
    #[serde(borrow)]
    partition_key: Cow<'a, str>,
}

impl PlainPutRecord<'_> {
    /// Whether it is certainly valid. Others get their error from the library's checks.
    fn is_valid(&self) -> bool {
        let key_chars = self.partition_key.chars().count();
        (1..=PARTITION_KEY_CHARS_MAX).contains(&key_chars)
            && (1..=128).contains(&self.stream_name.len())
            && self.stream_name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
            && is_base64(&self.data)
            && self.data.len() / 4 * 3 + self.partition_key.len() <= RECORD_BYTES_MAX
    }
}

/// Checks the alphabet and padding without decoding: all of it, since that is faster than stopping at the first error.
fn is_base64(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    text.len().is_multiple_of(4)
        && text.len() - body.len() <= 2
        && body.bytes().fold(true, |all, b| all & (b.is_ascii_alphanumeric() | matches!(b, b'+' | b'/')))
}

struct RecordRequest<'a> {
    hash_key: u128,
    partition_key: &'a str,
    data: &'a str,
}

impl<'a> RecordRequest<'a> {
    /// Reads one from a checked request.
    fn of(record: &'a Value) -> Result<Self, KinesisError> {
        let partition_key = record["PartitionKey"].as_str().unwrap_or_default();
        let hash_key = match record["ExplicitHashKey"].as_str() {
            Some(text) => text.parse().map_err(|_| {
                let message = format!("Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was {text}");
                KinesisError::client("InvalidArgumentException", &message)
            })?,
            None => sequence::partition_key_to_hash_key(partition_key),
        };
        Ok(Self { hash_key, partition_key, data: record["Data"].as_str().unwrap_or_default() })
    }
}

impl<'a> From<&'a PlainPutRecord<'_>> for RecordRequest<'a> {
    fn from(put: &'a PlainPutRecord<'_>) -> Self {
        let hash_key = sequence::partition_key_to_hash_key(&put.partition_key);
        Self { hash_key, partition_key: &put.partition_key, data: &put.data }
    }
}

/// A record with its position in the stream, not stored yet.
struct PendingRecord<'a> {
    placed: PutRecordResponse,
    shard: i64,
    partition_key: &'a str,
    data: &'a str,
    arrived_ms: u64,
    /// Of data and partition key.
    bytes: u64,
    reserved: ThroughputReservation,
}

impl PendingRecord<'_> {
    fn entry<'a>(&'a self, stream: &'a str) -> Entry<'a> {
        Entry::Record(NewRecord {
            stream,
            shard: self.shard as u32,
            sequence_number: &self.placed.sequence_number,
            partition_key: self.partition_key,
            data: self.data,
            arrived_ms: self.arrived_ms,
        })
    }
}

impl Streams {
    /// Fails with [`KinesisError`] with the code and message of the Kinesis API.
    pub async fn put_record(&self, request: &PutRecord<'_>) -> Result<PutRecordResponse, KinesisError> {
        match &request.0 {
            Form::Plain(put) => self.put_one(&put.stream_name, Ok(put.into())).await,
            Form::Other(request) => {
                let request = checked(&self.account, Operation::PutRecord, request)?;
                let stream = self.store.resolve_stream_name(&request)?;
                self.put_one(&stream, RecordRequest::of(&request)).await
            }
        }
    }

    /// A missing stream is reported before an invalid record.
    async fn put_one(
        &self,
        stream: &str,
        asked: Result<RecordRequest<'_>, KinesisError>,
    ) -> Result<PutRecordResponse, KinesisError> {
        let open = self.store.open_existing(stream).await?;
        let mut records = self.store.lock(&open).await;
        let placing = self.place(records.routes().await?, stream, asked?).await?;
        self.append(&open, &mut records, slice::from_ref(&placing)).await?;
        Ok(placing.placed)
    }

    /// PutRecords: a record that its shard refuses fails alone; the answer has each record's result, in order. Fails
    /// with [`KinesisError`] if the request as a whole is refused.
    pub async fn put_records(&self, request: &Value) -> Result<Value, KinesisError> {
        let request = checked(&self.account, Operation::PutRecords, request)?;
        let stream = self.store.resolve_stream_name(&request)?;
        let open = self.store.open_existing(&stream).await?;
        let mut records = self.store.lock(&open).await;
        let routes = records.routes().await?;
        let mut placings = Vec::new();
        let mut refusals = Vec::new();
        for record in request["Records"].as_array().into_iter().flatten() {
            let placing = match RecordRequest::of(record) {
                Ok(asked) => self.place(routes, &stream, asked).await,
                Err(error) => Err(error),
            };
            refusals.push(placing.map(|placing| placings.push(placing)).err());
        }
        self.append(&open, &mut records, &placings).await?;
        let mut placed = placings.into_iter().map(|placing| placing.placed);
        let failed = refusals.iter().flatten().count();
        let results: Vec<_> = refusals
            .into_iter()
            .map(|refusal| match refusal {
                None => json!(placed.next()),
                Some(error) => json!({"ErrorCode": error.code, "ErrorMessage": error.message}),
            })
            .collect();
        Ok(json!({"FailedRecordCount": failed, "Records": results}))
    }

    /// Assigns a record its position, if its shard has capacity.
    async fn place<'a>(
        &self,
        routes: &mut Routes,
        stream: &str,
        RecordRequest { hash_key, partition_key, data }: RecordRequest<'a>,
    ) -> Result<PendingRecord<'a>, KinesisError> {
        let bytes = data.trim_end_matches('=').len() * 3 / 4 + partition_key.len();
        if bytes > routes.record_bytes_max {
            let message = format!(
                "the record's data and partition key have {bytes} bytes; the stream takes {} at most",
                routes.record_bytes_max
            );
            return Err(KinesisError::client("ValidationException", &message));
        }
        let arrived_ms = clock::now_ms();
        let route =
            routes.route(hash_key).ok_or_else(|| KinesisError::internal("no shard takes the record"))?;
        let shard_id = route.shard_id.to_string();
        if self.faults.trigger(Fault::PutThrottled, partition_key).is_some() {
            return Err(KinesisError::throttled(stream, &shard_id));
        }
        let bytes = bytes as u64;
        // A larger record takes all that its shard accepts in a second.
        let reserved_bytes = bytes.min(RECORD_BYTES_MAX as u64);
        let reserved = self.store.reserve(stream, &shard_id, reserved_bytes, arrived_ms).await?;
        let placed = PutRecordResponse { sequence_number: route.take(arrived_ms), shard_id };
        Ok(PendingRecord { placed, shard: route.index, partition_key, data, arrived_ms, bytes, reserved })
    }

    /// Persists, stores and announces records, in this order.
    async fn append(
        &self,
        open: &Open,
        records: &mut Records<'_>,
        placings: &[PendingRecord<'_>],
    ) -> Result<(), KinesisError> {
        let stream = open.stream();
        if let Err(error) = self.log(stream, placings) {
            for placing in placings {
                self.store.refund(placing.reserved.clone()).await;
            }
            return Err(KinesisError::internal(&format!("failed to persist the record: {error}")));
        }
        for placing in placings {
            let PendingRecord {
                placed: PutRecordResponse { sequence_number, shard_id },
                partition_key,
                data,
                ..
            } = placing;
            let record = StoredRecordRef {
                partition_key,
                data,
                approximate_arrival_timestamp: placing.arrived_ms as f64 / 1_000.0,
            };
            records.append(placing.shard, sequence_number, &record).await?;
            open.count(placing.bytes);
            tracing::info!(target: "flow", hop = "record", stream, shard_id, sequence_number, partition_key);
        }
        Ok(())
    }

    /// Writes records to the data folder, if there is one.
    fn log(&self, stream: &str, placings: &[PendingRecord<'_>]) -> Result<(), StorageError> {
        let Some(storage) = self.storage.as_ref().filter(|_| !placings.is_empty()) else { return Ok(()) };
        storage.append(&placings.iter().map(|placing| placing.entry(stream)).collect::<Vec<_>>())
    }
}
