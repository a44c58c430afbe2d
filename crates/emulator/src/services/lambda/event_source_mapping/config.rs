//! An event source mapping's settings, with the limits that the Lambda API puts on them.

use std::time::SystemTime;

/// What an event source mapping does. The ranges are those of CreateEventSourceMapping.
#[derive(Debug, Clone, PartialEq)]
pub struct MappingConfig {
    /// The mapping's id.
    pub uuid: String,
    /// The function's name, with the qualifier of a version or an alias.
    pub function_name: String,
    /// The stream's ARN, or a consumer's.
    pub event_source_arn: String,
    /// 1 to 10,000 records; 100 by default.
    pub batch_size: usize,
    /// 0 to 300 seconds.
    pub batching_window_s: u32,
    /// 1 to 10 batches of one shard at once; order holds per partition key.
    pub parallelization_factor: u32,
    /// Split a failed batch in two before it is retried.
    pub bisect_on_error: bool,
    /// 0 to 10,000; `None` (-1): until the record expires.
    pub maximum_retry_attempts: Option<u32>,
    /// 60 to 604,800 seconds; `None` (-1): no limit.
    pub maximum_record_age_s: Option<u32>,
    /// `ReportBatchItemFailures`.
    pub report_batch_item_failures: bool,
    /// ARN of the queue that is told what was given up.
    pub on_failure_arn: Option<String>,
    /// Event filter patterns (JSON text); a record passes if any matches. None: every record passes.
    pub filters: Vec<String>,
    /// Where a shard without a checkpoint begins.
    pub starting_position: StartingPosition,
    /// Whether it runs.
    pub enabled: bool,
}

impl MappingConfig {
    /// The function's name alone, as injected faults know it.
    pub fn unqualified_name(&self) -> &str {
        self.function_name.split(':').next().unwrap_or(&self.function_name)
    }
}

/// `StartingPosition`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartingPosition {
    /// The oldest record that the stream still has.
    TrimHorizon,
    /// After the newest record at the moment the mapping is created.
    Latest,
    /// The first record that arrived at this time or later.
    AtTimestamp(SystemTime),
}
