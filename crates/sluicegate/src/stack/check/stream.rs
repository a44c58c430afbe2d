//! Reads the new records of a stream.

use crate::aws::{Aws, refused};
use anyhow::bail;
use aws_sdk_kinesis::types::ShardIteratorType::Latest;
use serde_json::Value;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Between two empty reads: a shard allows five reads per second, shared by all readers.
const READ_EVERY: Duration = Duration::from_millis(250);

/// A record's partition key and its event; null if the data is not JSON.
pub type Entered = (String, Value);

/// A position in each of a stream's shards.
pub struct StreamReader<'a> {
    aws: &'a Aws,
    iterators: Vec<Option<String>>,
}

impl<'a> StreamReader<'a> {
    /// Positions at the current end of the stream.
    pub async fn open(aws: &'a Aws, stream: &str) -> anyhow::Result<Self> {
        let mut iterators = Vec::new();
        let mut next = None;
        loop {
            let list = aws.kinesis.list_shards();
            // A token must be sent alone.
            let list = match next.take() {
                Some(token) => list.next_token(token),
                None => list.stream_name(stream),
            };
            let page = list.send().await.map_err(refused("ListShards"))?;
            for shard in page.shards.unwrap_or_default() {
                let open = aws.kinesis.get_shard_iterator().stream_name(stream).shard_id(shard.shard_id);
                let opened = open.shard_iterator_type(Latest).send().await;
                iterators.push(opened.map_err(refused("GetShardIterator"))?.shard_iterator);
            }
            next = page.next_token;
            if next.is_none() {
                return Ok(Self { aws, iterators });
            }
        }
    }

    /// The next record whose event matches; others are ignored.
    pub async fn next(
        &mut self,
        fits: impl Fn(&Value) -> bool,
        time_limit: Duration,
    ) -> anyhow::Result<Entered> {
        let end = Instant::now() + time_limit;
        loop {
            for position in &mut self.iterators {
                let Some(iterator) = position.take() else { continue };
                let read = self.aws.kinesis.get_records().shard_iterator(iterator).send().await;
                let read = read.map_err(refused("GetRecords"))?;
                *position = read.next_shard_iterator;
                for record in read.records {
                    let event = serde_json::from_slice(record.data.as_ref()).unwrap_or_default();
                    if fits(&event) {
                        return Ok((record.partition_key.unwrap_or_default(), event));
                    }
                }
            }
            if Instant::now() > end {
                bail!("the record did not arrive in the stream within {} s", time_limit.as_secs());
            }
            sleep(READ_EVERY).await;
        }
    }
}
