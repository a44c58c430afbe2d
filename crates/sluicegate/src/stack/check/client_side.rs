//! API Gateway as its clients see it: large messages, rejected messages, and the spelling of what it passes on.
//!
//! Emulators are known to differ in some of this (COMPARE.md), so these findings are reported but are not failures.

use super::Finding;
use crate::entry::{Entry, Socket};
use anyhow::{Context as _, bail};
use emulator::services::apigateway::websocket::limits::{FRAME_BYTES_MAX, MESSAGE_BYTES_MAX};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

/// Bytes of the fragmented message.
const FRAGMENTED_BYTES: usize = 100 * 1024;
/// RFC 6455 close codes: unsupported data, message too big.
const UNSUPPORTED: u16 = 1003;
const TOO_BIG: u16 = 1009;

/// Sends a fragmented message and waits for it: every target must pass this.
pub async fn fragmented(entry: &Entry, run: &str, time_limit: Duration) -> anyhow::Result<()> {
    let text = padded(run, FRAGMENTED_BYTES);
    let mut client = Client::open(entry, time_limit).await?;
    for frame in frames(&text) {
        client.socket.send(frame).await.context("the connection was lost")?;
    }
    let (sent, received): (Value, Value) =
        (serde_json::from_str(&text)?, serde_json::from_str(&client.text_with(run, time_limit).await?)?);
    if sent != received {
        bail!("a message of {FRAGMENTED_BYTES} bytes came back altered");
    }
    Ok(())
}

/// Checks the behaviours in which emulators differ.
pub async fn findings(entry: &Entry, run: &str, time_limit: Duration) -> anyhow::Result<Vec<Finding>> {
    let frame = || vec![Message::text(padded(run, FRAME_BYTES_MAX + 1))];
    let binary = || vec![Message::binary(vec![1, 2, 3])];
    Ok(vec![
        Finding {
            expected: "digits and escapes come back as they were sent",
            differs: spelling(entry, run, time_limit).await?,
        },
        Finding {
            expected: "text that is not JSON is rejected with \"Bad request body\"",
            differs: refusal(entry, time_limit).await?,
        },
        Finding {
            expected: "a frame over 32 KB closes its connection with 1009",
            differs: closing(entry, frame(), TOO_BIG, time_limit).await?,
        },
        Finding {
            expected: "a message over 128 KB closes its connection with 1009",
            differs: closing(entry, frames(&padded(run, MESSAGE_BYTES_MAX + 1)), TOO_BIG, time_limit).await?,
        },
        Finding {
            expected: "a binary frame closes its connection with 1003",
            differs: closing(entry, binary(), UNSUPPORTED, time_limit).await?,
        },
    ])
}

/// How numbers beyond 64 bits and escapes come back.
async fn spelling(entry: &Entry, run: &str, time_limit: Duration) -> anyhow::Result<Option<String>> {
    let rest =
        r#""big":12345678901234567890123,"one":1.0,"exp":1e3,"tiny":-1E-400,"text":"\"'\\/\b\f\u00e9é☃""#;
    let text = format!(r#"{{"run":"{run}",{rest}}}"#);
    let mut client = Client::open(entry, time_limit).await?;
    client.send(text.clone()).await?;
    Ok(match client.text_with(run, time_limit).await {
        Ok(received) => (received != text).then(|| format!("sent {text}, received {received}")),
        Err(error) => Some(format!("{error:#}")),
    })
}

/// How API Gateway replies to text that is not JSON.
async fn refusal(entry: &Entry, time_limit: Duration) -> anyhow::Result<Option<String>> {
    let mut client = Client::open(entry, time_limit).await?;
    client.send("not json".into()).await?;
    Ok(client.text_with("Bad request body", time_limit).await.err().map(|error| format!("{error:#}")))
}

/// The code that API Gateway closes with after `messages`.
async fn closing(
    entry: &Entry,
    messages: Vec<Message>,
    code: u16,
    time_limit: Duration,
) -> anyhow::Result<Option<String>> {
    let mut client = Client::open(entry, time_limit).await?;
    for message in messages {
        // It may have closed already, which is read below.
        if client.socket.send(message).await.is_err() {
            break;
        }
    }
    Ok(match client.closed(time_limit).await {
        Ok(Some(found)) => (found != code).then(|| format!("closed with {found}")),
        Ok(None) => Some("closed without a code".into()),
        Err(error) => Some(format!("{error:#}")),
    })
}

/// A message of exactly this many bytes.
fn padded(run: &str, bytes: usize) -> String {
    let empty = json!({ "pad": "", "run": run }).to_string().len();
    json!({ "pad": "x".repeat(bytes.saturating_sub(empty)), "run": run }).to_string()
}

/// A text in frames of a size that API Gateway accepts.
fn frames(text: &str) -> Vec<Message> {
    let parts: Vec<_> = text.as_bytes().chunks(FRAME_BYTES_MAX).collect();
    let frame = |(index, part): (usize, &&[u8])| {
        let kind = if index == 0 { Data::Text } else { Data::Continue };
        Message::Frame(Frame::message(part.to_vec(), OpCode::Data(kind), index + 1 == parts.len()))
    };
    parts.iter().enumerate().map(frame).collect()
}

/// A raw connection, which does not recognise its own messages.
pub struct Client {
    socket: Socket,
}

impl Client {
    pub async fn open(entry: &Entry, time_limit: Duration) -> anyhow::Result<Self> {
        Ok(Self { socket: entry.connect(time_limit).await? })
    }

    pub async fn send(&mut self, text: String) -> anyhow::Result<()> {
        self.socket.send(Message::text(text)).await.context("the connection was lost")
    }

    /// Waits for the close and returns its code, if any.
    pub async fn closed(&mut self, time_limit: Duration) -> anyhow::Result<Option<u16>> {
        let deadline = Instant::now() + time_limit;
        loop {
            let message = timeout_at(deadline, self.socket.next()).await;
            let message = message.with_context(|| format!("not closed within {} s", time_limit.as_secs()))?;
            match message {
                Some(Ok(Message::Close(frame))) => return Ok(frame.map(|frame| u16::from(frame.code))),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Ok(None),
            }
        }
    }

    /// The next text that contains `part`; others, such as acknowledgements, are ignored.
    pub async fn text_with(&mut self, part: &str, time_limit: Duration) -> anyhow::Result<String> {
        let deadline = Instant::now() + time_limit;
        loop {
            let message = timeout_at(deadline, self.socket.next()).await;
            let message = message.with_context(|| format!("no reply within {} s", time_limit.as_secs()))?;
            match message.context("the connection was closed")?.context("the connection was lost")? {
                Message::Text(text) if text.as_str().contains(part) => return Ok(text.to_string()),
                Message::Close(_) => bail!("the connection was closed"),
                _ => {}
            }
        }
    }
}
