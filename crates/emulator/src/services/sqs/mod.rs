//! SQS: working standard queues, for the failures of functions and event source mappings.

mod attributes;
mod content;
pub mod messages;
mod queue;
mod receipt;
#[cfg(test)]
mod tests;
mod transfer;

pub use queue::Queue;

use crate::core::account::Account;
use crate::core::failure_destination::FailureDestinations;
use crate::core::identity::{Need, Principal};
use crate::protocol::{Answer, ApiError, Service, input};
use crate::services::iam::Iam;
use parking_lot::Mutex;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

pub struct Queues {
    account: Account,
    iam: Arc<Iam>,
    queues: Mutex<BTreeMap<String, Queue>>,
}

impl Queues {
    pub fn new(account: Account, iam: Arc<Iam>) -> Self {
        Self { account, iam, queues: Mutex::default() }
    }

    /// Handles one operation; `host` is the request's, for the queues' URLs. Errors: SQS's own, a denial, or that the
    /// operation is not supported.
    pub async fn handle(&self, caller: &Principal, host: &str, operation: &str, input: Value) -> Answer {
        let named = input["QueueUrl"].as_str().map(queue_name).or(input["QueueName"].as_str());
        let resource = named.map_or_else(|| "*".into(), |name| self.arn(name));
        let tags = (operation == "CreateQueue"
            && input["tags"].as_object().is_some_and(|tags| !tags.is_empty()))
        .then_some("TagQueue");
        for action in std::iter::once(operation).chain(tags) {
            let need = Need::new(format!("sqs:{action}"), resource.as_str());
            self.iam.check_need(caller, &need).map_err(|denied| ApiError::access_denied(&denied))?;
        }
        match operation {
            "CreateQueue" => self.create_queue(host, input),
            "DeleteQueue" => self.delete_queue(input),
            "GetQueueUrl" => self.get_queue_url(host, input),
            "ListQueues" => self.list_queues(host, input),
            "GetQueueAttributes" => self.get_queue_attributes(input),
            "SetQueueAttributes" => self.set_queue_attributes(input),
            "PurgeQueue" => self.purge_queue(input),
            "ListQueueTags" => self.list_queue_tags(input),
            "TagQueue" => self.tag_queue(input),
            "UntagQueue" => self.untag_queue(input),
            "SendMessage" => self.send_message(caller, input),
            "ReceiveMessage" => self.receive_message(input).await,
            "DeleteMessage" => self.delete_message(input),
            "ChangeMessageVisibility" => self.change_message_visibility(input),
            other => Err(ApiError::unsupported_operation("sqs", other)),
        }
    }

    pub fn inspect<T>(&self, look: impl FnOnce(&BTreeMap<String, Queue>) -> T) -> T {
        look(&self.queues.lock())
    }

    fn arn(&self, name: &str) -> String {
        self.account.arn("sqs", name)
    }

    fn url(&self, host: &str, name: &str) -> String {
        format!("http://{host}/{}/{name}", self.account.id)
    }
}

impl FailureDestinations for Queues {
    /// The event source mapping has already checked its function's role.
    fn send(&self, arn: &str, body: String) -> Result<(), String> {
        let name = arn.rsplit(':').next().filter(|name| self.arn(name) == arn).ok_or_else(no_queue);
        let sent = name.and_then(|name| self.put(name, &Principal::Account, body, None));
        sent.map(drop).map_err(|error| format!("{arn}: {}", error.message))
    }
}

/// The name at the end of a queue's URL, or a bare name.
fn queue_name(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or(url)
}

fn no_queue() -> ApiError {
    ApiError::bad_request("QueueDoesNotExist", "The specified queue does not exist.")
        .with_query_code("AWS.SimpleQueueService.NonExistentQueue")
}

fn parse<T: DeserializeOwned>(operation: &str, document: Value) -> Result<T, ApiError> {
    input::parse(Service::Sqs, operation, document)
}

fn invalid(message: impl Into<String>) -> ApiError {
    Service::Sqs.invalid(message)
}

/// A number that a request has or leaves out, as SQS refuses it.
fn in_range(
    argument: &str,
    asked: Option<i64>,
    range: RangeInclusive<u64>,
    reason: &str,
) -> Result<Option<u64>, ApiError> {
    let Some(asked) = asked else { return Ok(None) };
    let number = u64::try_from(asked).ok().filter(|number| range.contains(number));
    let refuse = || invalid(format!("Value {asked} for parameter {argument} is invalid. Reason: {reason}"));
    number.ok_or_else(refuse).map(Some)
}
