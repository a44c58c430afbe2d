//! Batches: which records go into one invocation, and what is left of them afterwards.

use super::event::record_bytes;
use crate::services::kinesis::Record;
use crate::services::lambda::invocation::config::LATEST;
use std::sync::Arc;

/// Bytes of one invocation's payload, at most (6 MB).
pub const INVOCATION_BYTES_MAX: usize = 6 * 1_048_576;

/// Records of one partition queue that are handed over together.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// In the order of their sequence numbers; never empty.
    pub records: Vec<Arc<Record>>,
    /// Failed attempts that count against the maximum of retries.
    pub failures: u32,
    /// Invocations so far, throttled ones aside.
    pub invocations: u32,
    /// The last of these invocations.
    pub last: Option<Invocation>,
}

/// An invocation that left records undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// Its id.
    pub request_id: String,
    /// The version that ran.
    pub version: String,
    /// Whether the function failed as a whole, which a report of failed records is not.
    pub function_error: bool,
}

/// An invocation of a batch.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// Its id.
    pub request_id: &'a str,
    /// The version that ran.
    pub version: &'a str,
}

impl<'a> From<&'a str> for Attempt<'a> {
    /// An invocation of `$LATEST` by its id.
    fn from(request_id: &'a str) -> Self {
        Self { request_id, version: LATEST }
    }
}

/// What a function's answer says of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BatchOutcome {
    /// Every record is done.
    Done,
    /// Everything before this record is done; it and all after it are not.
    DoneBefore(Arc<str>),
    /// The function failed: no record is done.
    Failed,
    /// The function answered with a report that names no record of the batch: no record is done.
    Malformed,
    /// The function's code was not reached; nothing counts.
    NotInvoked,
}

/// How a batch goes on after a outcome.
#[derive(Debug, Clone, PartialEq)]
pub enum Remainder {
    /// Nothing is left.
    Nothing,
    /// These batches, in this order.
    Retry(Vec<Batch>),
    /// This batch has used up its attempts.
    Exhausted(Batch),
}

/// The limits that decide over a failed batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryLimits {
    /// Split before retrying.
    pub bisect: bool,
    /// Retries after the first attempt; `None`: until the records expire.
    pub retries_max: Option<u32>,
}

impl Batch {
    /// The first records of a queue that one invocation can take: at least one, at most `records_max`, and no
    /// more than make an event of [`INVOCATION_BYTES_MAX`], whose records have an envelope of so many bytes.
    pub fn len_of_first(
        queue: impl IntoIterator<Item = Arc<Record>>,
        records_max: usize,
        envelope_bytes: usize,
    ) -> BatchLen {
        let mut bytes = 0;
        let mut records = 0;
        for record in queue {
            bytes += record_bytes(&record, envelope_bytes);
            if records > 0 && bytes > INVOCATION_BYTES_MAX {
                return BatchLen { records, full: true };
            }
            records += 1;
            if records == records_max {
                return BatchLen { records, full: true };
            }
        }
        BatchLen { records, full: false }
    }

    /// A batch that has not been tried.
    pub fn new(records: Vec<Arc<Record>>) -> Self {
        Self { records, failures: 0, invocations: 0, last: None }
    }

    /// What is left to do after an invocation.
    ///
    /// Progress resets the count of failures, and splitting does not add to it
    /// (docs/aws-behaviour.md#lambda-mappings, #lambda-reports). A report of the first record is no progress; under
    /// bisection the batch is then halved, or nothing would ever isolate it.
    pub fn settle(mut self, attempt: Attempt<'_>, outcome: &BatchOutcome, limits: RetryLimits) -> Remainder {
        match outcome {
            BatchOutcome::Done => return Remainder::Nothing,
            BatchOutcome::NotInvoked => return Remainder::Retry(vec![self]),
            BatchOutcome::DoneBefore(_) | BatchOutcome::Failed | BatchOutcome::Malformed => {
                self.invocations += 1;
            }
        }
        let function_error = *outcome == BatchOutcome::Failed;
        let Attempt { request_id, version } = attempt;
        self.last =
            Some(Invocation { request_id: request_id.into(), version: version.into(), function_error });
        if let BatchOutcome::DoneBefore(first_left) = outcome
            && let Some(index) = self.records.iter().position(|record| record.sequence_number == *first_left)
            && index > 0
        {
            // Under bisection the reported record is where the batch splits; its first part is done.
            let records = self.records.split_off(index);
            return Remainder::Retry(vec![Self { records, failures: 0, invocations: 0, last: self.last }]);
        }
        if limits.bisect && self.records.len() > 1 {
            let second = self.records.split_off(self.records.len() / 2);
            let second = Self { records: second, ..self.clone() };
            return Remainder::Retry(vec![self, second]);
        }
        self.failures += 1;
        match limits.retries_max {
            Some(retries_max) if self.failures > retries_max => Remainder::Exhausted(self),
            _ => Remainder::Retry(vec![self]),
        }
    }

    /// Takes out the first record that arrived before `oldest_ms`.
    pub fn take_expired(&mut self, oldest_ms: u64) -> Option<Self> {
        let index = self.records.iter().position(|record| record.arrived_ms < oldest_ms)?;
        let records = vec![self.records.remove(index)];
        Some(Self { records, last: self.last.clone(), ..*self })
    }
}

/// How many records a batch would take, and whether more could not be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchLen {
    /// Records.
    pub records: usize,
    /// Whether a limit, not the queue's end, ended it.
    pub full: bool,
}
