//! Finds dead-letter queues and reads their messages.

use super::message::DeadLetter;
use crate::aws::{Aws, Service::Sqs, text};
use serde_json::{Value, json};

/// The names of dead-letter queues end with this.
const SUFFIX: &str = "-dlq";
const LISTED_MAX: usize = 1_000;
/// Messages of one ReceiveMessage, at most.
const RECEIVE_MAX: usize = 10;
/// Visibility timeout of a message in seconds: time to redrive a batch.
const HIDDEN_S: u32 = 120;
/// Long polling in seconds, so that all of SQS's servers are asked.
const WAIT_S: u32 = 1;

/// A message, hidden from other readers until it is returned or deleted.
pub struct Received {
    pub id: String,
    pub receipt: String,
    pub body: String,
    pub letter: DeadLetter,
}

/// The URL of the named queue, or of all dead-letter queues.
pub async fn find(aws: &Aws, named: Option<&str>) -> anyhow::Result<Vec<String>> {
    if let Some(named) = named {
        if named.contains("://") {
            return Ok(vec![named.into()]);
        }
        let answer = aws.call(Sqs, "GetQueueUrl", &json!({ "QueueName": named })).await?;
        return Ok(vec![text(&answer, "QueueUrl")?.into()]);
    }
    let mut found = Vec::new();
    let mut ask = json!({"MaxResults": LISTED_MAX});
    loop {
        let answer = aws.call(Sqs, "ListQueues", &ask).await?;
        let urls = answer["QueueUrls"].as_array().into_iter().flatten().filter_map(Value::as_str);
        found.extend(urls.filter(|url| url.ends_with(SUFFIX)).map(String::from));
        match answer["NextToken"].as_str() {
            Some(token) => ask["NextToken"] = token.into(),
            None => return Ok(found),
        }
    }
}

/// Up to `max` messages.
pub async fn receive(aws: &Aws, url: &str, max: usize) -> anyhow::Result<Vec<Received>> {
    let mut received = Vec::new();
    while received.len() < max {
        let ask = json!({
            "QueueUrl": url, "MaxNumberOfMessages": RECEIVE_MAX.min(max - received.len()),
            "VisibilityTimeout": HIDDEN_S, "WaitTimeSeconds": WAIT_S,
        });
        let answer = aws.call(Sqs, "ReceiveMessage", &ask).await?;
        let before = received.len();
        for message in answer["Messages"].as_array().into_iter().flatten() {
            let body = text(message, "Body")?.to_owned();
            received.push(Received {
                id: text(message, "MessageId")?.into(),
                receipt: text(message, "ReceiptHandle")?.into(),
                letter: DeadLetter::read(&body),
                body,
            });
        }
        if received.len() == before {
            break;
        }
    }
    Ok(received)
}

/// Makes messages visible again; on failure they reappear after the visibility timeout.
pub async fn release(aws: &Aws, url: &str, messages: &[Received]) {
    for message in messages {
        let hide = json!({"QueueUrl": url, "ReceiptHandle": message.receipt, "VisibilityTimeout": 0});
        if let Err(error) = aws.call(Sqs, "ChangeMessageVisibility", &hide).await {
            eprintln!(
                "cannot make a message visible again, it stays hidden for up to {HIDDEN_S} s: {error:#}"
            );
        }
    }
}

pub async fn delete(aws: &Aws, url: &str, message: &Received) -> anyhow::Result<()> {
    let delete = json!({"QueueUrl": url, "ReceiptHandle": message.receipt});
    aws.call(Sqs, "DeleteMessage", &delete).await.map(drop)
}
