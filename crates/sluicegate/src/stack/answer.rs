//! A client that recognises its own messages when they come back.

use crate::entry::{Entry, Socket};
use anyhow::{Context as _, bail};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::tungstenite::Message;

/// The JSON member that marks a message of the checks.
const MARK: &str = "sluicegate";
/// Time limit of a handshake: a connection that hangs must not block the next attempt.
pub const HANDSHAKE_MAX: Duration = Duration::from_secs(10);

/// A connected client. `run` tells one run of the checks from another, `client` one client from another.
pub struct Client {
    run: String,
    client: u64,
    next: u64,
    socket: Socket,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Answers {
    /// The messages' numbers, in the order in which each came back first.
    pub order: Vec<u64>,
    /// Duplicates: delivery is at least once.
    pub repeated: u64,
}

impl Client {
    pub async fn connect(entry: &Entry, run: &str, client: u64) -> anyhow::Result<Self> {
        let socket = entry.connect(HANDSHAKE_MAX).await?;
        Ok(Self { run: run.to_owned(), client, next: 0, socket })
    }

    /// Sends `value` in a message; returns the message's number and text.
    pub async fn send(&mut self, value: &Value) -> anyhow::Result<(u64, Value)> {
        let number = self.next;
        self.next += 1;
        let message =
            json!({ MARK: { "run": self.run, "client": self.client, "number": number }, "value": value });
        self.socket.send(Message::text(message.to_string())).await.context("the connection was lost")?;
        Ok((number, message))
    }

    /// Waits until each of `sent` has come back unaltered, at most `time_limit` after the one before.
    pub async fn answers(
        &mut self,
        sent: Vec<(u64, Value)>,
        time_limit: Duration,
    ) -> anyhow::Result<Answers> {
        let mut waiting: HashMap<_, _> = sent.into_iter().collect();
        let mut answers = Answers { order: Vec::with_capacity(waiting.len()), repeated: 0 };
        let mut deadline = Instant::now() + time_limit;
        while !waiting.is_empty() {
            let Some(message) = self.receive(deadline).await? else {
                bail!(
                    "{} of {} messages did not come back within {} s",
                    waiting.len(),
                    waiting.len() + answers.order.len(),
                    time_limit.as_secs()
                );
            };
            let mark = &message[MARK];
            if mark.is_null() {
                if let Some(error) = message["message"].as_str() {
                    bail!("the gateway answered \"{error}\" (request {})", message["requestId"]);
                }
                // An acknowledgement, or another function's reply.
                continue;
            }
            if mark["run"] != self.run.as_str() {
                continue;
            }
            if mark["client"] != self.client {
                bail!("client {} received a message of client {}", self.client, mark["client"]);
            }
            let number = mark["number"].as_u64().context("a message came back without its number")?;
            match waiting.remove(&number) {
                Some(expected) if expected == message => {
                    answers.order.push(number);
                    deadline = Instant::now() + time_limit;
                }
                Some(expected) => bail!("a message came back altered: sent {expected}, received {message}"),
                None => answers.repeated += 1,
            }
        }
        Ok(answers)
    }

    /// Whether any of this client's messages comes back before `deadline`; other messages are ignored.
    pub async fn any_answer(&mut self, deadline: Instant) -> anyhow::Result<bool> {
        while let Some(message) = self.receive(deadline).await? {
            let mark = &message[MARK];
            if mark["run"] == self.run.as_str() && mark["client"] == self.client {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The next message that is JSON; `None` after `deadline`.
    async fn receive(&mut self, deadline: Instant) -> anyhow::Result<Option<Value>> {
        while let Ok(frame) = timeout_at(deadline, self.socket.next()).await {
            let frame = frame.context("the connection was closed")?.context("the connection was lost")?;
            if let Message::Close(_) = frame {
                bail!("the connection was closed");
            }
            if let Message::Text(text) = frame
                && let Ok(message) = serde_json::from_str(text.as_str())
            {
                return Ok(Some(message));
            }
        }
        Ok(None)
    }
}
