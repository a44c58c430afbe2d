//! The records of a message: in the message itself, or read from the stream while they are retained.

use super::message::{DeadLetter, Found, Record};
use crate::aws::{Aws, Refused, Service::Kinesis, text};
use anyhow::{Context as _, anyhow, bail, ensure};
use serde_json::json;

const READ_MAX: usize = 1_000;
/// Records of one message, at most: many times the largest batch of a mapping.
const RANGE_MAX: usize = 100_000;
/// The records are gone for good.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Gone(String);

impl Gone {
    fn no_more() -> Self {
        Self("its records are no longer in the stream: they expired, or the stream was recreated".into())
    }
}

pub async fn of(aws: &Aws, letter: &DeadLetter) -> anyhow::Result<Found> {
    match letter {
        DeadLetter::Foreign => bail!("not a message of a function or an event source mapping"),
        DeadLetter::Record(letter) => {
            let record = &letter.record;
            let stream_arn = record.stream_arn.clone().context("the message names no stream")?;
            if let Some(data) = record.data.clone() {
                let (partition_key, sequence_number) =
                    (record.partition_key.clone(), record.sequence_number.clone());
                return Ok(Found::All(vec![Record { stream_arn, partition_key, data, sequence_number }]));
            }
            let shard = record.shard_id.as_deref().context("the message names no shard")?;
            let number = &record.sequence_number;
            range(aws, &stream_arn, shard, number, number).await.map(Found::All)
        }
        DeadLetter::Range(letter) => {
            let batch = &letter.batch;
            let (first, last) = (&batch.start_sequence_number, &batch.end_sequence_number);
            let records = range(aws, &batch.stream_arn, &batch.shard_id, first, last).await?;
            Ok(if records.len() == batch.batch_size { Found::All(records) } else { Found::More(records) })
        }
    }
}

/// Reads a shard from one sequence number through another.
async fn range(
    aws: &Aws,
    stream_arn: &str,
    shard: &str,
    first: &str,
    last: &str,
) -> anyhow::Result<Vec<Record>> {
    let ask = json!({
        "StreamARN": stream_arn, "ShardId": shard,
        "ShardIteratorType": "AT_SEQUENCE_NUMBER", "StartingSequenceNumber": first,
    });
    let answer = aws.call(Kinesis, "GetShardIterator", &ask).await.map_err(|error| {
        match error.downcast_ref::<Refused>().map(|refused| refused.code.as_str()) {
            Some("ResourceNotFoundException") => {
                anyhow!(Gone(format!("{stream_arn} has no {shard}: its records are gone")))
            }
            // The sequence number is not from this stream, so the stream it came from is gone.
            Some("InvalidArgumentException") => anyhow!(Gone::no_more()),
            _ => error,
        }
    })?;
    let mut iterator = Some(text(&answer, "ShardIterator")?.to_owned());
    let mut records: Vec<Record> = Vec::new();
    while let Some(position) = iterator.take() {
        let ask = json!({"StreamARN": stream_arn, "ShardIterator": position, "Limit": READ_MAX});
        let answer = aws.call(Kinesis, "GetRecords", &ask).await?;
        for record in answer["Records"].as_array().into_iter().flatten() {
            let number = text(record, "SequenceNumber")?;
            if (number.len(), number) > (last.len(), last) {
                break;
            }
            records.push(Record {
                stream_arn: stream_arn.into(),
                partition_key: text(record, "PartitionKey")?.into(),
                data: text(record, "Data")?.into(),
                sequence_number: number.into(),
            });
        }
        ensure!(records.len() <= RANGE_MAX, "its range has more than {RANGE_MAX} records");
        let is_whole = records.last().is_some_and(|record| record.sequence_number == last);
        let is_tip = answer["MillisBehindLatest"].as_u64() == Some(0);
        if !is_whole && !is_tip {
            iterator = answer["NextShardIterator"].as_str().map(String::from);
        }
    }
    let is_first = records.first().is_some_and(|record| record.sequence_number == first);
    let is_last = records.last().is_some_and(|record| record.sequence_number == last);
    ensure!(is_first && is_last, Gone::no_more());
    Ok(records)
}
