//! The gateway's limits, each with its unit (docs/aws-behaviour.md#apigateway-frames, #apigateway-quotas,
//! #apigateway-connections).

use std::time::Duration;

/// Bytes of one WebSocket frame from a client, at most; more closes with 1009.
pub const FRAME_BYTES_MAX: usize = 32 * 1_024;
/// Bytes of one message in either direction, at most.
pub const MESSAGE_BYTES_MAX: usize = 128 * 1_024;
/// Without a data message in either direction for this long, a connection is closed.
pub const IDLE_MAX: Duration = Duration::from_secs(10 * 60);
/// No connection lasts longer.
pub const LIFETIME_MAX: Duration = Duration::from_secs(2 * 60 * 60);
/// An authorizer's function must answer in this time: an integration's own, since AWS publishes none.
pub const AUTHORIZER_MAX: Duration = Duration::from_secs(29);
/// Characters of a handshake's URL, query included, at most.
pub const URL_CHARS_MAX: usize = 4_096;
/// Functions that messages of one client may be running at the same time; then it is not read. AWS publishes no figure.
pub const CALLS_MAX: usize = 32;
/// Messages that wait for one slow client, at most; then `@connections` answers 429. AWS publishes no figure.
pub const QUEUED_MESSAGES_MAX: usize = 1_024;
/// Bytes that wait for one slow client, at most; then `@connections` answers 429. AWS publishes no figure.
pub const QUEUED_BYTES_MAX: usize = 4 * 1_024 * 1_024;
/// A client that does not finish a request's head in this time is let go; so is one that keeps a connection open
/// and asks nothing, for which clients expect about a minute.
pub const REQUEST_HEAD_MAX: Duration = Duration::from_secs(75);
/// A client that does not answer a close frame in this time is cut off.
pub const CLOSE_MAX: Duration = Duration::from_secs(5);
/// The same while the emulator stops: twice this, since it is waited for its close frame and then for its socket, must
/// fit into [`STOP_MAX`](crate::STOP_MAX), so that its DISCONNECT is still recorded.
pub const CLOSE_MAX_STOPPING: Duration = Duration::from_secs(1);

/// How long connections last. Tests shorten it; everyone else has AWS's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timers {
    /// Without data either way.
    pub idle: Duration,
    /// At most.
    pub lifetime: Duration,
}

impl Default for Timers {
    fn default() -> Self {
        Self { idle: IDLE_MAX, lifetime: LIFETIME_MAX }
    }
}
