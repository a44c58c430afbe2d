//! Sends, receives and deletes messages.

use super::messages::Message;
use super::{Queues, content, in_range, invalid, no_queue, parse, queue_name, receipt};
use crate::core::identity::Principal;
use crate::protocol::{Answer, ApiError, Reply, Service, time};
use md5::{Digest as _, Md5};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

const RECEIVE_MAX: u64 = 10;
const WAIT_SECONDS_MAX: u64 = 20;
const VISIBILITY_SECONDS_MAX: u64 = 43_200;
const DELAY_SECONDS_MAX: u64 = 900;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct SendMessage {
    queue_url: String,
    message_body: String,
    delay_seconds: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ReceiveMessage {
    queue_url: String,
    #[serde(default)]
    attribute_names: Vec<String>,
    #[serde(default)]
    message_system_attribute_names: Vec<String>,
    /// Messages have none here.
    #[serde(default, rename = "MessageAttributeNames")]
    _message_attribute_names: Vec<String>,
    max_number_of_messages: Option<i64>,
    visibility_timeout: Option<i64>,
    wait_time_seconds: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DeleteMessage {
    queue_url: String,
    receipt_handle: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ChangeMessageVisibility {
    queue_url: String,
    receipt_handle: String,
    visibility_timeout: i64,
}

impl Queues {
    pub(super) fn send_message(&self, sender: &Principal, input: Value) -> Answer {
        let request: SendMessage = parse("SendMessage", input)?;
        let reason = "DelaySeconds must be >= 0 and <= 900.";
        let delay = in_range("DelaySeconds", request.delay_seconds, 0..=DELAY_SECONDS_MAX, reason)?;
        let delay = delay.map(Duration::from_secs);
        if request.message_body.is_empty() {
            return Err(Service::Sqs.missing("SendMessage", "MessageBody"));
        }
        let md5 = md5_hex(&request.message_body);
        let id = self.put(queue_name(&request.queue_url), sender, request.message_body, delay)?;
        Ok(Reply::ok(json!({"MessageId": id, "MD5OfMessageBody": md5})))
    }

    /// Sends a message to a queue by name.
    pub(super) fn put(
        &self,
        name: &str,
        sender: &Principal,
        body: String,
        delay: Option<Duration>,
    ) -> Result<String, ApiError> {
        content::check(&body)?;
        let id = uuid::Uuid::new_v4().to_string();
        let now = SystemTime::now();
        self.change(name, |queue| {
            let delay = delay.unwrap_or_else(|| queue.attributes.delay());
            let limit = queue.attributes.message_bytes_max();
            if body.len() as u64 > limit {
                return Err(invalid(format!(
                    "One or more parameters are invalid. Reason: Message must be shorter than {limit} bytes."
                )));
            }
            queue.messages.expire(now, queue.attributes.retention());
            if !queue.messages.send(id.clone(), body, sender_id(&self.account.id, sender), now, delay) {
                let message = format!(
                    "the queue holds {} messages, which is this emulator's limit",
                    super::messages::MESSAGES_MAX
                );
                return Err(ApiError::new(http::StatusCode::FORBIDDEN, "OverLimit", message));
            }
            queue.changed.notify_waiters();
            Ok(id)
        })
    }

    pub(super) async fn receive_message(&self, input: Value) -> Answer {
        let request: ReceiveMessage = parse("ReceiveMessage", input)?;
        let name = queue_name(&request.queue_url);
        let reason = "Must be between 1 and 10, if provided.";
        let limit = in_range("MaxNumberOfMessages", request.max_number_of_messages, 1..=RECEIVE_MAX, reason)?;
        let limit = limit.unwrap_or(1) as usize;
        let reason = "Must be >= 0 and <= 20, if provided.";
        let wait = in_range("WaitTimeSeconds", request.wait_time_seconds, 0..=WAIT_SECONDS_MAX, reason)?;
        let wait = wait.map(Duration::from_secs);
        let visibility = visibility(request.visibility_timeout)?;
        let found = self.receive(name, limit, wait, visibility).await?;
        let mut wanted = request.message_system_attribute_names;
        wanted.extend(request.attribute_names);
        let messages: Vec<Value> = found.iter().map(|message| view(message, &wanted)).collect();
        Ok(Reply::ok(json!({"Messages": (!messages.is_empty()).then_some(messages)})))
    }

    async fn receive(
        &self,
        name: &str,
        limit: usize,
        wait: Option<Duration>,
        visibility: Option<Duration>,
    ) -> Result<Vec<Message>, ApiError> {
        let mut deadline = None;
        loop {
            let now = SystemTime::now();
            let (found, changed, next_visible, default_wait) = {
                let mut queues = self.queues.lock();
                let queue = queues.get_mut(name).ok_or_else(no_queue)?;
                // Listening begins under the lock, so that no message is missed in between.
                let changed = queue.changed.clone().notified_owned();
                queue.messages.expire(now, queue.attributes.retention());
                let visibility = visibility.unwrap_or_else(|| queue.attributes.visibility());
                let found = queue.messages.receive(limit, now, visibility);
                (found, changed, queue.messages.next_visible(), queue.attributes.wait())
            };
            let deadline = *deadline.get_or_insert_with(|| Instant::now() + wait.unwrap_or(default_wait));
            if !found.is_empty() || Instant::now() >= deadline {
                return Ok(found);
            }
            let until_visible = next_visible.map(|at| at.duration_since(now).unwrap_or(Duration::ZERO));
            let wake = until_visible.map_or(deadline, |after| deadline.min(Instant::now() + after));
            let _ = tokio::time::timeout_at(wake, changed).await;
        }
    }

    pub(super) fn delete_message(&self, input: Value) -> Answer {
        let request: DeleteMessage = parse("DeleteMessage", input)?;
        let (id, received) = receipt::read(&request.receipt_handle)?;
        self.change(queue_name(&request.queue_url), |queue| {
            queue.messages.delete(&id, received);
            Ok(Reply::empty())
        })
    }

    pub(super) fn change_message_visibility(&self, input: Value) -> Answer {
        let request: ChangeMessageVisibility = parse("ChangeMessageVisibility", input)?;
        let handle = &request.receipt_handle;
        let (id, received) = receipt::read(handle)?;
        let visibility = visibility(Some(request.visibility_timeout))?.unwrap_or_default();
        self.change(queue_name(&request.queue_url), |queue| {
            if !queue.messages.hide(&id, received, SystemTime::now(), visibility) {
                return Err(invalid(format!(
                    "Value {handle} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not \
                     available for visibility timeout change."
                )));
            }
            queue.changed.notify_waiters();
            Ok(Reply::empty())
        })
    }
}

fn view(message: &Message, wanted: &[String]) -> Value {
    let milliseconds = |moment| time::epoch_milliseconds(moment).to_string();
    let attributes = json!({
        "SenderId": message.sender,
        "SentTimestamp": milliseconds(message.sent),
        "ApproximateReceiveCount": message.received.to_string(),
        "ApproximateFirstReceiveTimestamp": message.first_received.map(milliseconds),
    });
    let mut members = attributes.as_object().cloned().unwrap_or_default();
    if !wanted.iter().any(|name| name == "All") {
        members.retain(|name, _| wanted.contains(name));
    }
    json!({
        "MessageId": message.id,
        "ReceiptHandle": receipt::write(&message.id, message.received),
        "MD5OfBody": md5_hex(&message.body),
        "Body": message.body,
        "Attributes": (!members.is_empty()).then_some(members),
    })
}

fn visibility(asked: Option<i64>) -> Result<Option<Duration>, ApiError> {
    let reason = "Must be >= 0 and <= 43200, if provided.";
    let seconds = in_range("VisibilityTimeout", asked, 0..=VISIBILITY_SECONDS_MAX, reason)?;
    Ok(seconds.map(Duration::from_secs))
}

fn sender_id(account: &str, sender: &Principal) -> String {
    match sender {
        Principal::Account => account.to_owned(),
        Principal::Role(arn) => arn.rsplit('/').next().unwrap_or(arn).to_owned(),
    }
}

fn md5_hex(text: &str) -> String {
    Md5::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}
