//! Reads the new records of a stream.

use crate::aws::{Aws, Service::Kinesis, text};
use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
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
        let mut ask = json!({ "StreamName": stream });
        loop {
            let page = aws.call(Kinesis, "ListShards", &ask).await?;
            for shard in page["Shards"].as_array().into_iter().flatten() {
                let ask = json!({
                    "StreamName": stream, "ShardId": shard["ShardId"], "ShardIteratorType": "LATEST",
                });
                let answer = aws.call(Kinesis, "GetShardIterator", &ask).await?;
                iterators.push(Some(text(&answer, "ShardIterator")?.to_owned()));
            }
            match page["NextToken"].as_str() {
                // A token must be sent alone.
                Some(next) => ask = json!({ "NextToken": next }),
                None => return Ok(Self { aws, iterators }),
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
                let read =
                    self.aws.call(Kinesis, "GetRecords", &json!({ "ShardIterator": iterator })).await?;
                *position = read["NextShardIterator"].as_str().map(Into::into);
                for record in read["Records"].as_array().into_iter().flatten() {
                    let entered = entered(record)?;
                    if fits(&entered.1) {
                        return Ok(entered);
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

fn entered(record: &Value) -> anyhow::Result<Entered> {
    let data = STANDARD.decode(text(record, "Data")?).context("the record's data is not valid base64")?;
    Ok((text(record, "PartitionKey")?.to_owned(), serde_json::from_slice(&data).unwrap_or_default()))
}
