//! Reads all shards of a stream side by side, and those that come of them.

use super::lineage::Lineage;
use super::merge::Merge;
use super::{Page, Record, Start, fan_out, now_ms, poll};
use crate::aws::{Aws, refused};
use anyhow::Context as _;
use aws_sdk_kinesis::primitives::DateTime;
use aws_sdk_kinesis::types::{ShardFilter, ShardFilterType};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// How long a record is held back for the other shards, in milliseconds, where reading has no end.
const HOLD_MS: i64 = 1_000;
/// Pages that were read and not merged.
const PAGES_MAX: usize = 16;

/// How shards are read.
#[derive(Debug, Clone)]
pub enum Source {
    /// Through an enhanced fan-out consumer, with this ARN.
    Consumer(String),
    /// By polling; up to a time of arrival in milliseconds since the epoch, or on and on.
    Poll { until_ms: Option<i64> },
}

pub struct Reader {
    aws: Arc<Aws>,
    stream: String,
    source: Source,
    sender: mpsc::Sender<anyhow::Result<Page>>,
    pages: mpsc::Receiver<anyhow::Result<Page>>,
    lineage: Lineage,
    merge: Merge,
    /// One a shard; they end with the reader.
    tasks: JoinSet<()>,
}

impl Reader {
    /// Starts to read at a time of arrival in milliseconds since the epoch, or with the next record.
    pub async fn open(
        aws: Arc<Aws>,
        stream: &str,
        source: Source,
        since_ms: Option<i64>,
    ) -> anyhow::Result<Self> {
        let shards = shards(&aws, stream, since_ms).await?;
        let (sender, pages) = mpsc::channel(PAGES_MAX);
        let hold_ms = match source {
            Source::Poll { until_ms: Some(_) } => None,
            _ => Some(HOLD_MS),
        };
        let mut reader = Self {
            aws,
            stream: stream.to_owned(),
            source,
            sender,
            pages,
            lineage: Lineage::default(),
            merge: Merge::new(hold_ms),
            tasks: JoinSet::new(),
        };
        for shard in &shards {
            reader.lineage.open(shard);
            reader.read(shard, since_ms.map_or(Start::Latest, Start::At));
        }
        Ok(reader)
    }

    fn read(&mut self, shard: &str, start: Start) {
        self.merge.open(shard);
        let (aws, pages, shard) = (Arc::clone(&self.aws), self.sender.clone(), shard.to_owned());
        match self.source.clone() {
            Source::Consumer(arn) => self.tasks.spawn(async move {
                fan_out::run(&aws, &arn, &shard, start, &pages).await;
            }),
            Source::Poll { until_ms } => {
                let shard = poll::Shard { stream: self.stream.clone(), shard, until_ms };
                self.tasks.spawn(async move { poll::run(&aws, &shard, start, &pages).await })
            }
        };
    }

    /// The next records, in their order; `None` after the last one.
    pub async fn next(&mut self) -> anyhow::Result<Option<Vec<Record>>> {
        loop {
            let ready = self.merge.ready(now_ms());
            if !ready.is_empty() {
                return Ok(Some(ready));
            }
            if self.lineage.is_over() && self.merge.is_empty() {
                return Ok(None);
            }
            let wait_ms = self.merge.next_due_ms().map_or(HOLD_MS, |due_ms| due_ms.saturating_sub(now_ms()));
            let wait = Duration::from_millis(u64::try_from(wait_ms.clamp(1, HOLD_MS)).unwrap_or(1));
            // Time that passes without a page may make a record ready.
            if let Ok(page) = tokio::time::timeout(wait, self.pages.recv()).await {
                self.take(page.context("no shard is read any more")??);
            }
        }
    }

    fn take(&mut self, page: Page) {
        self.merge.push(&page.shard, page.records, page.complete_to_ms, now_ms());
        if let Some(children) = page.ended {
            self.merge.close(&page.shard);
            for child in self.lineage.end(&page.shard, children) {
                self.read(&child, Start::Oldest);
            }
        }
    }
}

/// The shards to begin with: those that were open then, or are now.
async fn shards(aws: &Aws, stream: &str, since_ms: Option<i64>) -> anyhow::Result<Vec<String>> {
    let filter = match since_ms {
        Some(ms) => {
            ShardFilter::builder().r#type(ShardFilterType::AtTimestamp).timestamp(DateTime::from_millis(ms))
        }
        None => ShardFilter::builder().r#type(ShardFilterType::AtLatest),
    };
    let filter = filter.build()?;
    let mut found = Vec::new();
    let mut next = None;
    loop {
        let list = aws.kinesis.list_shards();
        // A token must be sent alone.
        let list = match next.take() {
            Some(token) => list.next_token(token),
            None => list.stream_name(stream).shard_filter(filter.clone()),
        };
        let page = list.send().await.map_err(refused("ListShards"))?;
        found.extend(page.shards.unwrap_or_default().into_iter().map(|shard| shard.shard_id));
        next = page.next_token;
        if next.is_none() {
            return Ok(found);
        }
    }
}
