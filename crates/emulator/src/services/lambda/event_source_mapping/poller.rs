//! A shard's poller: what a mapping does next with one shard. Pure; records, answers and time are passed in.
//!
//! The driver calls [`Poller::next`] and does what it returns until that is to wait, and reports the results. So the
//! same decisions run in an emulator and in a simulation with its own clock.

use super::batch::{Attempt, BatchOutcome, INVOCATION_BYTES_MAX};
use super::checkpoint::Checkpoint;
use super::partition_queue::{DeadLetter, PartitionQueue, PartitionQueueSettings, Step};
use crate::services::kinesis::Record;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

/// Records read from a shard and not yet done, at most: how far a healthy partition queue may run ahead of a failing
/// one.
pub const READ_AHEAD_RECORDS_MAX: usize = 20_000;
/// Base64 bytes of such records, at most: ten full invocations, unless a single record is larger.
pub const READ_AHEAD_BYTES_MAX: usize = 10 * INVOCATION_BYTES_MAX;
/// Records in one read of the stream, at most.
pub const READ_RECORDS_MAX: usize = 10_000;
/// Milliseconds before a source that could not be read is tried again.
pub const READ_RETRY_MS: u64 = 1_000;

#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// Read up to `limit` records after this one, then call [`Poller::take`] or [`Poller::read_later`].
    Read {
        /// `None`: from the shard's beginning.
        after: Option<Arc<str>>,
        limit: usize,
    },
    /// Invoke the function with this batch and go on; when it answers, call [`Poller::settle`].
    Invoke {
        queue: usize,
        records: Vec<Arc<Record>>,
    },
    /// Report to the failure destination, then call [`Poller::passed`].
    GiveUp(DeadLetter),
    /// Nothing until this time (milliseconds since the epoch), if there is one, or until something happens.
    Wait {
        /// `None`: only an append, an answer or a change leads to more.
        until_ms: Option<u64>,
    },
    End(End),
}

/// How a shard's task ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The shard is closed and everything in it is done.
    Drained,
    /// It was stopped, and nothing is in flight.
    Stopped,
}

/// One shard's partition queues, its checkpoint, and the state of the shard.
#[derive(Debug)]
pub struct Poller {
    settings: PartitionQueueSettings,
    queues: Vec<PartitionQueue>,
    checkpoint: Checkpoint,
    /// Bytes of data in the partition queues.
    held_bytes: usize,
    /// Whether the shard may have records that were not read.
    has_more: bool,
    is_closed: bool,
    is_stopping: bool,
    read_not_before_ms: u64,
}

impl Poller {
    /// Begins after a record; `None`: at the shard's beginning.
    pub fn new(settings: PartitionQueueSettings, queues: usize, from: Option<Arc<str>>) -> Self {
        Self {
            settings,
            queues: (0..queues.max(1)).map(|_| PartitionQueue::default()).collect(),
            checkpoint: Checkpoint::at(from),
            held_bytes: 0,
            has_more: true,
            is_closed: false,
            is_stopping: false,
            read_not_before_ms: 0,
        }
    }

    /// The last record up to which everything is done; `None`: the shard's beginning.
    pub fn checkpoint(&self) -> Option<&Arc<str>> {
        self.checkpoint.through()
    }

    pub fn appended(&mut self) {
        self.has_more = true;
    }

    /// The shard takes no more records, because it was split or merged. One more read finds its last ones.
    pub fn closed(&mut self) {
        if !self.is_closed {
            self.is_closed = true;
            self.has_more = true;
        }
    }

    /// Begins no more invocations. Those in flight finish first, so that no record is delivered twice without need.
    pub fn stop(&mut self) {
        self.is_stopping = true;
    }

    pub fn is_stopping(&self) -> bool {
        self.is_stopping
    }

    /// Maximum age of a record in milliseconds: the mapping's limit or the stream's retention.
    pub fn set_record_age_max(&mut self, record_age_max_ms: Option<u64>) {
        self.settings.record_age_max_ms = record_age_max_ms;
    }

    /// Bytes of a record's envelope in the event, which may change with the function's role.
    pub fn set_envelope_bytes(&mut self, envelope_bytes: usize) {
        self.settings.envelope_bytes = envelope_bytes;
    }

    /// What to do at `now_ms`.
    pub fn next(&mut self, now_ms: u64) -> Next {
        if self.is_stopping {
            let in_flight = self.queues.iter().any(|queue| queue.out().is_some());
            return if in_flight { Next::Wait { until_ms: None } } else { Next::End(End::Stopped) };
        }
        // Two batches per partition queue are enough, ...
        let enough = 2 * self.settings.batch_size * self.queues.len();
        let held: usize = self.queues.iter().map(PartitionQueue::held).sum();
        if held < enough
            && let Some(read) = self.read(enough, now_ms)
        {
            return read;
        }
        let mut until_ms = self.has_more.then_some(self.read_not_before_ms).filter(|at_ms| *at_ms > now_ms);
        for (index, queue) in self.queues.iter_mut().enumerate() {
            match queue.step(&self.settings, now_ms) {
                Step::Rest => {}
                Step::WaitUntil(at_ms) => {
                    until_ms = Some(until_ms.map_or(at_ms, |other| other.min(at_ms)));
                }
                Step::GiveUp(given_up) => return Next::GiveUp(given_up),
                Step::Invoke(records) => return Next::Invoke { queue: index, records },
            }
        }
        // ... unless one partition queue has everything and the others starve.
        if self.queues.iter().any(|queue| queue.held() == 0)
            && let Some(read) = self.read(enough, now_ms)
        {
            return read;
        }
        if self.is_closed && !self.has_more && self.checkpoint.ahead() == 0 {
            return Next::End(End::Drained);
        }
        Next::Wait { until_ms }
    }

    fn read(&mut self, enough: usize, now_ms: u64) -> Option<Next> {
        let room = READ_AHEAD_RECORDS_MAX.saturating_sub(self.checkpoint.ahead());
        let limit = room.min(READ_RECORDS_MAX).min(enough);
        // Half of the bytes must be free: records of a read that exceed the limit are read again.
        let is_full = self.held_bytes > READ_AHEAD_BYTES_MAX / 2;
        if limit == 0 || is_full || !self.has_more || now_ms < self.read_not_before_ms {
            return None;
        }
        self.has_more = false;
        Some(Next::Read { after: self.checkpoint.read_through().cloned(), limit })
    }

    /// Takes the result of a read for `limit` records. Records that do not pass the filters are done.
    pub fn take(
        &mut self,
        records: Vec<Record>,
        limit: usize,
        passes: impl Fn(&Record) -> bool,
        now_ms: u64,
    ) {
        self.has_more |= records.len() >= limit;
        for record in records {
            let passes = passes(&record);
            if passes && self.held_bytes > 0 && self.held_bytes + record.data.len() > READ_AHEAD_BYTES_MAX {
                self.has_more = true;
                break;
            }
            self.checkpoint.read(record.sequence_number.clone());
            if passes {
                self.held_bytes += record.data.len();
                let queue = self.queue_of(&record.partition_key);
                self.queues[queue].push(Arc::new(record), now_ms);
            } else {
                self.checkpoint.done(&record.sequence_number);
            }
        }
    }

    /// The source could not be read, and is not read again before this time.
    pub fn read_later(&mut self, not_before_ms: u64) {
        self.has_more = true;
        self.read_not_before_ms = not_before_ms;
    }

    /// The records of a partition queue that are in flight.
    pub fn out(&self, queue: usize) -> Option<&[Arc<Record>]> {
        self.queues[queue].out()
    }

    /// Applies the function's outcome to a partition queue's batch.
    pub fn settle(&mut self, queue: usize, attempt: Attempt<'_>, outcome: &BatchOutcome, now_ms: u64) {
        for record in self.queues[queue].settle(&self.settings, attempt, outcome, now_ms) {
            self.held_bytes -= record.data.len();
            self.checkpoint.done(&record.sequence_number);
        }
    }

    /// Given-up records were reported, and are done.
    pub fn passed(&mut self, given_up: &DeadLetter) {
        for record in &given_up.batch.records {
            self.held_bytes -= record.data.len();
            self.checkpoint.done(&record.sequence_number);
        }
    }

    /// A partition key always belongs to the same partition queue, whatever else is in the shard.
    fn queue_of(&self, partition_key: &str) -> usize {
        if self.queues.len() == 1 {
            return 0;
        }
        let mut hasher = DefaultHasher::new();
        partition_key.hash(&mut hasher);
        (hasher.finish() % self.queues.len() as u64) as usize
    }
}
