//! One shard of one mapping: does what its poller decides, and reports the results to it.

use super::batch::{Attempt, BatchOutcome, RetryLimits};
use super::config::MappingConfig;
use super::destination::Destination;
use super::event::{EventFrame, envelope_bytes, event};
use super::filter::{FilterSubject, Filters, Outcome};
use super::outcome::outcome;
use super::partition_queue::PartitionQueueSettings;
use super::poller::{End, Next, Poller, READ_AHEAD_BYTES_MAX, READ_RETRY_MS};
use super::progress::Progress;
use super::{Deps, FILTERED_RECORDS, result};
use crate::core::account::stream_name_of_arn;
use crate::core::clock;
use crate::fault_injection::{Fault, SlowShard};
use crate::services::kinesis::{ReadLimit, Record, ShardInfo};
use crate::services::lambda::invocation::config::LATEST;
use crate::services::lambda::invocation::{InvocationResult, InvokeError, Invoked};
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

pub(super) struct Shard {
    config: MappingConfig,
    deps: Arc<Deps>,
    progress: Arc<Progress>,
    info: ShardInfo,
    stream: String,
    filters: Filters,
    poller: Poller,
    slow: SlowShard,
    frame: EventFrame,
}

/// An invocation in flight: its partition queue, its id, and its result.
type Invocation = BoxFuture<'static, (usize, String, Result<Invoked, InvokeError>)>;

impl Shard {
    pub(super) fn new(
        config: MappingConfig,
        filters: Filters,
        deps: Arc<Deps>,
        progress: Arc<Progress>,
        info: ShardInfo,
        from: Option<Arc<str>>,
    ) -> Self {
        let frame = EventFrame {
            event_source_arn: config.event_source_arn.clone(),
            invoke_identity_arn: deps.functions.role_arn(&config.function_name).unwrap_or_default(),
            region: deps.account.region().to_owned(),
        };
        let settings = PartitionQueueSettings {
            batch_size: config.batch_size,
            window_ms: u64::from(config.batching_window_s) * 1_000,
            retry: RetryLimits { bisect: config.bisect_on_error, retries_max: config.maximum_retry_attempts },
            // Known before the first decision.
            record_age_max_ms: None,
            envelope_bytes: envelope_bytes(&frame, &info.id),
        };
        Self {
            stream: stream_name_of_arn(&config.event_source_arn).unwrap_or_default().into(),
            poller: Poller::new(settings, config.parallelization_factor as usize, from),
            slow: SlowShard::default(),
            frame,
            config,
            deps,
            progress,
            info,
            filters,
        }
    }

    /// Delivers the shard's records until it is drained or stopped.
    pub(super) async fn run(mut self, stop: CancellationToken) -> End {
        let mut tail = self.deps.streams.tail(&self.stream, self.info.index);
        let mut changes = self.deps.streams.changes(&self.stream);
        // An earlier change would not be reported again.
        self.refresh().await;
        let mut invocations = FuturesUnordered::<Invocation>::new();
        loop {
            self.follow_role();
            if stop.is_cancelled() {
                // Checked whatever else happened first: it may have been cancelled between two waits.
                self.poller.stop();
            }
            let next = self.poller.next(clock::now_ms());
            let until_ms = match next {
                Next::Read { after, limit } => {
                    tail.borrow_and_update();
                    self.read(after.as_deref(), limit).await;
                    continue;
                }
                Next::Invoke { queue, records } => {
                    invocations.push(self.invoke(queue, &records));
                    continue;
                }
                Next::GiveUp(given_up) => {
                    self.destination().tell(&given_up);
                    self.poller.passed(&given_up);
                    continue;
                }
                Next::End(end) => {
                    self.save();
                    return end;
                }
                Next::Wait { until_ms } => until_ms,
            };
            self.save();
            if self.poller.is_stopping() {
                // Only invocations in flight are waited for.
                let Some((queue, request_id, ended)) = invocations.next().await else { return End::Stopped };
                self.settle(queue, &request_id, &ended);
                continue;
            }
            let wait =
                Duration::from_millis(until_ms.map_or(0, |at_ms| at_ms.saturating_sub(clock::now_ms())));
            // `stop.cancelled()` is never disabled, so there is always something to wait for.
            tokio::select! {
                Some((queue, request_id, ended)) = invocations.next() => self.settle(queue, &request_id, &ended),
                changed = tail.changed() => match changed {
                    Ok(()) => self.poller.appended(),
                    // The stream is gone, and its tails with it.
                    Err(_) => self.poller.stop(),
                },
                Ok(()) = changes.changed() => self.refresh().await,
                () = tokio::time::sleep(wait), if until_ms.is_some() => {}
                () = stop.cancelled() => self.poller.stop(),
            }
        }
    }

    fn save(&self) {
        self.progress.set_checkpoint(self.info.index, self.poller.checkpoint().cloned());
    }

    async fn read(&mut self, after: Option<&str>, limit: usize) {
        let streams = &self.deps.streams;
        let read_limit = ReadLimit { records: limit, data_bytes: READ_AHEAD_BYTES_MAX };
        let read = streams.read_after(&self.stream, self.info.index, after, read_limit).await;
        let records = read.records;
        // A full read tells the poller that there may be more.
        let limit = if read.is_cut { records.len() } else { limit };
        let now_ms = clock::now_ms();
        if !records.is_empty()
            && let Some(until_ms) = self.blocked_by(now_ms)
        {
            self.poller.read_later(until_ms);
            return;
        }
        let passes = |record: &Record| {
            let outcome = self.filters.outcome(&FilterSubject {
                record,
                shard_id: &self.info.id,
                event_source_arn: &self.config.event_source_arn,
                region: self.deps.account.region(),
            });
            if self.progress.filtered(outcome) {
                let MappingConfig { uuid, function_name, .. } = &self.config;
                let (shard_id, sequence_number) = (&self.info.id, &record.sequence_number);
                tracing::warn!(function = function_name, mapping = uuid, shard_id, %sequence_number, "the filter dropped a record whose data is not JSON; further ones are counted in {FILTERED_RECORDS} alone");
            }
            outcome == Outcome::Passes
        };
        self.poller.take(records, limit, passes, now_ms);
    }

    /// Until when the shard cannot be read; `None`: it can.
    fn blocked_by(&mut self, now_ms: u64) -> Option<u64> {
        let function = &self.config.function_name;
        if let Some(until_ms) =
            self.slow.hold_until(&self.deps.faults, self.config.unqualified_name(), now_ms)
        {
            return Some(until_ms);
        }
        let role_arn = self.deps.functions.role_arn(function).unwrap_or_default();
        let denied = self.deps.may_read(&role_arn, &self.config.event_source_arn).err()?;
        self.progress.set_result(&format!("PROBLEM: {denied}"));
        Some(now_ms + READ_RETRY_MS)
    }

    fn invoke(&self, queue: usize, records: &[Arc<Record>]) -> Invocation {
        let functions = self.deps.functions.clone();
        let target = self.config.function_name.clone();
        let name = self.config.unqualified_name().to_owned();
        let payload = Bytes::from(event(&self.frame, &self.info.id, records));
        let faults = self.deps.faults.clone();
        let arrived_ms = records.last().map_or(0, |record| record.arrived_ms);
        self.progress.set_iterator_age(clock::now_ms().saturating_sub(arrived_ms));
        let request_id = uuid::Uuid::new_v4().to_string();
        tracing::info!(target: "flow", hop = "batch", function = name, shard_id = self.info.id, records = records.len(), request_id);
        Box::pin(async move {
            let mut ended = functions.invoke_with_log(&target, &request_id, payload.clone(), false).await;
            if ended.is_ok() && faults.trigger(Fault::BatchTwice, &name).is_some() {
                let again = uuid::Uuid::new_v4().to_string();
                ended = functions.invoke_with_log(&target, &again, payload, false).await;
            }
            (queue, request_id, ended)
        })
    }

    /// The function's role is in each record of an event, and may change.
    fn follow_role(&mut self) {
        let role_arn = self.deps.functions.role_arn(&self.config.function_name).unwrap_or_default();
        if role_arn != self.frame.invoke_identity_arn {
            self.frame.invoke_identity_arn = role_arn;
            self.poller.set_envelope_bytes(envelope_bytes(&self.frame, &self.info.id));
        }
    }

    fn settle(&mut self, queue: usize, request_id: &str, ended: &Result<Invoked, InvokeError>) {
        let Some(records) = self.poller.out(queue) else { return };
        let function = &self.config.function_name;
        let outcome = match ended {
            Ok(invoked) => outcome(&invoked.ended, records, self.config.report_batch_item_failures),
            Err(error) => {
                tracing::warn!(function, %error, "failed to invoke");
                BatchOutcome::NotInvoked
            }
        };
        if let Ok(Invoked { ended: InvocationResult::Error(error), .. }) = ended {
            let error = String::from_utf8_lossy(error);
            tracing::warn!(target: "flow", hop = "function error", function, request_id, %error);
        }
        self.progress.set_result(result(&outcome, ended));
        let version = ended.as_ref().map_or(LATEST, |invoked| invoked.version.as_str());
        self.poller.settle(queue, Attempt { request_id, version }, &outcome, clock::now_ms());
    }

    fn destination(&self) -> Destination<'_> {
        Destination {
            config: &self.config,
            deps: &self.deps,
            progress: &self.progress,
            shard_id: &self.info.id,
        }
    }

    /// The stream changed: its retention, and whether the shard is open, may have too.
    async fn refresh(&mut self) {
        let streams = &self.deps.streams;
        let limit_ms = self.config.maximum_record_age_s.map(|seconds| u64::from(seconds) * 1_000);
        let kept_ms = streams.retention_ms(&self.stream).await;
        // Records that the stream no longer has cannot be delivered, whatever the mapping's limit is.
        self.poller.set_record_age_max(limit_ms.into_iter().chain(kept_ms).min());
        let shards = streams.shards(&self.stream).await.unwrap_or_default();
        if let Some(info) = shards.into_iter().find(|info| info.index == self.info.index) {
            if info.closed {
                self.poller.closed();
            }
            self.info = info;
        }
    }
}
