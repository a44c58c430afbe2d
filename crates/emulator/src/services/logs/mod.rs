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
            "AssociateKmsKey" => self.associate_kms_key(input),
            "DisassociateKmsKey" => self.disassociate_kms_key(input),
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

fn bad_token() -> ApiError {
    invalid("The specified nextToken is invalid.")
}

/// How many items a caller wants, at most; as many as there may be where it does not say.
fn limit(asked: Option<i64>, max: usize) -> Result<usize, ApiError> {
    let Some(asked) = asked else { return Ok(max) };
    let refuse = |bound: &str| {
        invalid(format!(
            "1 validation error detected: Value '{asked}' at 'limit' failed to satisfy constraint: Member must have \
             value {bound}"
        ))
    };
    match usize::try_from(asked) {
        Ok(limit) if limit > max => Err(refuse(&format!("less than or equal to {max}"))),
        Ok(limit) if limit > 0 => Ok(limit),
        _ => Err(refuse("greater than or equal to 1")),
    }
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

    /// Recorded on AWS.
    #[test]
    fn limits_names_and_contradictions_are_refused_as_aws_words_it() {
        let logs = logs();
        let refused = |operation: &str, input: Value| {
            let error = logs.handle(operation, input).unwrap_err();
            assert_eq!(error.code, "InvalidParameterException", "{operation}");
            error.message
        };
        let limit = "1 validation error detected: Value '10001' at 'limit' failed to satisfy constraint: Member must \
                     have value less than or equal to 10000";
        assert_eq!(refused("FilterLogEvents", json!({"logGroupName": "/g", "limit": 10_001})), limit);
        let get = json!({"logGroupName": "/g", "logStreamName": "s", "limit": 10_001});
        assert_eq!(refused("GetLogEvents", get), limit);
        let none = refused("DescribeLogGroups", json!({"limit": 0}));
        assert!(none.ends_with("greater than or equal to 1"), "{none}");
        let both = json!({"logGroupNamePrefix": "/g", "logGroupNamePattern": "g"});
        assert_eq!(
            refused("DescribeLogGroups", both),
            "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."
        );
        assert_eq!(
            refused("CreateLogGroup", json!({"logGroupName": "a".repeat(513)})),
            "Invalid LogGroup or LogStream, both must have length less than or equal to 512."
        );
    }

    #[test]
    fn a_group_says_that_it_is_not_protected() {
        let listed = logs().handle("DescribeLogGroups", json!({"logGroupNamePrefix": "/g"})).unwrap();
        assert_eq!(listed.body.unwrap()["logGroups"][0]["deletionProtectionEnabled"], false);
    }

    #[test]
    fn what_is_written_to_no_group_is_dropped() {
        let logs = logs();
        logs.append("/none", "s", 1, "x");
        assert_eq!(logs.inspect(BTreeMap::len), 1);
    }
}
