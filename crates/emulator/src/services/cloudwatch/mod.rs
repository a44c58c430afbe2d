//! CloudWatch: Terraform's alarms and dashboards; neither has an effect here.

mod alarm;
mod dashboard;

pub use alarm::Alarm;
pub use dashboard::Dashboard;

use crate::core::account::Account;
use crate::protocol::tags::{self, Tag, Tags};
use crate::protocol::{Answer, ApiError, Reply, Service, input};
use parking_lot::Mutex;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Debug)]
pub struct CloudWatch {
    account: Account,
    store: Mutex<Store>,
}

#[derive(Debug, Default)]
pub struct Store {
    pub alarms: BTreeMap<String, Alarm>,
    pub dashboards: BTreeMap<String, Dashboard>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ResourceArn {
    #[serde(rename = "ResourceARN")]
    arn: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct TagResource {
    #[serde(rename = "ResourceARN")]
    arn: String,
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct UntagResource {
    #[serde(rename = "ResourceARN")]
    arn: String,
    tag_keys: Vec<String>,
}

impl CloudWatch {
    pub fn new(account: Account) -> Self {
        Self { account, store: Mutex::default() }
    }

    pub fn handle(&self, operation: &str, input: Value) -> Answer {
        match operation {
            "PutMetricAlarm" => self.put_metric_alarm(input),
            "DescribeAlarms" => self.describe_alarms(input),
            "DeleteAlarms" => self.delete_alarms(input),
            "PutDashboard" => self.put_dashboard(input),
            "GetDashboard" => self.get_dashboard(input),
            "DeleteDashboards" => self.delete_dashboards(input),
            "ListDashboards" => self.list_dashboards(input),
            "ListTagsForResource" => {
                let request: ResourceArn = parse(operation, input)?;
                if self.is_no_alarm(&request.arn) {
                    // docs/aws-behaviour.md#cloudwatch-alarm-tags: a deleted alarm has no tags.
                    return Ok(Reply::ok(json!({"Tags": []})));
                }
                self.with_tags(&request.arn, |tags| Reply::ok(json!({"Tags": tags::to_list(tags)})))
            }
            "TagResource" => {
                let request: TagResource = parse(operation, input)?;
                self.with_tags(&request.arn, |tags| {
                    tags.extend(tags::from_list(request.tags));
                    Reply::empty()
                })
            }
            "UntagResource" => {
                let request: UntagResource = parse(operation, input)?;
                self.with_tags(&request.arn, |tags| {
                    tags.retain(|key, _| !request.tag_keys.contains(key));
                    Reply::empty()
                })
            }
            other => Err(ApiError::unsupported_operation("cloudwatch", other)),
        }
    }

    pub fn inspect<T>(&self, look: impl FnOnce(&Store) -> T) -> T {
        look(&self.store.lock())
    }

    /// Whether an ARN would be an alarm's that is not there.
    fn is_no_alarm(&self, arn: &str) -> bool {
        let name = arn.strip_prefix(&alarm::arn(&self.account, ""));
        name.is_some_and(|name| !self.store.lock().alarms.contains_key(name))
    }

    fn with_tags(&self, arn: &str, use_tags: impl FnOnce(&mut Tags) -> Reply) -> Answer {
        let mut store = self.store.lock();
        let store = &mut *store;
        let alarm = arn.split_once(":alarm:").and_then(|(_, name)| store.alarms.get_mut(name));
        let dashboard = arn.split_once(":dashboard/").and_then(|(_, name)| store.dashboards.get_mut(name));
        let tags = alarm.map(|alarm| &mut alarm.tags).or(dashboard.map(|dashboard| &mut dashboard.tags));
        tags.map(use_tags)
            .ok_or_else(|| ApiError::not_found("ResourceNotFoundException", format!("{arn} does not exist")))
    }
}

fn parse<T: DeserializeOwned>(operation: &str, document: Value) -> Result<T, ApiError> {
    input::parse(Service::CloudWatch, operation, document)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded on AWS.
    #[test]
    fn a_dashboards_name_has_letters_digits_dashes_and_underscores() {
        let cloudwatch = CloudWatch::new(Account::default());
        let put = |name: &str| {
            let input = json!({"DashboardName": name, "DashboardBody": "{}"});
            cloudwatch.handle("PutDashboard", input).map(drop)
        };
        assert_eq!(put("test-1_a"), Ok(()));
        for wrong in ["test:invalid", "", "a b", &"a".repeat(256)] {
            let error = put(wrong).unwrap_err();
            let codes = (error.code, error.query_code);
            assert_eq!(codes, ("InvalidParameterValueException", Some("InvalidParameterValue")), "{wrong}");
        }
    }

    /// Recorded on AWS.
    #[test]
    fn a_deleted_alarm_has_no_tags() {
        let cloudwatch = CloudWatch::new(Account::default());
        let alarm = json!({
            "AlarmName": "a", "EvaluationPeriods": 1, "ComparisonOperator": "GreaterThanThreshold",
            "Tags": [{"Key": "k", "Value": "v"}],
        });
        cloudwatch.handle("PutMetricAlarm", alarm).unwrap();
        let arn = alarm::arn(&Account::default(), "a");
        let tags = || {
            let listed = cloudwatch.handle("ListTagsForResource", json!({"ResourceARN": arn}));
            listed.unwrap().body.unwrap()["Tags"].clone()
        };
        assert_eq!(tags(), json!([{"Key": "k", "Value": "v"}]));
        cloudwatch.handle("DeleteAlarms", json!({"AlarmNames": ["a"]})).unwrap();
        assert_eq!(tags(), json!([]));
        let tag = json!({"ResourceARN": arn, "Tags": []});
        assert!(cloudwatch.handle("TagResource", tag).is_err());
    }
}
