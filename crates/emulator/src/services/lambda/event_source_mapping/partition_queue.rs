//! A partition queue: a part of a shard whose batches follow one another. Pure; time is passed in.
//!
//! A shard has as many partition queues as its mapping's parallelization factor. A partition key always belongs to the
//! same partition queue, which keeps its records in order.

use super::batch::{Attempt, Batch, BatchOutcome, Remainder, RetryLimits};
use crate::services::kinesis::Record;
use std::collections::VecDeque;
use std::sync::Arc;

/// Milliseconds before the first retry; doubled with each failure in a row. Lambda does not publish its figures: with
/// these, a record with a maximum age of one minute is tried eight times, as observed
/// (docs/aws-behaviour.md#lambda-failures).
pub const BACKOFF_FIRST_MS: u64 = 400;
/// Milliseconds between two retries, at most.
pub const BACKOFF_MAX_MS: u64 = 60_000;

/// A partition queue's part of the mapping's settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartitionQueueSettings {
    pub batch_size: usize,
    /// Milliseconds that a batch may wait for more records.
    pub window_ms: u64,
    pub retry: RetryLimits,
    /// Milliseconds after which a record is given up.
    pub record_age_max_ms: Option<u64>,
    /// Bytes of a record's envelope in the event, without its data and keys.
    pub envelope_bytes: usize,
}

/// What a partition queue needs next.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Nothing: a batch is in flight, or there are no records.
    Rest,
    /// Nothing before this time (milliseconds since the epoch), unless more records arrive.
    WaitUntil(u64),
    /// Invoke the function with this batch, then call [`PartitionQueue::settle`].
    Invoke(Vec<Arc<Record>>),
    /// These records are given up: report them to the failure destination, then count them as done.
    GiveUp(DeadLetter),
}

/// Records that are not tried again.
#[derive(Debug, Clone, PartialEq)]
pub struct DeadLetter {
    pub batch: Batch,
    pub condition: Condition,
}

/// `requestContext.condition` of a failure destination's message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    RetryAttemptsExhausted,
    RecordAgeExceeded,
}

/// One partition queue's records and their state.
#[derive(Debug, Default)]
pub struct PartitionQueue {
    /// Records that are not in a batch yet.
    queue: VecDeque<Arc<Record>>,
    /// When the first of these records arrived, in milliseconds since the epoch.
    queued_since_ms: Option<u64>,
    /// Batches that are being retried; they come before the queue.
    retries: VecDeque<Batch>,
    out: Option<Batch>,
    /// A batch that was given up and is not reported yet.
    given_up: Option<DeadLetter>,
    failures_in_a_row: u32,
    not_before_ms: u64,
}

impl PartitionQueue {
    pub fn push(&mut self, record: Arc<Record>, now_ms: u64) {
        self.queued_since_ms.get_or_insert(now_ms);
        self.queue.push_back(record);
    }

    /// Records of the partition queue that are not done.
    pub fn held(&self) -> usize {
        let retried: usize = self.retries.iter().map(|batch| batch.records.len()).sum();
        let out = self.out.as_ref().map_or(0, |batch| batch.records.len());
        let given_up = self.given_up.as_ref().map_or(0, |given_up| given_up.batch.records.len());
        self.queue.len() + retried + out + given_up
    }

    pub fn out(&self) -> Option<&[Arc<Record>]> {
        self.out.as_ref().map(|batch| batch.records.as_slice())
    }

    /// What to do at `now_ms`.
    pub fn step(&mut self, settings: &PartitionQueueSettings, now_ms: u64) -> Step {
        if self.out.is_some() {
            return Step::Rest;
        }
        if let Some(given_up) = self.given_up.take() {
            return Step::GiveUp(given_up);
        }
        if let Some(expired) = self.take_expired(settings, now_ms) {
            return Step::GiveUp(DeadLetter { batch: expired, condition: Condition::RecordAgeExceeded });
        }
        if now_ms < self.not_before_ms {
            return if self.held() == 0 { Step::Rest } else { Step::WaitUntil(self.not_before_ms) };
        }
        let batch = match self.retries.pop_front() {
            Some(batch) => batch,
            None => match self.next_batch(settings, now_ms) {
                Ok(batch) => batch,
                Err(step) => return step,
            },
        };
        let records = batch.records.clone();
        self.out = Some(batch);
        Step::Invoke(records)
    }

    /// Applies the function's outcome to the batch in flight. Returns the records that are done.
    pub fn settle(
        &mut self,
        settings: &PartitionQueueSettings,
        attempt: Attempt<'_>,
        outcome: &BatchOutcome,
        now_ms: u64,
    ) -> Vec<Arc<Record>> {
        let Some(batch) = self.out.take() else { return Vec::new() };
        let mut done = batch.records.clone();
        match batch.settle(attempt, outcome, settings.retry) {
            Remainder::Nothing => self.reset_backoff(),
            Remainder::Exhausted(batch) => {
                done.clear();
                self.given_up = Some(DeadLetter { batch, condition: Condition::RetryAttemptsExhausted });
                self.reset_backoff();
            }
            Remainder::Retry(rest) => {
                let left: usize = rest.iter().map(|batch| batch.records.len()).sum();
                if left < done.len() {
                    self.reset_backoff();
                }
                done.truncate(done.len() - left);
                for batch in rest.into_iter().rev() {
                    self.retries.push_front(batch);
                }
                self.back_off(now_ms);
            }
        }
        // The next window begins when this invocation ends (docs/aws-behaviour.md#lambda-batches).
        self.queued_since_ms = (!self.queue.is_empty()).then_some(now_ms);
        done
    }

    fn next_batch(&mut self, settings: &PartitionQueueSettings, now_ms: u64) -> Result<Batch, Step> {
        let Some(since_ms) = self.queued_since_ms else { return Err(Step::Rest) };
        let len =
            Batch::len_of_first(self.queue.iter().cloned(), settings.batch_size, settings.envelope_bytes);
        let due_ms = since_ms + settings.window_ms;
        if !len.full && now_ms < due_ms {
            return Err(Step::WaitUntil(due_ms));
        }
        let records = self.queue.drain(..len.records).collect();
        Ok(Batch::new(records))
    }

    /// Expired records leave one by one; the rest of their batch continues (docs/aws-behaviour.md#lambda-failures).
    fn take_expired(&mut self, settings: &PartitionQueueSettings, now_ms: u64) -> Option<Batch> {
        let oldest_ms = now_ms.checked_sub(settings.record_age_max_ms?)?;
        if let Some(batch) = self.retries.front_mut() {
            let expired = batch.take_expired(oldest_ms);
            if batch.records.is_empty() {
                self.retries.pop_front();
                self.reset_backoff();
            }
            return expired;
        }
        let expired = self.queue.pop_front_if(|record| record.arrived_ms < oldest_ms)?;
        if self.queue.is_empty() {
            self.queued_since_ms = None;
        }
        Some(Batch::new(vec![expired]))
    }

    fn reset_backoff(&mut self) {
        self.failures_in_a_row = 0;
        self.not_before_ms = 0;
    }

    fn back_off(&mut self, now_ms: u64) {
        let wait_ms =
            BACKOFF_FIRST_MS.saturating_mul(1 << self.failures_in_a_row.min(16)).min(BACKOFF_MAX_MS);
        self.failures_in_a_row += 1;
        self.not_before_ms = now_ms + wait_ms;
    }
}
