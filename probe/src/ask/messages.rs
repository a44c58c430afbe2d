//! Messages over a WebSocket, and their results: a record, a reply, a close or silence.

use super::Observed;
use crate::client::{Client, Heard};
use crate::frame::Frame;
use crate::questions::{WHO, status};
use crate::seen::Seen;
use crate::stack::Stack;
use anyhow::{Context as _, bail};
use std::time::Duration;
use tokio::time::Instant;

/// The message that is answered with the connection's id.
pub fn who() -> String {
    format!(r#"{{"ask":"language","status":{}}}"#, status(WHO.id).unwrap_or_default())
}

/// Gets a connection's id.
pub async fn connection_id(stack: &Stack, client: &mut Client) -> anyhow::Result<String> {
    client.say(&who()).await?;
    match client.hear(stack.times.answer).await? {
        Some(Seen::Text(id)) if !id.starts_with('{') => Ok(id),
        other => bail!("a connection's id was expected, not {other:?}"),
    }
}

/// The record from a message, or the error frame.
pub async fn record(stack: &Stack, partition_key: &str, api: &str, below: &str, message: &str) -> Observed {
    let mut client = stack.address(api)?.connect(below).await?;
    client.say(message).await?;
    tokio::select! {
        Some(data) = stack.record(partition_key, stack.times.answer) => Ok(vec![Seen::record(&data)]),
        heard = client.hear(stack.times.answer) => Ok(vec![heard?.unwrap_or(Seen::Nothing)]),
    }
}

/// The answer to a message.
pub async fn reply(stack: &Stack, api: &str, message: &str) -> Observed {
    let mut client = stack.address(api)?.connect("/v1").await?;
    client.say(message).await?;
    client.seen(stack.times.answer).await
}

/// The answer to a message that should have none. A later message is answered, so that the wait begins when the first
/// has certainly been handled.
pub async fn silence(stack: &Stack, message: &str) -> Observed {
    let mut client = stack.connect().await?;
    let id = connection_id(stack, &mut client).await?;
    client.say(message).await?;
    client.say(&who()).await?;
    let mut seen = Vec::new();
    let mut is_marked = false;
    let end = Instant::now() + stack.times.answer;
    loop {
        let wait =
            if is_marked { stack.times.silence } else { end.saturating_duration_since(Instant::now()) };
        match client.hear(wait).await? {
            Some(Seen::Text(text)) if text == id => is_marked = true,
            Some(other) => {
                let is_over = matches!(other, Seen::Close { .. } | Seen::Ended);
                seen.push(other);
                if is_over {
                    break;
                }
            }
            None if is_marked => break,
            None => bail!("the message after it is not answered either"),
        }
    }
    Ok(if seen.is_empty() { vec![Seen::Nothing] } else { seen })
}

/// How a connection ends after bytes that break the protocol.
pub async fn broken(stack: &Stack, head: u8, masked: bool, payload: &[u8]) -> Observed {
    let mut client = stack.connect().await?;
    let frame = Frame {
        fin: head & 0x80 != 0,
        reserved: head >> 4 & 0x7,
        opcode: head & 0xf,
        masked,
        payload: payload.to_vec(),
    };
    client.send(&frame).await?;
    client.seen(stack.times.answer).await
}

/// The close that ends a connection, however long it takes; a ping or a message is sent at intervals.
pub async fn until_closed(
    stack: &Stack,
    frame: &Frame,
    every: Duration,
    at_most: Duration,
) -> anyhow::Result<(Seen, Duration)> {
    let mut client = stack.connect().await?;
    let begin = Instant::now();
    let mut next = begin;
    while begin.elapsed() < at_most {
        if Instant::now() >= next {
            client.send(frame).await.context("the connection ended without a close frame")?;
            next += every;
        }
        match client.frame(next.saturating_duration_since(Instant::now())).await? {
            Some(Heard::End) => return Ok((Seen::Ended, begin.elapsed())),
            Some(Heard::Frame(frame)) if frame.opcode == crate::frame::CLOSE => {
                return Ok((Seen::frame(&frame), begin.elapsed()));
            }
            Some(Heard::Frame(_)) | None => {}
        }
    }
    Ok((Seen::Nothing, begin.elapsed()))
}
