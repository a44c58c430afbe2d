//! Reads the new records of a stream with AWS's SDK client.

use crate::PATIENCE;
use crate::endpoint::Endpoint;
use aws_sdk_kinesis::types::{Record, ShardIteratorType};
use serde_json::Value;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Interval between two reads that find nothing. AWS allows five reads per shard and second, for all readers together.
const READ_EVERY: Duration = Duration::from_millis(250);

/// The positions of a reader in all shards of a stream.
#[derive(Debug)]
pub struct StreamReader {
    kinesis: aws_sdk_kinesis::Client,
    iterators: Vec<Option<String>>,
}

impl StreamReader {
    /// Positions at the current end of the stream.
    pub async fn open(endpoint: &Endpoint) -> Self {
        let kinesis = endpoint.kinesis();
        let shards = kinesis.list_shards().stream_name(&endpoint.stream_name).send().await.expect("shards");
        let mut iterators = Vec::new();
        for shard in shards.shards() {
            let iterator = kinesis
                .get_shard_iterator()
                .stream_name(&endpoint.stream_name)
                .shard_id(shard.shard_id())
                .shard_iterator_type(ShardIteratorType::Latest)
                .send()
                .await
                .expect("an iterator");
            iterators.push(iterator.shard_iterator);
        }
        Self { kinesis, iterators }
    }

    /// The next record whose event matches, and the event. Other records are ignored.
    pub async fn next(&mut self, fits: impl Fn(&Value) -> bool) -> (Record, Value) {
        let end = Instant::now() + PATIENCE;
        loop {
            for iterator in &mut self.iterators {
                let Some(position) = iterator.take() else { continue };
                let read = self.kinesis.get_records().shard_iterator(position).send().await.expect("records");
                *iterator = read.next_shard_iterator;
                for record in read.records {
                    let event: Value = serde_json::from_slice(record.data.as_ref()).unwrap_or_default();
                    if fits(&event) {
                        return (record, event);
                    }
                }
            }
            assert!(
                Instant::now() < end,
                "the expected record did not arrive in the stream within {PATIENCE:?}"
            );
            sleep(READ_EVERY).await;
        }
    }
}
