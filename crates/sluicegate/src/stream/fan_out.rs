//! Reads a shard by SubscribeToShard, through a consumer of its own that takes nothing from the functions.

use super::{Child, Page, Record, Start, now_ms};
use crate::aws::{Aws, Refused, chain, refused};
use anyhow::{Context as _, bail};
use aws_sdk_kinesis::primitives::DateTime;
use aws_sdk_kinesis::types::{
    ConsumerStatus, ShardIteratorType, StartingPosition, SubscribeToShardEvent, SubscribeToShardEventStream,
};
use std::time::Duration;
use tokio::sync::mpsc::Sender;

/// Between two looks at a consumer that is being created: AWS answers 20 a second for an account.
const CREATION_POLL: Duration = Duration::from_millis(200);
/// Time until a new consumer can be used. AWS takes seconds.
const CREATION_MAX: Duration = Duration::from_secs(60);
/// Time for a consumer's removal, at the end of a command.
const REMOVAL_MAX: Duration = Duration::from_secs(10);
/// Between two attempts to subscribe; a subscription is exclusive for 5 s.
const AGAIN_WAIT: Duration = Duration::from_secs(1);
/// Attempts in a row that bring nothing.
const FAILURES_MAX: u32 = 10;

/// An enhanced fan-out consumer, which [`Consumer::remove`] removes.
pub struct Consumer {
    pub arn: String,
}

impl Consumer {
    /// Registers a consumer and waits until it can be used. It is removed if that fails.
    pub async fn register(aws: &Aws, stream_arn: &str, name: &str) -> anyhow::Result<Self> {
        let register = aws.kinesis.register_stream_consumer().stream_arn(stream_arn).consumer_name(name);
        let registered = match register.send().await.map_err(refused("RegisterStreamConsumer")) {
            Ok(registered) => registered,
            Err(error)
                if Refused::of(&error).is_some_and(|refused| refused.code == "LimitExceededException") =>
            {
                return Err(error.context(
                    "the stream has no room for a consumer: use --no-consumer, or deregister one that is not used",
                ));
            }
            Err(error) => return Err(error),
        };
        let consumer =
            Self { arn: registered.consumer.context("the response has no consumer")?.consumer_arn };
        match tokio::time::timeout(CREATION_MAX, consumer.settled(aws)).await {
            Ok(Ok(())) => Ok(consumer),
            Ok(Err(error)) => {
                consumer.remove(aws).await;
                Err(error)
            }
            Err(_) => {
                consumer.remove(aws).await;
                bail!("consumer {name} is not active after {} s", CREATION_MAX.as_secs())
            }
        }
    }

    async fn settled(&self, aws: &Aws) -> anyhow::Result<()> {
        loop {
            let described = aws.kinesis.describe_stream_consumer().consumer_arn(&self.arn).send().await;
            let description = described.map_err(refused("DescribeStreamConsumer"))?.consumer_description;
            if description.is_some_and(|consumer| consumer.consumer_status == ConsumerStatus::Active) {
                return Ok(());
            }
            tokio::time::sleep(CREATION_POLL).await;
        }
    }

    /// Removes it; says so if that fails, since it costs money by the hour.
    pub async fn remove(&self, aws: &Aws) {
        let remove = aws.kinesis.deregister_stream_consumer().consumer_arn(&self.arn).send();
        let removed = match tokio::time::timeout(REMOVAL_MAX, remove).await {
            Ok(removed) => removed.map(drop).map_err(refused("DeregisterStreamConsumer")),
            Err(_) => Err(anyhow::anyhow!("no response within {} s", REMOVAL_MAX.as_secs())),
        };
        if let Err(error) = removed {
            eprintln!("consumer {} was not removed: {error:#}", self.arn);
        }
    }
}

/// Reads until the shard ends or nobody listens. Subscribes again where a subscription ends, as each does after five minutes.
pub async fn run(
    aws: &Aws,
    consumer_arn: &str,
    shard: &str,
    mut start: Start,
    pages: &Sender<anyhow::Result<Page>>,
) {
    let mut failures = 0;
    loop {
        match subscribe(aws, consumer_arn, shard, &mut start, pages).await {
            Ok(true) => return,
            Ok(false) => failures = 0,
            Err(error) => {
                failures += 1;
                let is_lasting = Refused::of(&error).is_some_and(|refused| {
                    refused.is_denied() || refused.code == "ResourceNotFoundException"
                });
                if is_lasting || failures >= FAILURES_MAX {
                    // Nobody listens any more.
                    let _ = pages.send(Err(error)).await;
                    return;
                }
                // What arrives from now on is not missed, if nothing was read yet.
                if start == Start::Latest {
                    start = Start::At(now_ms());
                }
                tokio::time::sleep(AGAIN_WAIT).await;
            }
        }
    }
}

/// One subscription. Returns whether reading is over; moves `start` with what was read.
async fn subscribe(
    aws: &Aws,
    consumer_arn: &str,
    shard: &str,
    start: &mut Start,
    pages: &Sender<anyhow::Result<Page>>,
) -> anyhow::Result<bool> {
    let subscribe = aws.kinesis.subscribe_to_shard().consumer_arn(consumer_arn).shard_id(shard);
    let subscribed = subscribe.starting_position(position(start)?).send().await;
    let mut events = subscribed.map_err(refused("SubscribeToShard"))?.event_stream;
    loop {
        let event = match events.recv().await {
            Ok(Some(SubscribeToShardEventStream::SubscribeToShardEvent(event))) => event,
            Ok(Some(_)) => continue,
            Ok(None) => return Ok(false),
            Err(error) => bail!("the subscription broke: {}", chain(&error)),
        };
        let SubscribeToShardEvent {
            records,
            continuation_sequence_number,
            millis_behind_latest,
            child_shards,
            ..
        } = event;
        let children = child_shards.filter(|children| !children.is_empty());
        let is_over = children.is_some();
        *start = Start::After(continuation_sequence_number);
        let page = Page {
            shard: shard.to_owned(),
            records: records.into_iter().map(|record| Record::of(shard, record)).collect(),
            complete_to_ms: now_ms() - millis_behind_latest,
            ended: children.map(Child::of),
        };
        if pages.send(Ok(page)).await.is_err() || is_over {
            return Ok(true);
        }
    }
}

fn position(start: &Start) -> anyhow::Result<StartingPosition> {
    let position = StartingPosition::builder();
    let position = match start {
        Start::Oldest => position.r#type(ShardIteratorType::TrimHorizon),
        Start::Latest => position.r#type(ShardIteratorType::Latest),
        Start::At(ms) => {
            position.r#type(ShardIteratorType::AtTimestamp).timestamp(DateTime::from_millis(*ms))
        }
        Start::After(number) => {
            position.r#type(ShardIteratorType::AfterSequenceNumber).sequence_number(number)
        }
    };
    Ok(position.build()?)
}
