//! A fault queue in memory.

use std::sync::Mutex;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::batch::lock;
use crate::connections::BoxFuture;
use crate::fault::FaultQueue;

/// A record in the fault queue, read back from its message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TestFault {
    /// [`FaultReason::name`](crate::FaultReason::name).
    pub reason: String,
    /// The error and its causes.
    pub error: String,
    /// The record's data, whole; nothing where it was too large for SQS.
    pub data: Option<Vec<u8>>,
    /// The record's partition key: the connection id, as the gateway's template has it.
    pub partition_key: String,
    /// How many deliveries the environment has seen.
    pub deliveries: u64,
    /// The whole message.
    pub message: Value,
}

#[derive(Default)]
pub(super) struct FakeFaultQueue {
    published: Mutex<Vec<TestFault>>,
    refuses: Mutex<bool>,
}

impl FakeFaultQueue {
    pub fn published(&self) -> Vec<TestFault> {
        lock(&self.published).clone()
    }

    pub fn refuse(&self, refuses: bool) {
        *lock(&self.refuses) = refuses;
    }
}

impl FaultQueue for FakeFaultQueue {
    fn publish<'a>(&'a self, message: &'a str) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(async move {
            if *lock(&self.refuses) {
                return Err("the queue does not exist".into());
            }
            let message: Value = serde_json::from_str(message).map_err(|error| error.to_string())?;
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let fault = TestFault {
                reason: text(&message["reason"]),
                error: text(&message["error"]),
                data: message["record"]["data"].as_str().and_then(|data| STANDARD.decode(data).ok()),
                partition_key: text(&message["record"]["partitionKey"]),
                deliveries: message["deliveries"].as_u64().unwrap_or_default(),
                message,
            };
            lock(&self.published).push(fault);
            Ok(())
        })
    }
}
