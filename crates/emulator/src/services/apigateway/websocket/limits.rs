//! The gateway's limits, each with its unit (docs/aws-behaviour.md#apigateway-frames, #apigateway-quotas,
//! #apigateway-connections).

use std::time::Duration;

/// Bytes of a frame from a client, at most; a larger one closes the connection with 1009.
pub const FRAME_BYTES_MAX: usize = 32 * 1_024;
/// Bytes of a message in either direction, at most.
pub const MESSAGE_BYTES_MAX: usize = 128 * 1_024;
/// A connection without a data message in either direction is closed after this time.
pub const IDLE_MAX: Duration = Duration::from_secs(10 * 60);
/// No connection lasts longer.
pub const LIFETIME_MAX: Duration = Duration::from_secs(2 * 60 * 60);
/// Timeout of an authorizer's function: an integration's, since AWS publishes none.
pub const AUTHORIZER_MAX: Duration = Duration::from_secs(29);
/// Characters of a handshake's URL with its query, at most.
pub const URL_CHARS_MAX: usize = 4_096;
/// Functions that messages of one client may be running at the same time; then it is not read. AWS publishes no figure.
pub const CALLS_MAX: usize = 32;
/// Messages that wait for one slow client, at most; then `@connections` answers 429. AWS publishes no figure.
pub const QUEUED_MESSAGES_MAX: usize = 1_024;
/// Bytes queued for one slow client, at most; then `@connections` answers 429. AWS publishes no figure.
pub const QUEUED_BYTES_MAX: usize = 4 * 1_024 * 1_024;
/// A client that does not complete a request's head within this time is disconnected, and so is one that keeps an idle
/// connection; clients expect about a minute for that.
pub const REQUEST_HEAD_MAX: Duration = Duration::from_secs(75);
/// A client that does not answer a close frame within this time is cut off.
pub const CLOSE_MAX: Duration = Duration::from_secs(5);
/// The same while the emulator stops. Twice this, once for the close frame and once for the socket, must fit into
/// [`STOP_MAX`](crate::STOP_MAX), so that DISCONNECT is still recorded.
pub const CLOSE_MAX_STOPPING: Duration = Duration::from_secs(1);

/// How long connections last; AWS's times, except in tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timers {
    /// Without data in either direction.
    pub idle: Duration,
    /// At most.
    pub lifetime: Duration,
}

impl Default for Timers {
    fn default() -> Self {
        Self { idle: IDLE_MAX, lifetime: LIFETIME_MAX }
    }
}
