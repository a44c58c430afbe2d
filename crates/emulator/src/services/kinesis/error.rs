//! The error of this service.

use crate::core::identity::Denied;
use serde_json::{Value, json};

/// A refusal in the words of the Kinesis API.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{code}: {message}")]
pub struct KinesisError {
    pub status: u16,
    /// Such as `ProvisionedThroughputExceededException`.
    pub code: String,
    pub message: String,
}

impl KinesisError {
    /// The body of the wire API's answer.
    pub fn to_json(&self) -> Value {
        json!({"__type": self.code, "message": self.message})
    }

    /// The answer of a shard over its write limit, and of an injected fault.
    pub(super) fn throttled(stream: &str, shard_id: &str) -> Self {
        let message = format!("Rate exceeded for shard {shard_id} in stream {stream}.");
        Self::client("ProvisionedThroughputExceededException", &message)
    }

    pub(super) fn client(code: &str, message: &str) -> Self {
        Self { status: 400, code: code.into(), message: message.into() }
    }

    pub(super) fn internal(message: &str) -> Self {
        Self { status: 500, code: "InternalFailure".into(), message: message.into() }
    }

    pub(super) fn denied(denied: &Denied) -> Self {
        Self { status: 400, code: "AccessDeniedException".into(), message: format!("User: {denied}") }
    }
}
