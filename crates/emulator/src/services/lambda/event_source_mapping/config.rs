//! An event source mapping's settings, within the limits of the Lambda API.

use std::time::SystemTime;

/// What an event source mapping does. The ranges are those of CreateEventSourceMapping.
#[derive(Debug, Clone, PartialEq)]
pub struct MappingConfig {
    pub uuid: String,
    /// The function's name, with the qualifier of a version or an alias.
    pub function_name: String,
    /// The stream's ARN, or a consumer's.
    pub event_source_arn: String,
    /// 1 to 10,000 records; 100 by default.
    pub batch_size: usize,
    /// 0 to 300 seconds.
    pub batching_window_s: u32,
    /// 1 to 10 concurrent batches of one shard; order holds per partition key.
    pub parallelization_factor: u32,
    /// Whether a failed batch is split in two before the retry.
    pub bisect_on_error: bool,
    /// 0 to 10,000; `None` (-1): until the record expires.
    pub maximum_retry_attempts: Option<u32>,
    /// 60 to 604,800 seconds; `None` (-1): no limit.
    pub maximum_record_age_s: Option<u32>,
    /// `ReportBatchItemFailures`.
    pub report_batch_item_failures: bool,
    /// ARN of the queue for reports of given-up records.
    pub on_failure_arn: Option<String>,
    /// Event filter patterns (JSON text); a record needs to match only one. Empty: every record passes.
    pub filters: Vec<String>,
    /// Where a shard without a checkpoint begins.
    pub starting_position: StartingPosition,
    pub enabled: bool,
}

impl MappingConfig {
    /// The function's name alone, as injected faults know it.
    pub fn unqualified_name(&self) -> &str {
        self.function_name.split(':').next().unwrap_or(&self.function_name)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartingPosition {
    /// The oldest record that the stream still has.
    TrimHorizon,
    /// After the newest record at the time when the mapping is created.
    Latest,
    /// The first record that arrived at this time or later.
    AtTimestamp(SystemTime),
}
