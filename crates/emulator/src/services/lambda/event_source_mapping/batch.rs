//! Batches: which records share an invocation, and what is left of them afterwards.

use super::event::record_bytes;
use crate::services::kinesis::Record;
use crate::services::lambda::invocation::config::LATEST;
use std::sync::Arc;

/// Bytes of an invocation's payload, at most (6 MB).
pub const INVOCATION_BYTES_MAX: usize = 6 * 1_048_576;

/// Records of one partition queue for one invocation.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// In the order of their sequence numbers; never empty.
    pub records: Vec<Arc<Record>>,
    /// Failed attempts that count towards the maximum number of retries.
    pub failures: u32,
    /// Invocations so far, without throttled ones.
    pub invocations: u32,
    /// The last of these invocations.
    pub last: Option<Invocation>,
}

/// An invocation that did not finish its records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
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
    Done,
    /// Everything before this record is done; the record and all after it are not.
    DoneBefore(Arc<str>),
    /// The function failed; no record is done.
    Failed,
    /// The function reported failures of records that are not in the batch; no record is done.
    Malformed,
    /// The function's code did not run; the attempt does not count.
    NotInvoked,
}

/// What happens to a batch after an outcome.
#[derive(Debug, Clone, PartialEq)]
pub enum Remainder {
    /// Nothing is left.
    Nothing,
    /// These batches follow, in this order.
    Retry(Vec<Batch>),
    /// The batch has used up its attempts.
    Exhausted(Batch),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryLimits {
    /// Whether to split before retrying.
    pub bisect: bool,
    /// Retries after the first attempt; `None`: until the records expire.
    pub retries_max: Option<u32>,
}

impl Batch {
    /// The first records of a queue that fit one invocation: at least one, at most `records_max`, and no more than
    /// [`INVOCATION_BYTES_MAX`] of event, in which each record has an envelope of `envelope_bytes`.
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

    /// A batch before its first attempt.
    pub fn new(records: Vec<Arc<Record>>) -> Self {
        Self { records, failures: 0, invocations: 0, last: None }
    }

    /// What remains to be done after an invocation.
    ///
    /// Progress resets the count of failures, and splitting does not add to it (docs/aws-behaviour.md#lambda-mappings,
    /// #lambda-reports). A report of the first record is not progress; with bisection the batch is then halved, since
    /// otherwise the record would never be isolated.
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
            // With bisection the batch splits at the reported record, and its first part is done.
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

/// How many records a batch would take, and whether it is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchLen {
    pub records: usize,
    /// Whether a limit ended it, rather than the queue's end.
    pub full: bool,
}
