//! A workload: connections, messages and functions, and the sizes that follow from them.

use serde::Serialize;

/// Bytes that the gateway's mapping template (`modules/gateway/templates/message.vtl`) adds to a payload, with the longest
/// likely route key and address.
pub const ENVELOPE_BYTES: u64 = 270;
/// Bytes of a partition key: the connection's id. They count towards a record's size.
pub const PARTITION_KEY_BYTES: u64 = 16;
/// Bytes that Lambda adds to each record in an event, in addition to its base64 data.
pub const EVENT_RECORD_BYTES: u64 = 600;
/// Bytes of one message unit of a WebSocket API's bill, and of its largest frame.
pub const MESSAGE_UNIT_BYTES: u64 = 32 * 1024;
/// Bytes of the largest message of a WebSocket API.
pub const MESSAGE_BYTES_MAX: u64 = 128 * 1024;
/// Bytes of the request with which Lambda invokes a function.
pub const INVOCATION_BYTES_MAX: u64 = 6 * 1024 * 1024;
/// Maximum minutes of a connection.
pub const CONNECTION_MINUTES_MAX: f64 = 120.0;

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, clap::ValueEnum)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StreamMode {
    /// Billed per shard and hour.
    Provisioned,
    /// Billed per GB.
    OnDemand,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Architecture {
    /// Intel and AMD.
    #[value(name = "x86_64")]
    #[serde(rename = "x86_64")]
    X86,
    /// Graviton, a fifth cheaper.
    Arm64,
}

/// One stack's load. Rates are those at the peak, which determine capacity and quotas. The bill is calculated with
/// `load_factor` times the peak.
#[derive(Clone, Debug, Serialize)]
pub struct Workload {
    /// Clients connected at the same time.
    pub connections: u64,
    /// Messages per second from all clients together, at the peak.
    pub messages_per_s: f64,
    /// Bytes of a client's message.
    pub message_bytes: u64,
    /// Mean rate over peak rate, above 0 and up to 1.
    pub load_factor: f64,
    /// Messages to clients per message from a client, of all functions together.
    pub answers_per_message: f64,
    /// Bytes of a message to a client.
    pub answer_bytes: u64,
    /// Whether the gateway answers each message with an `ack`.
    pub acknowledgements: bool,
    /// Mean minutes that a connection lasts; at most 120.
    pub connection_minutes: f64,
    /// Capacity mode of the stream.
    pub mode: StreamMode,
    /// Retention of the stream in hours: 24 to 8,760.
    pub retention_hours: u64,
    /// Part of a shard to leave free at the peak, because keys do not spread evenly.
    pub headroom: f64,
    /// Number of functions, each with its own consumer. All get every message and have the same settings.
    pub functions: u64,
    /// Megabytes of memory of a function.
    pub memory_mb: u64,
    /// CPU architecture of the functions.
    pub architecture: Architecture,
    /// Maximum records in a batch.
    pub batch_size: u64,
    /// Batching window in seconds.
    pub batching_window_s: f64,
    /// Batches of one shard processed at the same time: 1 to 10.
    pub parallelization_factor: u64,
    /// Duration of an invocation with a full batch, in milliseconds.
    pub invocation_ms: f64,
    /// Mean records in a batch, if known; otherwise it is estimated.
    pub mean_batch: Option<f64>,
    /// Bytes that an invocation logs.
    pub log_bytes: u64,
    /// Bytes that the API logs for each message; 0 without `logging`.
    pub api_log_bytes: u64,
    /// Whether the account has On-demand Advantage, which changes the prices of on-demand streams.
    pub advantage: bool,
    /// Execution environments that each function has ready all the time.
    pub provisioned_concurrency: u64,
}

impl Workload {
    /// Messages per second from all clients, averaged over a month.
    pub fn mean_messages_per_s(&self) -> f64 {
        self.messages_per_s * self.load_factor
    }

    /// Bytes of one record, as Kinesis counts them: data and partition key.
    pub fn record_bytes(&self) -> u64 {
        self.message_bytes + ENVELOPE_BYTES + PARTITION_KEY_BYTES
    }

    /// Handshakes per second that replace connections that end, if each lasts for the mean duration.
    pub fn connects_per_s(&self) -> f64 {
        self.connections as f64 / (self.connection_minutes * 60.0)
    }

    /// Records that fit in one invocation: the batch size, or as many as fit in 6 MB with base64.
    pub fn batch_records_max(&self) -> u64 {
        let data = (self.message_bytes + ENVELOPE_BYTES).div_ceil(3) * 4;
        self.batch_size.min(INVOCATION_BYTES_MAX / (data + EVENT_RECORD_BYTES)).max(1)
    }
}

/// Billed message units of a message; an empty one is one unit too.
pub fn message_units(bytes: u64) -> u64 {
    bytes.div_ceil(MESSAGE_UNIT_BYTES).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_envelope_is_that_of_the_stacks_own_template() {
        let template = include_str!("../../../../terraform/modules/gateway/templates/message.vtl");
        let event = template.split("#set($event = \"").nth(1).unwrap().split("\")").next().unwrap();
        let mut rendered = event.replace("\"\"", "\"").replace("$payload", "");
        for (variable, value) in [
            ("$context.connectionId", "Qyi07eCbtjMCJKw="),
            ("$context.routeKey", "a-rather-long-route-key"),
            ("$context.eventType", "MESSAGE"),
            ("$context.requestId", "RYG0LEicPHcFo_A="),
            ("$context.requestTimeEpoch", "1708326702790"),
            ("$context.connectedAt", "1708326702789"),
            ("$context.identity.sourceIp", "203.0.113.255"),
            ("$context.apiId", "a1b2c3d4e5"),
            ("$context.stage", "v1"),
        ] {
            assert!(rendered.contains(variable), "{variable} is gone from the template");
            rendered = rendered.replace(variable, value);
        }
        assert!(!rendered.contains('$'), "a variable that this test does not know: {rendered}");
        let bytes = rendered.len() as u64;
        assert!((ENVELOPE_BYTES - 20..=ENVELOPE_BYTES).contains(&bytes), "the envelope is {bytes} bytes");
    }

    #[test]
    fn messages_are_metered_by_32_kb() {
        assert_eq!(message_units(0), 1);
        assert_eq!(message_units(32 * 1024), 1);
        assert_eq!(message_units(33 * 1024), 2);
        assert_eq!(message_units(MESSAGE_BYTES_MAX), 4);
    }
}
