//! Sends, receives and deletes messages.

use super::messages::Message;
use super::{Queues, content, invalid, no_queue, parse, queue_name};
use crate::core::identity::Principal;
use crate::protocol::{Answer, ApiError, Reply, time};
use md5::{Digest as _, Md5};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

const RECEIVE_MAX: usize = 10;
const WAIT_MAX: Duration = Duration::from_secs(20);
const VISIBILITY_MAX: Duration = Duration::from_secs(43_200);
const DELAY_MAX: Duration = Duration::from_secs(900);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct SendMessage {
    queue_url: String,
    message_body: String,
    delay_seconds: Option<u64>,
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
    max_number_of_messages: Option<usize>,
    visibility_timeout: Option<u64>,
    wait_time_seconds: Option<u64>,
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
    visibility_timeout: u64,
}

impl Queues {
    pub(super) fn send_message(&self, sender: &Principal, input: Value) -> Answer {
        let request: SendMessage = parse("SendMessage", input)?;
        let delay = request.delay_seconds.map(Duration::from_secs);
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
            if delay > DELAY_MAX {
                return Err(invalid(format!("DelaySeconds: must be at most {}", DELAY_MAX.as_secs())));
            }
            let limit = queue.attributes.message_bytes_max();
            if body.len() as u64 > limit {
                return Err(invalid(format!(
                    "One or more parameters are invalid. Reason: Message must be shorter than {limit} bytes."
                )));
            }
            if body.is_empty() {
                return Err(invalid("The request must contain the parameter MessageBody."));
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
        let limit = request.max_number_of_messages.unwrap_or(1);
        if !(1..=RECEIVE_MAX).contains(&limit) {
            return Err(invalid(format!(
                "Value {limit} for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and {RECEIVE_MAX}, if provided."
            )));
        }
        let wait = request.wait_time_seconds.map(Duration::from_secs);
        let visibility = request.visibility_timeout.map(Duration::from_secs);
        if wait.is_some_and(|wait| wait > WAIT_MAX)
            || visibility.is_some_and(|timeout| timeout > VISIBILITY_MAX)
        {
            return Err(invalid("WaitTimeSeconds must be at most 20 and VisibilityTimeout at most 43200"));
        }
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
        let (id, received) = read_receipt(&request.receipt_handle)?;
        self.change(queue_name(&request.queue_url), |queue| {
            queue.messages.delete(id, received);
            Ok(Reply::empty())
        })
    }

    pub(super) fn change_message_visibility(&self, input: Value) -> Answer {
        let request: ChangeMessageVisibility = parse("ChangeMessageVisibility", input)?;
        let (id, received) = read_receipt(&request.receipt_handle)?;
        let visibility = Duration::from_secs(request.visibility_timeout);
        if visibility > VISIBILITY_MAX {
            return Err(invalid(format!("VisibilityTimeout must be at most {}", VISIBILITY_MAX.as_secs())));
        }
        self.change(queue_name(&request.queue_url), |queue| {
            if !queue.messages.hide(id, received, SystemTime::now(), visibility) {
                let message = "the message is not in flight, or its receipt handle is not the latest";
                return Err(ApiError::bad_request("MessageNotInflight", message)
                    .with_query_code("AWS.SimpleQueueService.MessageNotInflight"));
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
        "ReceiptHandle": format!("{}#{}", message.id, message.received),
        "MD5OfBody": md5_hex(&message.body),
        "Body": message.body,
        "Attributes": (!members.is_empty()).then_some(members),
    })
}

/// A receipt names the message and the number of the receive.
fn read_receipt(handle: &str) -> Result<(&str, u32), ApiError> {
    let parsed = handle.rsplit_once('#').and_then(|(id, received)| Some((id, received.parse().ok()?)));
    parsed.ok_or_else(|| {
        let message = format!("The input receipt handle \"{handle}\" is not a valid receipt handle.");
        ApiError::new(http::StatusCode::NOT_FOUND, "ReceiptHandleIsInvalid", message)
    })
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
