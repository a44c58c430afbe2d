//! The limits of the library, each with its unit and reason.

use std::time::Duration;

/// The largest message `@connections` accepts for one client: 128 KB.
pub const POST_BYTES_MAX: usize = 131_072;

/// The largest SQS message that every region and emulator takes: 256 KB.
pub const DEAD_LETTER_BYTES_MAX: usize = 262_144;

/// The largest message that is read as a probe: 1 KB.
pub const PROBE_BYTES_MAX: usize = 1_024;

/// How much of an error's text goes into logs and dead letters.
pub const ERROR_TEXT_BYTES_MAX: usize = 4_096;

/// Connections whose records are handled side by side in one batch.
pub const CONNECTIONS_AT_ONCE: usize = 64;

/// How long one record may be retried within one invocation.
pub const RECORD_RETRY: Duration = Duration::from_secs(2);

/// How long after the start of a batch its records may still be retried.
pub const BATCH_RETRY: Duration = Duration::from_secs(10);

/// Deliveries of a record that keeps failing before it goes to the dead-letter queue.
///
/// Below the event source mapping's own eleven (`maximum_retry_attempts = 10`), so that the function publishes
/// the whole record before the mapping gives it up with nothing but its position.
pub const DELIVERIES_MAX: u32 = 5;

/// Attempts at one record, or at one post, within one delivery, beside the quick ones of [`SUSPECT_RETRY`].
pub const ATTEMPTS_MAX: u32 = 10;

/// The longest wait before the first retry; each further one may be twice as long.
pub const BACKOFF_FIRST: Duration = Duration::from_millis(50);

/// The longest wait between two attempts.
pub const BACKOFF_LONGEST: Duration = Duration::from_secs(1);

/// How long a record is tried quickly whose connection seems to fail for a reason of its own: by then that is known.
pub const SUSPECT_RETRY: Duration = Duration::from_millis(150);

/// The longest wait before the first quick retry; each further one may be twice as long.
pub const SUSPECT_BACKOFF_FIRST: Duration = Duration::from_millis(5);

/// The longest wait between two quick retries.
pub const SUSPECT_BACKOFF_LONGEST: Duration = Duration::from_millis(20);

/// Below this likelihood of being like the others, a connection is tried quickly. Being wrong costs nothing.
pub const SUSPECT_LIKELIHOOD: f64 = 0.05;

/// Below this likelihood of being like the others, a connection is quarantined. Being wrong sends a record to the
/// dead-letter queue that others' luck would have saved.
pub const QUARANTINE_LIKELIHOOD: f64 = 1e-6;

/// Failures in a row without which no connection is quarantined, whatever the others meet.
pub const QUARANTINE_FAILURES_MIN: u32 = 4;

/// How close to a connection's first failure the attempts of others must be to count as evidence.
pub const OTHERS_WITHIN: Duration = Duration::from_secs(5);

/// The latest attempts of other connections that count as evidence: few enough that those before an outage are forgotten.
pub const OTHERS_ATTEMPTS_MAX: usize = 64;

/// How recently others must have failed or succeeded to say whether most of them fail now.
pub const NEIGHBOURS_WITHIN: Duration = Duration::from_secs(1);

/// Attempts of one batch that are this near to each other met the same endpoint.
pub const SAME_MOMENT: Duration = Duration::from_millis(20);

/// Outcomes of attempts that a warm environment remembers.
pub const OUTCOMES_MAX: usize = 512;

/// How long after its last failure a quarantined connection is not tried twice.
pub const QUARANTINE_TIME: Duration = Duration::from_secs(60);

/// Quarantined connections that a warm environment remembers.
pub const QUARANTINED_MAX: usize = 1_000;

/// Failing connections whose failures in a row a warm environment counts.
pub const STREAKS_MAX: usize = 1_000;

/// Time kept free before Lambda's deadline to publish dead letters and to answer; a quarter of what is left if less.
pub const DEADLINE_MARGIN: Duration = Duration::from_secs(1);

/// Time kept free before Lambda's deadline for the answer alone.
pub const ANSWER_MARGIN: Duration = Duration::from_millis(200);

/// How long records wait for a dead-letter queue that refuses, from its first refusal on and for all of them together.
/// All later records wait that long, once for each outage of the queue.
pub const DEAD_LETTER_PATIENCE: Duration = Duration::from_secs(3);

/// How long after its last refusal the queue's outage is forgotten.
pub const OUTAGE_FORGOTTEN: Duration = Duration::from_secs(60);

/// The shortest time before the queue is offered again what was set aside; each further one is twice as long.
pub const REPORT_AGAIN_FIRST: Duration = Duration::from_secs(1);

/// The longest time before the queue is offered again what was set aside.
pub const REPORT_AGAIN_LONGEST: Duration = Duration::from_secs(30);

/// How much longer a batch may take to report what was set aside before.
pub const REPORT_LATE_TIME: Duration = Duration::from_millis(250);

/// Records that are set aside in a warm environment.
pub const SET_ASIDE_MAX: usize = 1_000;

/// Bytes of the messages that are set aside: a function has 128 MB.
pub const SET_ASIDE_BYTES_MAX: usize = 8 * 1_048_576;

/// Finished records that a warm environment remembers: the largest batch a mapping can deliver.
pub const REMEMBERED_RECORDS_MAX: usize = 10_000;

/// How long a finished record is remembered: long enough for Lambda to redeliver it, short enough that a stream
/// redriven on purpose is not taken for a redelivery.
pub const REMEMBERED_FOR: Duration = Duration::from_secs(300);

/// Failing records whose deliveries a warm environment counts.
pub const FAILING_RECORDS_MAX: usize = 1_000;

/// How long opening a connection to an AWS endpoint may take.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// How long one request to an AWS endpoint may take, its connection included.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(3);

/// How long init waits for the callback endpoint to take a connection.
pub const WARM_UP_TIMEOUT: Duration = Duration::from_secs(1);

/// How much of an AWS endpoint's answer is read.
pub const RESPONSE_BYTES_MAX: usize = 65_536;

/// Values of one metric in a line of the embedded metric format: CloudWatch's own limit.
pub const METRIC_VALUES_MAX: usize = 100;

/// What a function may choose for itself, by [`Function`](crate::Function)'s methods.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub connections_at_once: usize,
    pub record_retry: Duration,
    pub batch_retry: Duration,
    pub deliveries: u32,
    pub dead_letter_patience: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_at_once: CONNECTIONS_AT_ONCE,
            record_retry: RECORD_RETRY,
            batch_retry: BATCH_RETRY,
            deliveries: DELIVERIES_MAX,
            dead_letter_patience: DEAD_LETTER_PATIENCE,
        }
    }
}
