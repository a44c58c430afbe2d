//! What lies behind the gateway, asked with the caller's own keys: what a message becomes in the stream, and what
//! `@connections` says and does.

use super::client_side::Client;
use super::stream::StreamReader;
use super::{Deployed, Finding};
use crate::aws::{Aws, Refused};
use anyhow::{Context as _, bail};
use http::{Method, StatusCode};
use serde_json::json;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Between two posts to a client that has left, until the gateway knows.
const ASK_EVERY: Duration = Duration::from_millis(250);

/// Whether the caller may not look: another than the owner of the stack deploys and checks it, perhaps.
pub fn is_denied(error: &anyhow::Error) -> bool {
    refused(error).is_some_and(|refused| {
        // Kinesis has one of its own, and one for the key that a stream is encrypted with.
        refused.status == StatusCode::FORBIDDEN || refused.code.ends_with("AccessDeniedException")
    })
}

/// Sends a message and finds its record, which names the connection and has it as partition key; the client, and its
/// connection's id.
pub async fn record(
    aws: &Aws,
    stack: &Deployed,
    run: &str,
    time_limit: Duration,
) -> anyhow::Result<(Client, String)> {
    let mut reader = StreamReader::open(aws, &stack.stream_name).await?;
    let mut client = Client::open(&stack.websocket_uri, time_limit).await?;
    let message = json!({ "run": run, "look": "for this record" });
    client.send(message.to_string()).await?;
    let (key, event) = reader.next(|event| event["payload"] == message, time_limit).await?;
    if event["connectionId"].as_str() != Some(&key) {
        bail!("its record has the partition key {key}, and names the connection {}", event["connectionId"]);
    }
    Ok((client, key))
}

/// Asks about a client, posts to it and disconnects it; then what a post to it comes to.
pub async fn connection(
    aws: &Aws,
    stack: &Deployed,
    (mut client, id): (Client, String),
    run: &str,
    time_limit: Duration,
) -> anyhow::Result<Finding> {
    let call = |method, message| aws.connection(&stack.connections_endpoint, method, &id, message);
    let shown = call(Method::GET, String::new()).await?;
    if !shown["connectedAt"].is_string() {
        bail!("GET tells no connectedAt: {shown}");
    }
    let posted = json!({ "run": run, "posted": "from outside" }).to_string();
    call(Method::POST, posted.clone()).await?;
    // Whether its own message has come back by now or comes later is the functions' to say.
    client.text_with(&posted, time_limit).await.context("what was posted did not reach its client")?;
    call(Method::DELETE, String::new()).await?;
    client.closed(time_limit).await.context("DELETE did not disconnect the client")?;
    let end = Instant::now() + time_limit;
    let differs = loop {
        let found = match call(Method::POST, "late".into()).await {
            Err(error) if refused(&error).is_some_and(|refused| refused.status == StatusCode::GONE) => {
                break None;
            }
            Err(error) => format!("{error:#}"),
            Ok(_) => "it was taken".into(),
        };
        if Instant::now() > end {
            break Some(found);
        }
        sleep(ASK_EVERY).await;
    };
    Ok(Finding { expected: "a post to a client that has left is refused with 410", differs })
}

fn refused(error: &anyhow::Error) -> Option<&Refused> {
    error.downcast_ref()
}

#[cfg(test)]
mod tests;
