//! Reads a shard by GetRecords, which shares the shard's five reads a second with everybody else who polls it.

use super::{Child, Page, Record, Start, now_ms};
use crate::aws::{Aws, Refused, refused};
use aws_sdk_kinesis::primitives::DateTime;
use aws_sdk_kinesis::types::ShardIteratorType;
use std::time::Duration;
use tokio::sync::mpsc::Sender;

/// Between two reads of a shard of which everything was read.
const IDLE_WAIT: Duration = Duration::from_millis(500);
/// Between two reads of a shard that refuses reads for a moment.
const THROTTLED_WAIT: Duration = Duration::from_secs(1);

/// One shard of a stream.
pub struct Shard {
    pub stream: String,
    pub shard: String,
    /// Where reading ends, in milliseconds since the epoch; `None` goes on.
    pub until_ms: Option<i64>,
}

/// Reads until the shard or the time ends, or until nobody listens.
pub async fn run(aws: &Aws, shard: &Shard, start: Start, pages: &Sender<anyhow::Result<Page>>) {
    if let Err(error) = read(aws, shard, start, pages).await {
        // Nobody listens any more.
        let _ = pages.send(Err(error)).await;
    }
}

async fn read(
    aws: &Aws,
    shard: &Shard,
    mut start: Start,
    pages: &Sender<anyhow::Result<Page>>,
) -> anyhow::Result<()> {
    let mut iterator = open(aws, shard, &start).await?;
    while let Some(position) = iterator.take() {
        let asked_ms = now_ms();
        let read = aws.kinesis.get_records().shard_iterator(&position).send().await;
        let read = match read.map_err(refused("GetRecords")) {
            Ok(read) => read,
            Err(error) => {
                iterator = match Refused::of(&error).map(|refused| refused.code.as_str()) {
                    Some("ExpiredIteratorException") => open(aws, shard, &start).await?,
                    Some("ProvisionedThroughputExceededException") => Some(position),
                    _ => return Err(error),
                };
                tokio::time::sleep(THROTTLED_WAIT).await;
                continue;
            }
        };
        let behind_ms = read.millis_behind_latest.unwrap_or_default();
        iterator = read.next_shard_iterator;
        let mut records: Vec<_> =
            read.records.into_iter().map(|record| Record::of(&shard.shard, record)).collect();
        if let Some(last) = records.last() {
            start = Start::After(last.sequence_number.clone());
        }
        let is_past = |arrival_ms| shard.until_ms.is_some_and(|until_ms| arrival_ms > until_ms);
        let complete_to_ms = asked_ms - behind_ms;
        let is_over = is_past(complete_to_ms) || records.iter().any(|record| is_past(record.arrival_ms));
        records.retain(|record| !is_past(record.arrival_ms));
        let ended = match (&iterator, is_over) {
            // What is before the end may be in its children.
            (None, _) => Some(Child::of(read.child_shards.unwrap_or_default())),
            (Some(_), true) => Some(Vec::new()),
            (Some(_), false) => None,
        };
        let (is_last, is_idle) = (ended.is_some(), records.is_empty() && behind_ms == 0);
        let page = Page { shard: shard.shard.clone(), records, complete_to_ms, ended };
        if pages.send(Ok(page)).await.is_err() || is_last {
            return Ok(());
        }
        if is_idle {
            tokio::time::sleep(IDLE_WAIT).await;
        }
    }
    Ok(())
}

async fn open(aws: &Aws, shard: &Shard, start: &Start) -> anyhow::Result<Option<String>> {
    let open = aws.kinesis.get_shard_iterator().stream_name(&shard.stream).shard_id(&shard.shard);
    let open = match start {
        Start::Oldest => open.shard_iterator_type(ShardIteratorType::TrimHorizon),
        Start::Latest => open.shard_iterator_type(ShardIteratorType::Latest),
        Start::At(ms) => {
            open.shard_iterator_type(ShardIteratorType::AtTimestamp).timestamp(DateTime::from_millis(*ms))
        }
        Start::After(number) => {
            open.shard_iterator_type(ShardIteratorType::AfterSequenceNumber).starting_sequence_number(number)
        }
    };
    Ok(open.send().await.map_err(refused("GetShardIterator"))?.shard_iterator)
}
