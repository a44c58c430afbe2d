//! The records of a message: in the message itself, or read from the stream while they are retained.

use super::message::{DeadLetter, Found, Record};
use crate::aws::{Aws, Refused, refused};
use anyhow::{Context as _, anyhow, bail, ensure};
use aws_sdk_kinesis::types::ShardIteratorType::AtSequenceNumber;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const READ_MAX: i32 = 1_000;
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
    let open = aws.kinesis.get_shard_iterator().stream_arn(stream_arn).shard_id(shard);
    let open = open.shard_iterator_type(AtSequenceNumber).starting_sequence_number(first);
    let opened = open.send().await.map_err(refused("GetShardIterator")).map_err(|error| {
        match Refused::of(&error).map(|refused| refused.code.as_str()) {
            Some("ResourceNotFoundException") => {
                anyhow!(Gone(format!("{stream_arn} has no {shard}: its records are gone")))
            }
            // The sequence number is not from this stream, so the stream it came from is gone.
            Some("InvalidArgumentException") => anyhow!(Gone::no_more()),
            _ => error,
        }
    })?;
    let mut iterator = opened.shard_iterator;
    let mut records: Vec<Record> = Vec::new();
    while let Some(position) = iterator.take() {
        let read = aws.kinesis.get_records().stream_arn(stream_arn).shard_iterator(position).limit(READ_MAX);
        let answer = read.send().await.map_err(refused("GetRecords"))?;
        for record in answer.records {
            let number = record.sequence_number;
            if (number.len(), number.as_str()) > (last.len(), last) {
                break;
            }
            records.push(Record {
                stream_arn: stream_arn.into(),
                partition_key: record.partition_key.unwrap_or_default(),
                data: STANDARD.encode(record.data),
                sequence_number: number,
            });
        }
        ensure!(records.len() <= RANGE_MAX, "its range has more than {RANGE_MAX} records");
        let is_whole = records.last().is_some_and(|record| record.sequence_number == last);
        let is_tip = answer.millis_behind_latest == Some(0);
        if !is_whole && !is_tip {
            iterator = answer.next_shard_iterator;
        }
    }
    let is_first = records.first().is_some_and(|record| record.sequence_number == first);
    let is_last = records.last().is_some_and(|record| record.sequence_number == last);
    ensure!(is_first && is_last, Gone::no_more());
    Ok(records)
}
