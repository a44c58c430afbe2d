//! Queues: created, read, changed and deleted.

use super::attributes::Attributes;
use super::messages::Messages;
use super::{Queues, in_range, invalid, no_queue, parse, queue_name};
use crate::protocol::page::page;
use crate::protocol::tags::Tags;
use crate::protocol::{Answer, ApiError, Reply, time};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;
use tokio::sync::Notify;

pub const QUEUES_MAX: usize = 1_000;
const NAME_CHARS_MAX: usize = 80;
/// Queues of one answer to ListQueues, at most.
const LISTED_MAX: u64 = 1_000;

#[derive(Debug)]
pub struct Queue {
    pub attributes: Attributes,
    pub tags: Tags,
    pub(super) messages: Messages,
    /// Notified when a message may have become visible, and when the queue is gone.
    pub(super) changed: Arc<Notify>,
    created: SystemTime,
    modified: SystemTime,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct CreateQueue {
    queue_name: String,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    #[serde(default, rename = "tags")]
    tags: Tags,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct QueueName {
    queue_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct QueueUrl {
    queue_url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct GetQueueAttributes {
    queue_url: String,
    #[serde(default)]
    attribute_names: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct SetQueueAttributes {
    queue_url: String,
    attributes: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ListQueues {
    queue_name_prefix: Option<String>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct TagQueue {
    queue_url: String,
    tags: Tags,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct UntagQueue {
    queue_url: String,
    tag_keys: Vec<String>,
}

impl Queues {
    pub(super) fn create_queue(&self, host: &str, input: Value) -> Answer {
        let request: CreateQueue = parse("CreateQueue", input)?;
        let name = request.queue_name;
        let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if name.ends_with(".fifo") {
            return Err(invalid(format!("QueueName {name}: FIFO queues are not supported by the emulator")));
        }
        if name.is_empty() || name.len() > NAME_CHARS_MAX || !name.chars().all(legal) {
            let message =
                "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length";
            return Err(invalid(format!("QueueName {name}: {message}")));
        }
        let attributes = Attributes::default().with(request.attributes)?;
        let url = self.url(host, &name);
        let mut queues = self.queues.lock();
        if let Some(existing) = queues.get(&name) {
            let Some(different) = existing.attributes.differs_from(&attributes) else {
                return Ok(Reply::ok(json!({"QueueUrl": url})));
            };
            let message = format!(
                "A queue already exists with the same name and a different value for attribute {different}"
            );
            return Err(
                ApiError::bad_request("QueueNameExists", message).with_query_code("QueueAlreadyExists")
            );
        }
        if queues.len() >= QUEUES_MAX {
            return Err(invalid(format!("the account has {QUEUES_MAX} queues, which is the limit")));
        }
        let now = SystemTime::now();
        let queue = Queue {
            attributes,
            tags: request.tags,
            messages: Messages::default(),
            changed: Arc::default(),
            created: now,
            modified: now,
        };
        self.iam.set_resource_policy(&self.arn(&name), queue.attributes.policy()?);
        queues.insert(name, queue);
        Ok(Reply::ok(json!({"QueueUrl": url})))
    }

    pub(super) fn delete_queue(&self, input: Value) -> Answer {
        let request: QueueUrl = parse("DeleteQueue", input)?;
        let name = queue_name(&request.queue_url);
        let mut queues = self.queues.lock();
        queues.remove(name).ok_or_else(no_queue)?.changed.notify_waiters();
        self.iam.set_resource_policy(&self.arn(name), None);
        Ok(Reply::empty())
    }

    pub(super) fn get_queue_url(&self, host: &str, input: Value) -> Answer {
        let request: QueueName = parse("GetQueueUrl", input)?;
        self.change(&request.queue_name, |_| Ok(()))?;
        Ok(Reply::ok(json!({"QueueUrl": self.url(host, &request.queue_name)})))
    }

    pub(super) fn list_queues(&self, host: &str, input: Value) -> Answer {
        let request: ListQueues = parse("ListQueues", input)?;
        let listed = 1..=LISTED_MAX;
        let reason = "Must be between 1 and 1000, if provided.";
        let limit = in_range("MaxResults", request.max_results, listed, reason)?.unwrap_or(LISTED_MAX);
        let prefix = request.queue_name_prefix.unwrap_or_default();
        let queues = self.queues.lock();
        let named = queues.keys().filter(|name| name.starts_with(&prefix));
        let urls = named.map(|name| (name, self.url(host, name)));
        let urls = page(urls, request.next_token.as_deref(), limit as usize);
        let (urls, token) = urls.map_err(|_| invalid("NextToken is invalid."))?;
        // Who does not say how many gets no token.
        let token = token.filter(|_| request.max_results.is_some());
        Ok(Reply::ok(json!({"QueueUrls": (!urls.is_empty()).then_some(urls), "NextToken": token})))
    }

    pub(super) fn get_queue_attributes(&self, input: Value) -> Answer {
        let request: GetQueueAttributes = parse("GetQueueAttributes", input)?;
        let name = queue_name(&request.queue_url);
        let mut all = self.change(name, |queue| Ok(queue.all_attributes()))?;
        all.insert("QueueArn".into(), self.arn(name));
        if let Some(unknown) = request.attribute_names.iter().find(|name| !is_readable(name)) {
            return Err(ApiError::bad_request(
                "InvalidAttributeName",
                format!("Unknown Attribute {unknown}."),
            ));
        }
        if !request.attribute_names.iter().any(|name| name == "All") {
            all.retain(|name, _| request.attribute_names.contains(name));
        }
        Ok(Reply::ok(json!({"Attributes": (!all.is_empty()).then_some(all)})))
    }

    pub(super) fn set_queue_attributes(&self, input: Value) -> Answer {
        let request: SetQueueAttributes = parse("SetQueueAttributes", input)?;
        let name = queue_name(&request.queue_url);
        self.change(name, |queue| {
            queue.attributes = queue.attributes.with(request.attributes)?;
            self.iam.set_resource_policy(&self.arn(name), queue.attributes.policy()?);
            queue.modified = SystemTime::now();
            Ok(Reply::empty())
        })
    }

    pub(super) fn purge_queue(&self, input: Value) -> Answer {
        let request: QueueUrl = parse("PurgeQueue", input)?;
        self.change(queue_name(&request.queue_url), |queue| {
            queue.messages.purge();
            Ok(Reply::empty())
        })
    }

    pub(super) fn list_queue_tags(&self, input: Value) -> Answer {
        let request: QueueUrl = parse("ListQueueTags", input)?;
        self.change(queue_name(&request.queue_url), |queue| {
            Ok(Reply::ok(json!({"Tags": (!queue.tags.is_empty()).then_some(&queue.tags)})))
        })
    }

    pub(super) fn tag_queue(&self, input: Value) -> Answer {
        let request: TagQueue = parse("TagQueue", input)?;
        self.change(queue_name(&request.queue_url), |queue| {
            queue.tags.extend(request.tags);
            Ok(Reply::empty())
        })
    }

    pub(super) fn untag_queue(&self, input: Value) -> Answer {
        let request: UntagQueue = parse("UntagQueue", input)?;
        self.change(queue_name(&request.queue_url), |queue| {
            queue.tags.retain(|key, _| !request.tag_keys.contains(key));
            Ok(Reply::empty())
        })
    }

    pub(super) fn change<T>(
        &self,
        name: &str,
        change: impl FnOnce(&mut Queue) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let mut queues = self.queues.lock();
        change(queues.get_mut(name).ok_or_else(no_queue)?)
    }
}

impl Queue {
    fn all_attributes(&mut self) -> BTreeMap<String, String> {
        let now = SystemTime::now();
        self.messages.expire(now, self.attributes.retention());
        let counts = self.messages.counts(now);
        let seconds = |moment| (time::epoch_milliseconds(moment) / 1_000).to_string();
        let mut all = self.attributes.all();
        all.extend([
            ("ApproximateNumberOfMessages".to_owned(), counts.visible.to_string()),
            ("ApproximateNumberOfMessagesNotVisible".to_owned(), counts.in_flight.to_string()),
            ("ApproximateNumberOfMessagesDelayed".to_owned(), counts.delayed.to_string()),
            ("CreatedTimestamp".to_owned(), seconds(self.created)),
            ("LastModifiedTimestamp".to_owned(), seconds(self.modified)),
        ]);
        all
    }
}

/// Attributes that can be requested, set or not.
fn is_readable(name: &str) -> bool {
    const READABLE: [&str; 21] = [
        "All",
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesDelayed",
        "ApproximateNumberOfMessagesNotVisible",
        "ContentBasedDeduplication",
        "CreatedTimestamp",
        "DeduplicationScope",
        "DelaySeconds",
        "FifoQueue",
        "FifoThroughputLimit",
        "KmsDataKeyReusePeriodSeconds",
        "KmsMasterKeyId",
        "LastModifiedTimestamp",
        "MaximumMessageSize",
        "MessageRetentionPeriod",
        "Policy",
        "QueueArn",
        "ReceiveMessageWaitTimeSeconds",
        "RedriveAllowPolicy",
        "RedrivePolicy",
        "SqsManagedSseEnabled",
    ];
    READABLE.contains(&name) || name == "VisibilityTimeout"
}
