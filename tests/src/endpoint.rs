//! A running stack as the flow suite needs it: its addresses and the kind of target.

use crate::sdk::{self, Caller};
use futures_util::{SinkExt as _, StreamExt as _};
use std::fmt;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout_at};
use tokio_tungstenite::tungstenite::Message;

/// Interval between two probes for the first answer.
const PROBE_EVERY: Duration = Duration::from_secs(1);
/// Longest wait for the first answer of a new stack: on AWS, new roles and event source mappings can take minutes to
/// work; LocalStack pulls the functions' image first.
const FIRST_ANSWER_MAX: Duration = Duration::from_secs(300);

/// The kind of target that a stack runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetKind {
    /// `crates/emulator`, in this process, in another or in a container.
    Local,
    LocalStack,
    Aws,
}

impl fmt::Display for TargetKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Local => "the emulator",
            Self::LocalStack => "LocalStack",
            Self::Aws => "AWS",
        })
    }
}

#[derive(Debug, Clone)]
pub struct Endpoint {
    pub emulator: TargetKind,
    /// The URI for clients: `ws://…/{stage}` or `wss://…/{stage}`.
    pub websocket_uri: String,
    /// Endpoint of the AWS APIs; `None` is AWS's own.
    pub aws_endpoint: Option<String>,
    /// Endpoint of `@connections`, the stage included.
    pub connections_endpoint: String,
    pub stream_name: String,
    /// The credentials for the AWS APIs.
    pub caller: Caller,
}

impl Endpoint {
    pub fn kinesis(&self) -> aws_sdk_kinesis::Client {
        sdk::kinesis_as(&self.caller, self.aws_endpoint.as_deref())
    }

    pub fn connections(&self) -> aws_sdk_apigatewaymanagement::Client {
        sdk::connections_as(&self.caller, &self.connections_endpoint)
    }

    /// Waits until a message comes back, which shows that all hops work, so that the suite can start.
    pub async fn first_answer(&self) -> anyhow::Result<()> {
        let end = Instant::now() + FIRST_ANSWER_MAX;
        loop {
            let until = Instant::now() + PROBE_EVERY;
            let obstacle = match self.probe(until).await {
                Ok(true) => return Ok(()),
                Ok(false) => anyhow::anyhow!("messages were accepted, but none came back"),
                Err(error) => error.into(),
            };
            if Instant::now() > end {
                return Err(obstacle
                    .context(format!("no reply from {} within {FIRST_ANSWER_MAX:?}", self.websocket_uri)));
            }
            sleep_until(until).await;
        }
    }

    /// Whether a message comes back before a deadline.
    async fn probe(&self, until: Instant) -> Result<bool, tokio_tungstenite::tungstenite::Error> {
        let Ok(connected) = timeout_at(until, crate::client::open(self.websocket_uri.as_str())).await else {
            return Ok(false);
        };
        let (mut socket, _) = connected?;
        socket.send(Message::text(r#"{"probe":"first answer"}"#)).await?;
        while let Ok(Some(message)) = timeout_at(until, socket.next()).await {
            if message?.into_text().is_ok_and(|text| text.contains("first answer")) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
