//! Reads a stream as its operators do: all shards, in the order in which records arrived.

mod fan_out;
mod lineage;
mod merge;
mod moment;
mod poll;
mod reader;
#[cfg(test)]
mod tests;

pub use fan_out::Consumer;
pub use moment::Moment;
pub use reader::{Reader, Source};

use crate::aws::{Aws, refused};
use anyhow::{Context as _, bail};
use aws_sdk_kinesis::types;
use std::time::{SystemTime, UNIX_EPOCH};

/// The names of the streams of this project's stacks end with this.
const SUFFIX: &str = "-events";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub shard: String,
    pub sequence_number: String,
    /// Kinesis' approximate time of arrival, in milliseconds since the epoch.
    pub arrival_ms: i64,
    pub partition_key: String,
    pub data: Vec<u8>,
}

impl Record {
    fn of(shard: &str, record: types::Record) -> Self {
        let arrival = record.approximate_arrival_timestamp.and_then(|time| time.to_millis().ok());
        Self {
            shard: shard.to_owned(),
            sequence_number: record.sequence_number,
            arrival_ms: arrival.unwrap_or_default(),
            partition_key: record.partition_key.unwrap_or_default(),
            data: record.data.into_inner(),
        }
    }
}

/// Where in a shard reading begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// With its oldest record.
    Oldest,
    /// With the next record to arrive.
    Latest,
    /// With the first record that arrived then, in milliseconds since the epoch, or later.
    At(i64),
    /// After the record with this sequence number.
    After(String),
}

/// What was read of a shard.
#[derive(Debug)]
struct Page {
    shard: String,
    records: Vec<Record>,
    /// Nothing that arrived up to this time is still to come, in milliseconds since the epoch.
    complete_to_ms: i64,
    /// The shards that go on where this one has ended; empty where reading was to end here.
    ended: Option<Vec<Child>>,
}

/// A shard that came of others by a split or a merge.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Child {
    shard: String,
    parents: Vec<String>,
}

impl Child {
    fn of(children: Vec<types::ChildShard>) -> Vec<Self> {
        let child = |child: types::ChildShard| Self { shard: child.shard_id, parents: child.parent_shards };
        children.into_iter().map(child).collect()
    }
}

/// Milliseconds since the epoch.
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// The named stream, or the only one whose name ends with `-events`.
pub async fn find(aws: &Aws, named: Option<String>) -> anyhow::Result<String> {
    if let Some(named) = named {
        return Ok(named);
    }
    let mut found = Vec::new();
    let mut pages = aws.kinesis.list_streams().into_paginator().send();
    while let Some(page) = pages.next().await {
        let names = page.map_err(refused("ListStreams"))?.stream_names;
        found.extend(names.into_iter().filter(|name| name.ends_with(SUFFIX)));
    }
    if found.len() > 1 {
        bail!(
            "several streams have a name that ends with {SUFFIX}: name one with --stream ({})",
            found.join(", ")
        );
    }
    found
        .pop()
        .with_context(|| format!("no stream has a name that ends with {SUFFIX}: name one with --stream"))
}

/// The stream's ARN.
pub async fn arn(aws: &Aws, stream: &str) -> anyhow::Result<String> {
    let described = aws.kinesis.describe_stream_summary().stream_name(stream).send().await;
    let summary = described.map_err(refused("DescribeStreamSummary"))?.stream_description_summary;
    Ok(summary.context("the response has no StreamDescriptionSummary")?.stream_arn)
}
