//! SubscribeToShard: pushes a shard's records to a consumer as they are appended
//! (docs/aws-behaviour.md#kinesis-fan-out).

use super::continuation::continuation;
use super::encoding::Encoding;
use super::read::{Position, ReadLimit, Record, ShardInfo};
use super::request::checked;
use super::store::types::{ConsumerStatus, Operation, Shard, sequence};
use super::{KinesisError, Streams, event_stream};
use axum::body::Body;
use bytes::Bytes;
use http::{HeaderValue, Response, header};
use serde_json::{Value, json};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The size of one event, at most.
const EVENT_LIMIT: ReadLimit = ReadLimit { records: 1_000, data_bytes: 2 * 1_024 * 1_024 };
const CONTENT_TYPE: &str = "application/vnd.amazon.eventstream";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubscriptionTimers {
    /// Until a subscription ends and the consumer must subscribe again.
    pub lasts: Duration,
    /// Until a second call may take over; before that it is refused.
    pub exclusive: Duration,
    /// Between two events that report the reader's position while there are no records.
    pub idle: Duration,
}

impl Default for SubscriptionTimers {
    /// As on AWS: five minutes, and five seconds. How often AWS reports an idle shard is unknown (the ledger has our
    /// choice).
    fn default() -> Self {
        Self {
            lasts: Duration::from_secs(300),
            exclusive: Duration::from_secs(5),
            idle: Duration::from_secs(5),
        }
    }
}

/// The last subscription of a consumer to a shard.
pub(super) struct Subscribed {
    since: Instant,
    taken_over: CancellationToken,
}

struct Subscription {
    streams: Streams,
    consumer_arn: String,
    stream: String,
    shard: ShardInfo,
    children: Vec<Value>,
    position: Position,
    encoding: Encoding,
    ends: Instant,
    taken_over: CancellationToken,
    tail: watch::Receiver<Option<Arc<str>>>,
    changes: watch::Receiver<()>,
    /// Whether the reader's position was reported.
    reported: bool,
    ended: bool,
}

impl Streams {
    pub(super) async fn subscribe(
        &self,
        encoding: Encoding,
        request: &Value,
    ) -> Result<Response<Body>, KinesisError> {
        // The library's check answers without the members of a position.
        let starting = &request["StartingPosition"];
        let request = checked(&self.account, Operation::SubscribeToShard, request)?;
        let consumer_arn = request["ConsumerARN"].as_str().unwrap_or_default();
        let not_found = |what: String| KinesisError::client("ResourceNotFoundException", &what);
        let consumer = self.store.get_consumer(consumer_arn).await;
        let consumer = consumer.ok_or_else(|| not_found(format!("Consumer {consumer_arn} not found.")))?;
        if consumer.consumer_status != ConsumerStatus::Active {
            let message = format!("Consumer {consumer_arn} is not ACTIVE.");
            return Err(KinesisError::client("ResourceInUseException", &message));
        }
        let stream = crate::core::account::stream_name_of_arn(consumer_arn).unwrap_or_default();
        let named = request["ShardId"].as_str().unwrap_or_default();
        let index = sequence::resolve_shard_id(named).ok().map(|(_, index)| index);
        let shards = self.shards(stream).await.unwrap_or_default();
        let shard = shards.into_iter().find(|shard| Some(shard.index) == index);
        let shard = shard.ok_or_else(|| not_found(format!("Shard {named} in stream {stream} not found.")))?;
        // Before the position: nothing may be appended unseen between the two.
        let tail = self.tail(stream, shard.index);
        let position = self.position(stream, &shard, starting).await?;
        let taken_over = self.take_over(consumer_arn, &shard)?;
        let mut subscription = Subscription {
            streams: self.clone(),
            consumer_arn: consumer_arn.to_owned(),
            stream: stream.to_owned(),
            shard,
            children: Vec::new(),
            position,
            encoding,
            ends: Instant::now() + self.subscription_timers.lasts,
            taken_over,
            tail,
            changes: self.changes(stream),
            reported: false,
            ended: false,
        };
        // An earlier change would not be reported again.
        subscription.changes.mark_changed();
        let nothing = encoding.encode(&json!({}));
        let begin = Bytes::from(event_stream::initial_response(subscription.payload_type(), &nothing));
        let events = futures_util::stream::unfold(subscription, |mut subscription| async {
            let event = subscription.next().await?;
            Some((Ok::<_, Infallible>(event), subscription))
        });
        let begin = futures_util::stream::once(std::future::ready(Ok(begin)));
        let mut response = Response::new(Body::from_stream(futures_util::StreamExt::chain(begin, events)));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
        Ok(response)
    }

    async fn position(
        &self,
        stream: &str,
        shard: &ShardInfo,
        starting: &Value,
    ) -> Result<Position, KinesisError> {
        let invalid = |message: &str| KinesisError::client("InvalidArgumentException", message);
        let after_tail =
            || self.tails(stream).get(&shard.index).cloned().map_or(Position::Start, Position::After);
        let sequence_number = || {
            let text = starting["SequenceNumber"].as_str().unwrap_or_default();
            match sequence::parse_sequence(text) {
                Ok(parsed) if parsed.shard_ix == shard.index => Ok(Arc::from(text)),
                _ => Err(invalid(&format!("SequenceNumber {text} is not one of shard {}.", shard.id))),
            }
        };
        Ok(match starting["Type"].as_str().unwrap_or_default() {
            "TRIM_HORIZON" => Position::Start,
            "LATEST" => after_tail(),
            "AT_SEQUENCE_NUMBER" => Position::At(sequence_number()?),
            "AFTER_SEQUENCE_NUMBER" => Position::After(sequence_number()?),
            "AT_TIMESTAMP" => {
                let seconds = starting["Timestamp"].as_f64();
                let seconds = seconds.ok_or_else(|| invalid("AT_TIMESTAMP needs a Timestamp."))?;
                self.at_timestamp(stream, shard.index, seconds).await.unwrap_or_else(after_tail)
            }
            other => return Err(invalid(&format!("StartingPosition.Type {other} is unknown."))),
        })
    }

    /// docs/aws-behaviour.md#kinesis-fan-out: a second call within five seconds is refused; a later one takes over.
    fn take_over(&self, consumer_arn: &str, shard: &ShardInfo) -> Result<CancellationToken, KinesisError> {
        let mut subscribed = self.subscribed.lock();
        let key = (consumer_arn.to_owned(), shard.index);
        if let Some(last) = subscribed.get(&key) {
            if last.since.elapsed() < self.subscription_timers.exclusive {
                let message = format!(
                    "Another active subscription exists for this consumer: {consumer_arn}:{}",
                    shard.id
                );
                return Err(KinesisError::client("ResourceInUseException", &message));
            }
            last.taken_over.cancel();
        }
        let taken_over = CancellationToken::new();
        subscribed.insert(key, Subscribed { since: Instant::now(), taken_over: taken_over.clone() });
        Ok(taken_over)
    }
}

impl Subscription {
    /// The next message; `None` at the subscription's end.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if self.ended || Instant::now() >= self.ends || self.streams.stop.is_cancelled() {
                return None;
            }
            if self.taken_over.is_cancelled() {
                return Some(self.fail("ResourceInUseException", "Another subscription took over."));
            }
            if self.changes.has_changed().unwrap_or(false) {
                self.changes.mark_unchanged();
                if let Some(failure) = self.refresh().await {
                    return Some(failure);
                }
            }
            self.tail.mark_unchanged();
            let read = self.streams.read(&self.stream, self.shard.index, &self.position, EVENT_LIMIT).await;
            if !read.records.is_empty() {
                return Some(self.deliver(&read.records));
            }
            if self.shard.closed {
                self.ended = true;
                return Some(self.event(&[], &Value::Null, 0, &self.children));
            }
            if !std::mem::replace(&mut self.reported, true) {
                return Some(self.stand());
            }
            tokio::select! {
                // Its error means that the stream is gone, which `changes` reports.
                _ = self.tail.changed() => {}
                _ = self.changes.changed() => self.changes.mark_changed(),
                () = tokio::time::sleep_until(self.ends) => {}
                () = tokio::time::sleep(self.streams.subscription_timers.idle) => self.reported = false,
                () = self.taken_over.cancelled() => {}
                () = self.streams.stop.cancelled() => {}
            }
        }
    }

    /// The stream changed: the consumer, the shard or the stream may be gone.
    async fn refresh(&mut self) -> Option<Bytes> {
        let consumer = self.streams.store.get_consumer(&self.consumer_arn).await;
        if consumer.is_none_or(|consumer| consumer.consumer_status == ConsumerStatus::Deleting) {
            return Some(self.fail("ResourceNotFoundException", "The consumer is gone."));
        }
        let Ok(stream) = self.streams.store.get_stream(&self.stream).await else {
            return Some(self.fail("ResourceNotFoundException", "The stream is gone."));
        };
        let is_child = |parent: &Option<String>| parent.as_deref() == Some(self.shard.id.as_str());
        let children = stream
            .shards
            .iter()
            .filter(|shard| is_child(&shard.parent_shard_id) || is_child(&shard.adjacent_parent_shard_id));
        let child = |shard: &Shard| {
            let parents = [&shard.parent_shard_id, &shard.adjacent_parent_shard_id];
            let parents: Vec<_> = parents.into_iter().flatten().collect();
            json!({"ShardId": shard.shard_id, "ParentShards": parents, "HashKeyRange": shard.hash_key_range})
        };
        self.children = children.map(child).collect();
        let shards = self.streams.shards(&self.stream).await.unwrap_or_default();
        if let Some(shard) = shards.into_iter().find(|shard| shard.index == self.shard.index) {
            self.shard = shard;
        }
        None
    }

    fn deliver(&mut self, records: &[Record]) -> Bytes {
        let last = &records[records.len() - 1];
        let through = last.sequence_number.clone();
        let behind_ms = self.streams.behind_ms(&self.stream, self.shard.index, last);
        let event = self.event(records, &continuation(&through), behind_ms, &[]);
        self.position = Position::After(through);
        self.reported = true;
        event
    }

    /// An event without records, which reports the reader's position.
    fn stand(&self) -> Bytes {
        let through = match &self.position {
            // The record at this number is still to come.
            Position::At(sequence_number) => json!(**sequence_number),
            Position::Start => json!(*self.shard.starts),
            Position::After(sequence_number) => continuation(sequence_number),
        };
        self.event(&[], &through, 0, &[])
    }

    fn event(&self, records: &[Record], continuation: &Value, behind_ms: u64, children: &[Value]) -> Bytes {
        let record = |record: &Record| {
            json!({
                "SequenceNumber": *record.sequence_number,
                "ApproximateArrivalTimestamp": record.arrived_ms as f64 / 1_000.0,
                "Data": record.data,
                "PartitionKey": record.partition_key,
            })
        };
        let mut event = json!({
            "Records": records.iter().map(record).collect::<Vec<_>>(),
            "ContinuationSequenceNumber": continuation,
            "MillisBehindLatest": behind_ms,
        });
        if !children.is_empty() {
            event["ChildShards"] = children.into();
        }
        let payload = self.encoding.encode(&event);
        event_stream::event("SubscribeToShardEvent", self.payload_type(), &payload).into()
    }

    fn fail(&mut self, code: &str, message: &str) -> Bytes {
        self.ended = true;
        let payload = self.encoding.encode(&json!({"message": message}));
        event_stream::exception(code, self.payload_type(), &payload).into()
    }

    fn payload_type(&self) -> &'static str {
        match self.encoding {
            Encoding::Json => "application/json",
            Encoding::Cbor => self.encoding.content_type(),
        }
    }
}
