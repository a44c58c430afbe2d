//! Finds dead-letter queues and reads their messages.

use super::message::DeadLetter;
use crate::aws::{Aws, refused};
use anyhow::Context as _;
use aws_sdk_sqs::types::Message;

/// The names of dead-letter queues end with this.
const SUFFIX: &str = "-dlq";
const LISTED_MAX: i32 = 1_000;
/// Messages of one ReceiveMessage, at most.
const RECEIVE_MAX: usize = 10;
/// Visibility timeout of a message in seconds: time to redrive a batch.
const HIDDEN_S: i32 = 120;
/// Long polling in seconds, so that all of SQS's servers are asked.
const WAIT_S: i32 = 1;

/// A message, hidden from other readers until it is returned or deleted.
pub struct Received {
    pub id: String,
    pub receipt: String,
    pub body: String,
    pub letter: DeadLetter,
}

impl Received {
    fn of(message: Message) -> anyhow::Result<Self> {
        let body = message.body.context("the message has no body")?;
        Ok(Self {
            id: message.message_id.context("the message has no id")?,
            receipt: message.receipt_handle.context("the message has no receipt handle")?,
            letter: DeadLetter::read(&body),
            body,
        })
    }
}

/// The URL of the named queue, or of all dead-letter queues.
pub async fn find(aws: &Aws, named: Option<&str>) -> anyhow::Result<Vec<String>> {
    if let Some(named) = named {
        if named.contains("://") {
            return Ok(vec![named.into()]);
        }
        let found = aws.sqs.get_queue_url().queue_name(named).send().await.map_err(refused("GetQueueUrl"))?;
        return Ok(vec![found.queue_url.context("the response has no QueueUrl")?]);
    }
    let mut pages = aws.sqs.list_queues().max_results(LISTED_MAX).into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let urls = page.map_err(refused("ListQueues"))?.queue_urls.unwrap_or_default();
        found.extend(urls.into_iter().filter(|url| url.ends_with(SUFFIX)));
    }
    Ok(found)
}

/// Up to `max` messages.
pub async fn receive(aws: &Aws, url: &str, max: usize) -> anyhow::Result<Vec<Received>> {
    let mut received = Vec::new();
    while received.len() < max {
        let count = RECEIVE_MAX.min(max - received.len());
        let asked = aws.sqs.receive_message().queue_url(url).max_number_of_messages(i32::try_from(count)?);
        let asked = asked.visibility_timeout(HIDDEN_S).wait_time_seconds(WAIT_S);
        let messages = asked.send().await.map_err(refused("ReceiveMessage"))?.messages.unwrap_or_default();
        if messages.is_empty() {
            break;
        }
        for message in messages {
            received.push(Received::of(message)?);
        }
    }
    Ok(received)
}

/// Makes messages visible again; on failure they reappear after the visibility timeout.
pub async fn release(aws: &Aws, url: &str, messages: &[Received]) {
    for message in messages {
        let show = aws.sqs.change_message_visibility().queue_url(url).receipt_handle(&message.receipt);
        let shown = show.visibility_timeout(0).send().await.map_err(refused("ChangeMessageVisibility"));
        if let Err(error) = shown {
            eprintln!(
                "cannot make a message visible again, it stays hidden for up to {HIDDEN_S} s: {error:#}"
            );
        }
    }
}

pub async fn delete(aws: &Aws, url: &str, message: &Received) -> anyhow::Result<()> {
    let delete = aws.sqs.delete_message().queue_url(url).receipt_handle(&message.receipt);
    delete.send().await.map(drop).map_err(refused("DeleteMessage"))
}
