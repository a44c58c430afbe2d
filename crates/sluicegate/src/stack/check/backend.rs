//! The backend checks, with the caller's credentials: the record that a message becomes, and `@connections`.

use super::client_side::Client;
use super::stream::StreamReader;
use super::{Deployed, Finding};
use crate::aws::{Aws, Refused};
use anyhow::{Context as _, bail};
use http::{Method, StatusCode};
use serde_json::json;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Between two posts to a client that has left, until API Gateway notices.
const ASK_EVERY: Duration = Duration::from_millis(250);

/// Whether the error is a missing permission, as when someone other than the owner checks the stack.
pub fn is_denied(error: &anyhow::Error) -> bool {
    refused(error).is_some_and(|refused| {
        // Kinesis has its own code, and another one for the KMS key of the stream.
        refused.status == StatusCode::FORBIDDEN || refused.code.ends_with("AccessDeniedException")
    })
}

/// Sends a message and checks that its record names the connection and has it as partition key. Returns the client and
/// its connection id.
pub async fn record(
    aws: &Aws,
    stack: &Deployed,
    run: &str,
    time_limit: Duration,
) -> anyhow::Result<(Client, String)> {
    let mut reader = StreamReader::open(aws, &stack.stream_name).await?;
    let mut client = Client::open(&stack.entry, time_limit).await?;
    let message = json!({ "run": run, "look": "for this record" });
    client.send(message.to_string()).await?;
    let (key, event) = reader.next(|event| event["payload"] == message, time_limit).await?;
    if event["connectionId"].as_str() != Some(&key) {
        bail!("the record has partition key {key} but connectionId {}", event["connectionId"]);
    }
    Ok((client, key))
}

/// Gets a client's connection, posts to it and deletes it; then posts to it again.
pub async fn connection(
    aws: &Aws,
    stack: &Deployed,
    (mut client, id): (Client, String),
    run: &str,
    time_limit: Duration,
) -> anyhow::Result<Finding> {
    let call = |method, message| aws.connection(&stack.connections_endpoint, method, &id, message);
    let info = call(Method::GET, String::new()).await?;
    if !info["connectedAt"].is_string() {
        bail!("the response to GET has no connectedAt: {info}");
    }
    let text = json!({ "run": run, "post": "from outside" }).to_string();
    call(Method::POST, text.clone()).await?;
    // The client's own message may come back before or after, or not at all: that depends on the functions.
    client.text_with(&text, time_limit).await.context("the posted message did not reach its client")?;
    call(Method::DELETE, String::new()).await?;
    client.closed(time_limit).await.context("DELETE did not disconnect the client")?;
    let end = Instant::now() + time_limit;
    let differs = loop {
        let found = match call(Method::POST, "late".into()).await {
            Err(error) if refused(&error).is_some_and(|refused| refused.status == StatusCode::GONE) => {
                break None;
            }
            Err(error) => format!("{error:#}"),
            Ok(_) => "it was accepted".into(),
        };
        if Instant::now() > end {
            break Some(found);
        }
        sleep(ASK_EVERY).await;
    };
    Ok(Finding { expected: "a post to a client that has left fails with 410", differs })
}

fn refused(error: &anyhow::Error) -> Option<&Refused> {
    error.downcast_ref()
}

#[cfg(test)]
mod tests;
