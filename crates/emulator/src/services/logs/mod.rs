//! CloudWatch Logs: groups that functions and stages write to, and that can be read.

pub mod events;
mod filter_pattern;
mod group;
mod read;

pub use group::Group;

use crate::core::account::Account;
use crate::core::logs::LogSink;
use crate::protocol::{Answer, ApiError, Service, input, time};
use parking_lot::Mutex;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::SystemTime;

const MILLISECONDS_PER_DAY: u64 = 86_400_000;

#[derive(Debug)]
pub struct Logs {
    account: Account,
    groups: Mutex<BTreeMap<String, Group>>,
}

impl Logs {
    pub fn new(account: Account) -> Self {
        Self { account, groups: Mutex::default() }
    }

    pub fn handle(&self, operation: &str, input: Value) -> Answer {
        match operation {
            "CreateLogGroup" => self.create_log_group(input),
            "DeleteLogGroup" => self.delete_log_group(input),
            "DescribeLogGroups" => self.describe_log_groups(input),
            "PutRetentionPolicy" => self.put_retention_policy(input),
            "DeleteRetentionPolicy" => self.delete_retention_policy(input),
            "ListTagsForResource" => self.list_tags_for_resource(input),
            "TagResource" => self.tag_resource(input),
            "UntagResource" => self.untag_resource(input),
            "DescribeLogStreams" => self.describe_log_streams(input),
            "GetLogEvents" => self.get_log_events(input),
            "FilterLogEvents" => self.filter_log_events(input),
            other => Err(ApiError::unsupported_operation("logs", other)),
        }
    }

    /// Creates a group unless it exists, as Lambda does if the function's role allows it.
    pub fn ensure_group(&self, name: &str) {
        let created = self.create_log_group(json!({"logGroupName": name}));
        if let Err(error) = created
            && error.code != "ResourceAlreadyExistsException"
        {
            tracing::warn!(group = name, %error, "failed to create a function's log group");
        }
    }

    pub fn inspect<T>(&self, look: impl FnOnce(&BTreeMap<String, Group>) -> T) -> T {
        look(&self.groups.lock())
    }
}

impl LogSink for Logs {
    /// Events for a missing group are dropped: on AWS too the group must be created, by Terraform or by Lambda
    /// ([`Logs::ensure_group`]).
    fn append(&self, group: &str, stream: &str, timestamp_ms: u64, message: &str) {
        let now = time::epoch_milliseconds(SystemTime::now());
        let mut groups = self.groups.lock();
        let Some(known) = groups.get_mut(group) else {
            tracing::debug!(group, stream, "a log event was dropped: the log group does not exist");
            return;
        };
        let kept = known.retention_days.map_or(u64::MAX, |days| u64::from(days) * MILLISECONDS_PER_DAY);
        known.events.append(stream, timestamp_ms, message, now, now.saturating_sub(kept));
    }
}

fn parse<T: DeserializeOwned>(operation: &str, document: Value) -> Result<T, ApiError> {
    input::parse(Service::Logs, operation, document)
}

fn invalid(message: impl Into<String>) -> ApiError {
    Service::Logs.invalid(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logs() -> Logs {
        let logs = Logs::new(Account::default());
        logs.handle("CreateLogGroup", json!({"logGroupName": "/g"})).unwrap();
        for number in 0..5 {
            logs.append("/g", "s", 1_000 + number, &format!("line {number}"));
        }
        logs.append("/g", "other", 1_000, "line of another stream");
        logs
    }

    fn messages(answer: &Value) -> Vec<&str> {
        answer["events"].as_array().unwrap().iter().map(|event| event["message"].as_str().unwrap()).collect()
    }

    #[test]
    fn events_read_back_page_by_page_in_both_directions() {
        let logs = logs();
        let get = |more: Value| {
            let mut input = json!({"logGroupName": "/g", "logStreamName": "s", "limit": 2});
            input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            logs.handle("GetLogEvents", input).unwrap().body.unwrap()
        };
        let newest = get(json!({}));
        assert_eq!(messages(&newest), ["line 3", "line 4"]);
        let before = get(json!({"nextToken": newest["nextBackwardToken"]}));
        assert_eq!(messages(&before), ["line 1", "line 2"]);
        let head = get(json!({"startFromHead": true}));
        assert_eq!(messages(&head), ["line 0", "line 1"]);
        let after = get(json!({"nextToken": head["nextForwardToken"]}));
        assert_eq!(messages(&after), ["line 2", "line 3"]);
        let end = get(json!({"nextToken": newest["nextForwardToken"]}));
        assert_eq!(messages(&end), Vec::<&str>::new());
        assert_eq!(end["nextForwardToken"], newest["nextForwardToken"]);
    }

    #[test]
    fn a_search_goes_over_all_streams() {
        let logs = logs();
        let input = json!({"logGroupName": "/g", "filterPattern": "line -2"});
        let found = logs.handle("FilterLogEvents", input).unwrap().body.unwrap();
        assert_eq!(found["events"].as_array().unwrap().len(), 5);
        let refused =
            logs.handle("FilterLogEvents", json!({"logGroupName": "/g", "filterPattern": "{ $.a = 1 }"}));
        assert!(refused.unwrap_err().message.starts_with("filterPattern"));
    }

    #[test]
    fn what_is_written_to_no_group_is_dropped() {
        let logs = logs();
        logs.append("/none", "s", 1, "x");
        assert_eq!(logs.inspect(BTreeMap::len), 1);
    }
}
