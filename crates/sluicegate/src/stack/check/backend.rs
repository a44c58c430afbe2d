//! The backend checks, with the caller's credentials: the record that a message becomes, and `@connections`.

use super::client_side::Client;
use super::stream::StreamReader;
use super::{Deployed, Finding, passed, report};
use crate::aws::{Aws, Refused, refused};
use anyhow::{Context as _, bail};
use aws_sdk_apigatewaymanagement::primitives::Blob;
use serde_json::json;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Between two posts to a client that has left, until API Gateway notices.
const ASK_EVERY: Duration = Duration::from_millis(250);
/// The status for a client that has left.
const GONE: u16 = 410;

/// Checks the backend, as far as the caller's credentials allow; without any, only the client side is checked.
pub async fn check(stack: &Deployed, run: &str, time_limit: Duration) -> anyhow::Result<()> {
    let aws = match Aws::from_environment().await {
        Ok(aws) => aws,
        Err(error) => {
            skipped(&error);
            return Ok(());
        }
    };
    match look(&aws, stack, run, time_limit).await {
        Ok(finding) => report(finding),
        Err(error) if is_denied(&error) => skipped(&error),
        Err(error) => return Err(error),
    }
    Ok(())
}

async fn look(aws: &Aws, stack: &Deployed, run: &str, time_limit: Duration) -> anyhow::Result<Finding> {
    let client = record(aws, stack, run, time_limit).await.context("record of a message")?;
    passed("a message becomes a record of the stream with its connection id as partition key");
    let finding = connection(aws, stack, client, run, time_limit).await.context("@connections")?;
    passed("@connections describes a client, posts to it and disconnects it");
    Ok(finding)
}

fn skipped(why: &anyhow::Error) {
    println!("  skipped: the backend checks ({why:#})");
}

/// Whether the error is a missing permission, as when someone other than the owner checks the stack.
fn is_denied(error: &anyhow::Error) -> bool {
    Refused::of(error).is_some_and(Refused::is_denied)
}

/// Sends a message and checks that its record names the connection and has it as partition key. Returns the client and
/// its connection id.
async fn record(
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
async fn connection(
    aws: &Aws,
    stack: &Deployed,
    (mut client, id): (Client, String),
    run: &str,
    time_limit: Duration,
) -> anyhow::Result<Finding> {
    let connections = aws.connections(&stack.connections_endpoint);
    let info = connections.get_connection().connection_id(&id).send().await;
    if info.map_err(refused("GET @connections"))?.connected_at.is_none() {
        bail!("the response to GET has no connectedAt");
    }
    let post = async |text: &str| {
        let post = connections.post_to_connection().connection_id(&id).data(Blob::new(text));
        post.send().await.map_err(refused("POST @connections"))
    };
    let text = json!({ "run": run, "post": "from outside" }).to_string();
    post(&text).await?;
    // The client's own message may come back before or after, or not at all: that depends on the functions.
    client.text_with(&text, time_limit).await.context("the posted message did not reach its client")?;
    let deleted = connections.delete_connection().connection_id(&id).send().await;
    deleted.map_err(refused("DELETE @connections"))?;
    client.closed(time_limit).await.context("DELETE did not disconnect the client")?;
    let end = Instant::now() + time_limit;
    let differs = loop {
        let found = match post("late").await {
            Err(error) if Refused::of(&error).is_some_and(|refused| refused.status == GONE) => break None,
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

#[cfg(test)]
mod tests;
