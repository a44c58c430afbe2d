//! One shard of one mapping: reads its records, hands them over lane by lane, and keeps its checkpoint.

use super::batch::{RetryLimits, Verdict};
use super::checkpoint::Checkpoint;
use super::config::{MappingConfig, StartingPosition};
use super::event::{EventFrame, event};
use super::failure::{FailureFrame, message};
use super::filter::{FilterSubject, Filters};
use super::lane::{GivenUp, Lane, LaneSettings, Step};
use super::verdict::verdict;
use super::{Progress, Surroundings};
use crate::account::{stream_arn_of_arn, stream_name_of_arn};
use crate::clock;
use crate::faults::{Fault, SlowShard};
use crate::function::Ended;
use crate::identity::Principal;
use crate::stream::{Record, ShardInfo};
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};
use tokio_util::sync::CancellationToken;

/// Records read from a shard and not yet done, at most: how far a healthy lane may run ahead of a sick one.
const READ_AHEAD_RECORDS_MAX: usize = 20_000;
/// Records taken from the stream in one read, at most.
const READ_RECORDS_MAX: usize = 10_000;
/// Milliseconds until a source that could not be read is tried again.
const READ_RETRY_MS: u64 = 1_000;

/// How a shard's task ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The shard is closed and everything in it is done.
    Drained,
    /// It was told to stop.
    Stopped,
}

/// A shard's task.
pub(super) struct Shard {
    config: MappingConfig,
    surroundings: Arc<Surroundings>,
    progress: Arc<Progress>,
    info: ShardInfo,
    stream: String,
    filters: Filters,
    lanes: Vec<Lane>,
    settings: LaneSettings,
    checkpoint: Checkpoint,
    last_request_id: String,
    last_was_error: bool,
    slow: SlowShard,
}

type Invocation = BoxFuture<'static, (usize, String, Option<Ended>)>;

impl Shard {
    pub(super) fn new(
        config: MappingConfig,
        filters: Filters,
        surroundings: Arc<Surroundings>,
        progress: Arc<Progress>,
        info: ShardInfo,
        from: Option<Arc<str>>,
    ) -> Self {
        let settings = LaneSettings {
            batch_size: config.batch_size,
            window_ms: u64::from(config.batching_window_s) * 1_000,
            retry: RetryLimits { bisect: config.bisect_on_error, retries_max: config.maximum_retry_attempts },
            record_age_max_ms: config.maximum_record_age_s.map(|seconds| u64::from(seconds) * 1_000),
        };
        Self {
            stream: stream_name_of_arn(&config.event_source_arn).unwrap_or_default().into(),
            lanes: (0..config.parallelization_factor.max(1)).map(|_| Lane::default()).collect(),
            checkpoint: Checkpoint::at(from),
            last_request_id: String::new(),
            last_was_error: false,
            slow: SlowShard::default(),
            config,
            surroundings,
            progress,
            info,
            filters,
            settings,
        }
    }

    /// Hands the shard's records over until it is drained or told to stop. Told to stop, it lets what is in
    /// flight end first, so that no record goes out twice without need.
    pub(super) async fn run(mut self, stop: CancellationToken) -> End {
        let mut tail = self.surroundings.streams.tail(&self.stream, self.info.index);
        let mut changes = self.surroundings.streams.changes(&self.stream);
        // What changed before this task watched for it would not be told again.
        self.look_again().await;
        let mut invocations = FuturesUnordered::<Invocation>::new();
        loop {
            tail.borrow_and_update();
            let mut wake_at_ms = if stop.is_cancelled() { None } else { self.fill().await };
            if !stop.is_cancelled() {
                for lane in 0..self.lanes.len() {
                    if let Some(at_ms) = self.advance(lane, &mut invocations).await {
                        wake_at_ms = Some(wake_at_ms.map_or(at_ms, |other: u64| other.min(at_ms)));
                    }
                }
            }
            self.progress.set_checkpoint(self.info.index, self.checkpoint.through().cloned());
            if invocations.is_empty() {
                if stop.is_cancelled() {
                    return End::Stopped;
                }
                if self.info.closed
                    && self.checkpoint.ahead() == 0
                    && wake_at_ms.is_none()
                    && !tail.has_changed().unwrap_or(false)
                {
                    return End::Drained;
                }
            }
            let wait =
                Duration::from_millis(wake_at_ms.map_or(0, |at_ms| at_ms.saturating_sub(clock::now_ms())));
            tokio::select! {
                Some((lane, request_id, ended)) = invocations.next() => self.settle(lane, request_id, ended),
                changed = tail.changed(), if !stop.is_cancelled() => match changed {
                    Ok(()) => {}
                    // The stream is gone, and its tails with it.
                    Err(_) => return End::Stopped,
                },
                Ok(()) = changes.changed(), if !stop.is_cancelled() => self.look_again().await,
                () = tokio::time::sleep(wait), if wake_at_ms.is_some() => {}
                () = stop.cancelled(), if !stop.is_cancelled() => {}
            }
        }
    }

    /// Reads what there is room for into the lanes. Answers when to try again, where the role may not read.
    async fn fill(&mut self) -> Option<u64> {
        let room = READ_AHEAD_RECORDS_MAX.saturating_sub(self.checkpoint.ahead());
        let limit = room.min(READ_RECORDS_MAX).min(2 * self.config.batch_size * self.lanes.len());
        let held: usize = self.lanes.iter().map(Lane::held).sum();
        // Two batches a lane in hand are enough, unless one lane holds everything and the others starve.
        let starving = self.lanes.iter().any(|lane| lane.held() == 0);
        if limit == 0 || (held >= limit && !starving) {
            return None;
        }
        let after = self.checkpoint.read_through().cloned();
        let records = self
            .surroundings
            .streams
            .read_after(&self.stream, self.info.index, after.as_deref(), limit)
            .await;
        if records.is_empty() {
            return None;
        }
        let (faults, now_ms) = (&self.surroundings.faults, clock::now_ms());
        if let Some(until_ms) = self.slow.hold_until(faults, &self.config.function_name, now_ms) {
            return Some(until_ms);
        }
        let role_arn = self.surroundings.functions.role_arn(&self.config.function_name).unwrap_or_default();
        if let Err(denied) = self.surroundings.may_read(&role_arn, &self.config.event_source_arn) {
            self.progress.set_result(&format!("PROBLEM: {denied}"));
            return Some(now_ms + READ_RETRY_MS);
        }
        for record in records {
            self.checkpoint.read(record.sequence_number.clone());
            if self.passes(&record) {
                let lane = self.lane_of(&record);
                self.lanes[lane].push(Arc::new(record), now_ms);
            } else {
                self.checkpoint.done(&record.sequence_number);
            }
        }
        None
    }

    fn passes(&self, record: &Record) -> bool {
        self.filters.matches(&FilterSubject {
            record,
            shard_id: &self.info.id,
            event_source_arn: &self.config.event_source_arn,
            region: &self.surroundings.account.region,
        })
    }

    fn lane_of(&self, record: &Record) -> usize {
        if self.lanes.len() == 1 {
            return 0;
        }
        let mut hasher = DefaultHasher::new();
        record.partition_key.hash(&mut hasher);
        (hasher.finish() % self.lanes.len() as u64) as usize
    }

    /// Takes a lane as far as it goes now. Answers when it wants to be looked at again.
    async fn advance(&mut self, lane: usize, invocations: &mut FuturesUnordered<Invocation>) -> Option<u64> {
        loop {
            match self.lanes[lane].step(&self.settings, clock::now_ms()) {
                Step::Rest => return None,
                Step::WaitUntil(at_ms) => return Some(at_ms),
                Step::GiveUp(given_up) => self.give_up(&given_up),
                Step::Invoke(records) => invocations.push(self.invoke(lane, &records)),
            }
        }
    }

    fn invoke(&self, lane: usize, records: &[Arc<Record>]) -> Invocation {
        let functions = self.surroundings.functions.clone();
        let name = self.config.function_name.clone();
        let frame = EventFrame {
            event_source_arn: self.config.event_source_arn.clone(),
            invoke_identity_arn: functions.role_arn(&name).unwrap_or_default(),
            region: self.surroundings.account.region.clone(),
        };
        let payload = Bytes::from(event(&frame, &self.info.id, records));
        let faults = self.surroundings.faults.clone();
        let arrived_ms = records.last().map_or(0, |record| record.arrived_ms);
        self.progress.set_iterator_age(clock::now_ms().saturating_sub(arrived_ms));
        let request_id = uuid::Uuid::new_v4().to_string();
        tracing::info!(target: "flow", hop = "batch", function = name, shard_id = self.info.id, records = records.len(), request_id);
        Box::pin(async move {
            let mut ended = functions.invoke(&name, &request_id, payload.clone()).await;
            if ended.is_ok() && faults.strike(Fault::BatchTwice, &name).is_some() {
                let again = uuid::Uuid::new_v4().to_string();
                ended = functions.invoke(&name, &again, payload).await;
            }
            let ended = match ended {
                Ok(ended) => Some(ended),
                Err(error) => {
                    tracing::warn!(function = name, %error, "failed to invoke");
                    None
                }
            };
            (lane, request_id, ended)
        })
    }

    fn settle(&mut self, lane: usize, request_id: String, ended: Option<Ended>) {
        let Some(records) = self.lanes[lane].out() else { return };
        let verdict = match &ended {
            None => Verdict::NotInvoked,
            Some(ended) => verdict(ended, records, self.config.report_batch_item_failures),
        };
        self.last_was_error = matches!(ended, Some(Ended::Error(_)));
        self.last_request_id = request_id;
        match (&verdict, &ended) {
            (Verdict::Done, _) => self.progress.set_result("OK"),
            (Verdict::NotInvoked, _) => self.progress.set_result("PROBLEM: Function call was throttled"),
            (Verdict::DoneBefore(_), _) => {
                self.progress.set_result("PROBLEM: Function reported failed records");
            }
            (Verdict::Failed, Some(Ended::Error(error))) => {
                let error = String::from_utf8_lossy(error);
                tracing::warn!(target: "flow", hop = "function error", function = self.config.function_name, request_id = self.last_request_id, %error);
                self.progress.set_result("PROBLEM: Function call failed");
            }
            (Verdict::Failed, _) => {
                self.progress.set_result("PROBLEM: Function's response is not a valid report");
            }
        }
        for record in self.lanes[lane].settle(&self.settings, &verdict, clock::now_ms()) {
            self.checkpoint.done(&record.sequence_number);
        }
    }

    /// Reports records that are not tried again, and passes them. A destination that cannot be told does not
    /// hold the shard up, as on AWS.
    fn give_up(&mut self, given_up: &GivenUp) {
        let stream_arn = stream_arn_of_arn(&self.config.event_source_arn).unwrap_or_default();
        let function_arn = self.surroundings.account.function_arn(&self.config.function_name);
        let frame = FailureFrame {
            function_arn: &function_arn,
            stream_arn,
            shard_id: &self.info.id,
            request_id: &self.last_request_id,
            function_error: self.last_was_error,
        };
        tracing::warn!(
            target: "flow", hop = "given up", function = self.config.function_name, shard_id = self.info.id,
            records = given_up.batch.records.len(), condition = ?given_up.condition,
        );
        if let Some(arn) = &self.config.on_failure_arn {
            let role = Principal::Role(
                self.surroundings.functions.role_arn(&self.config.function_name).unwrap_or_default(),
            );
            let body = message(&frame, given_up, clock::now_ms()).to_string();
            let sent = self
                .surroundings
                .permissions
                .check(&role, "sqs:SendMessage", arn)
                .map_err(|denied| denied.to_string())
                .and_then(|()| self.surroundings.destinations.send(arn, body));
            if let Err(error) = sent {
                tracing::warn!(function = self.config.function_name, %error, "failed to report records that were given up");
                self.progress.set_result("PROBLEM: Failed to deliver to the failure destination");
            }
        }
        for record in &given_up.batch.records {
            self.checkpoint.done(&record.sequence_number);
        }
    }

    /// The stream changed: whether the shard still takes records may have, too.
    async fn look_again(&mut self) {
        if self.info.closed {
            return;
        }
        let shards = self.surroundings.streams.shards(&self.stream).await.unwrap_or_default();
        if let Some(info) = shards.into_iter().find(|info| info.index == self.info.index) {
            self.info = info;
        }
    }
}

/// Where a mapping begins in a shard that it has no checkpoint for.
pub(super) async fn first_position(
    config: &MappingConfig,
    surroundings: &Surroundings,
    progress: &Progress,
    shard: &ShardInfo,
) -> Option<Arc<str>> {
    let has_parent = shard.parents.iter().any(|parent| progress.checkpoint(*parent).is_some());
    match config.starting_position {
        // A child of a shard that was drained goes on where its parent ended: at its own beginning.
        _ if has_parent => None,
        StartingPosition::TrimHorizon => None,
        StartingPosition::Latest => progress.latest(shard.index),
        StartingPosition::AtTimestamp(at) => {
            let at_ms = at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64);
            let stream = stream_name_of_arn(&config.event_source_arn).unwrap_or_default();
            let mut before: Option<Arc<str>> = None;
            loop {
                let records = surroundings
                    .streams
                    .read_after(stream, shard.index, before.as_deref(), READ_RECORDS_MAX)
                    .await;
                match records.iter().rposition(|record| record.arrived_ms < at_ms) {
                    Some(last) => before = Some(records[last].sequence_number.clone()),
                    None => return before,
                }
            }
        }
    }
}
