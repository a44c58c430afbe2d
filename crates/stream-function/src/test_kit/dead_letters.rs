//! A dead-letter queue in memory.

use std::sync::Mutex;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tokio::time::Instant;

use crate::batch::lock;
use crate::connections::BoxFuture;
use crate::dead_letters::DeadLetterQueue;

/// A record in the dead-letter queue, read back from its message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TestDeadLetter {
    /// [`DeadLetterReason::name`](crate::DeadLetterReason::name).
    pub reason: String,
    /// The error and its causes.
    pub error: String,
    /// The record's complete data; `None` if it was too large for SQS.
    pub data: Option<Vec<u8>>,
    /// The record's partition key: the connection id, as the gateway's template has it.
    pub partition_key: String,
    /// The number of deliveries to the environment.
    pub deliveries: u64,
    /// The whole message.
    pub message: Value,
}

impl TestDeadLetter {
    pub(super) fn read(message: &str) -> Result<Self, serde_json::Error> {
        let message: Value = serde_json::from_str(message)?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Ok(Self {
            reason: text(&message["reason"]),
            error: text(&message["error"]),
            data: message["record"]["data"].as_str().and_then(|data| STANDARD.decode(data).ok()),
            partition_key: text(&message["record"]["partitionKey"]),
            deliveries: message["deliveries"].as_u64().unwrap_or_default(),
            message,
        })
    }
}

/// The time for which the queue accepts no messages.
#[derive(Clone, Copy, Debug)]
pub(super) enum Refusal {
    Always,
    Until(Instant),
}

#[derive(Default)]
pub(super) struct FakeDeadLetterQueue {
    published: Mutex<Vec<TestDeadLetter>>,
    refuses_until: Mutex<Option<Refusal>>,
}

impl FakeDeadLetterQueue {
    pub fn published(&self) -> Vec<TestDeadLetter> {
        lock(&self.published).clone()
    }

    pub fn refuse(&self, refusal: Option<Refusal>) {
        *lock(&self.refuses_until) = refusal;
    }

    fn refuses(&self) -> bool {
        match *lock(&self.refuses_until) {
            None => false,
            Some(Refusal::Always) => true,
            Some(Refusal::Until(end)) => Instant::now() < end,
        }
    }
}

impl DeadLetterQueue for FakeDeadLetterQueue {
    fn publish<'a>(&'a self, message: &'a str) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(async move {
            if self.refuses() {
                return Err("the queue does not exist".into());
            }
            let dead_letter = TestDeadLetter::read(message).map_err(|error| error.to_string())?;
            lock(&self.published).push(dead_letter);
            Ok(())
        })
    }
}
