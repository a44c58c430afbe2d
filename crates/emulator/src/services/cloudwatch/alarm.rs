//! Metric alarms: stored and returned. They evaluate nothing here and stay in INSUFFICIENT_DATA.

use super::{CloudWatch, parse};
use crate::core::account::Account;
use crate::protocol::input::from_text;
use crate::protocol::page::page;
use crate::protocol::tags::{self, Tag, Tags};
use crate::protocol::{Answer, ApiError, Reply, time};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::SystemTime;

pub const ALARMS_MAX: usize = 5_000;
const PAGE_MAX: usize = 100;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Settings {
    alarm_name: String,
    alarm_description: Option<String>,
    #[serde(default, deserialize_with = "from_text")]
    actions_enabled: Option<bool>,
    #[serde(rename = "OKActions")]
    ok_actions: Option<Vec<String>>,
    alarm_actions: Option<Vec<String>>,
    insufficient_data_actions: Option<Vec<String>>,
    metric_name: Option<String>,
    namespace: Option<String>,
    statistic: Option<String>,
    extended_statistic: Option<String>,
    dimensions: Option<Vec<Dimension>>,
    #[serde(default, deserialize_with = "from_text")]
    period: Option<u32>,
    unit: Option<String>,
    #[serde(default, deserialize_with = "from_text")]
    evaluation_periods: Option<u32>,
    #[serde(default, deserialize_with = "from_text")]
    datapoints_to_alarm: Option<u32>,
    #[serde(default, deserialize_with = "from_text")]
    threshold: Option<f64>,
    comparison_operator: Option<String>,
    treat_missing_data: Option<String>,
    evaluate_low_sample_count_percentile: Option<String>,
    metrics: Option<Vec<MetricDataQuery>>,
    threshold_metric_id: Option<String>,
    #[serde(default, skip_serializing)]
    tags: Vec<Tag>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Dimension {
    name: String,
    value: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct MetricDataQuery {
    id: String,
    metric_stat: Option<MetricStat>,
    expression: Option<String>,
    label: Option<String>,
    #[serde(default, deserialize_with = "from_text")]
    return_data: Option<bool>,
    #[serde(default, deserialize_with = "from_text")]
    period: Option<u32>,
    account_id: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct MetricStat {
    metric: Metric,
    #[serde(deserialize_with = "from_text")]
    period: Option<u32>,
    stat: String,
    unit: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Metric {
    namespace: Option<String>,
    metric_name: Option<String>,
    dimensions: Option<Vec<Dimension>>,
}

#[derive(Debug, Clone)]
pub struct Alarm {
    pub settings: Settings,
    pub tags: Tags,
    updated: SystemTime,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DescribeAlarms {
    #[serde(default)]
    alarm_names: Vec<String>,
    alarm_name_prefix: Option<String>,
    #[serde(default)]
    alarm_types: Vec<String>,
    state_value: Option<String>,
    #[serde(default, deserialize_with = "from_text")]
    max_records: Option<usize>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DeleteAlarms {
    alarm_names: Vec<String>,
}

impl CloudWatch {
    pub(super) fn put_metric_alarm(&self, input: Value) -> Answer {
        let mut settings: Settings = parse("PutMetricAlarm", input)?;
        settings.actions_enabled.get_or_insert(true);
        if settings.evaluation_periods.is_none() || settings.comparison_operator.is_none() {
            return Err(ApiError::bad_request(
                "ValidationError",
                "EvaluationPeriods and ComparisonOperator are required",
            ));
        }
        let tags = tags::from_list(std::mem::take(&mut settings.tags));
        let mut store = self.store.lock();
        let name = settings.alarm_name.clone();
        // Only TagResource changes an existing alarm's tags.
        let tags = store.alarms.get(&name).map_or(tags, |alarm| alarm.tags.clone());
        if store.alarms.len() >= ALARMS_MAX && !store.alarms.contains_key(&name) {
            let message = format!("the region has {ALARMS_MAX} alarms, which is the limit");
            return Err(ApiError::bad_request("LimitExceededFault", message).with_query_code("LimitExceeded"));
        }
        store.alarms.insert(name, Alarm { settings, tags, updated: SystemTime::now() });
        Ok(Reply::empty())
    }

    pub(super) fn describe_alarms(&self, input: Value) -> Answer {
        let request: DescribeAlarms = parse("DescribeAlarms", input)?;
        let metric_alarms =
            request.alarm_types.is_empty() || request.alarm_types.iter().any(|kind| kind == "MetricAlarm");
        let in_state = request.state_value.as_deref().is_none_or(|state| state == "INSUFFICIENT_DATA");
        let prefix = request.alarm_name_prefix.unwrap_or_default();
        let store = self.store.lock();
        let matching = store.alarms.iter().filter(|(name, _)| {
            metric_alarms
                && in_state
                && name.starts_with(&prefix)
                && (request.alarm_names.is_empty() || request.alarm_names.contains(name))
        });
        let views = matching.map(|(name, alarm)| (name, alarm.view(&self.account)));
        let limit = request.max_records.unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX);
        let page = page(views, request.next_token.as_deref(), limit);
        let (page, token) = page
            .map_err(|_| ApiError::bad_request("InvalidNextToken", "The next token specified is invalid."))?;
        let alarms = page.into_iter().collect::<Result<Vec<_>, _>>()?;
        Ok(Reply::ok(json!({"MetricAlarms": alarms, "CompositeAlarms": [], "NextToken": token})))
    }

    pub(super) fn delete_alarms(&self, input: Value) -> Answer {
        let request: DeleteAlarms = parse("DeleteAlarms", input)?;
        let mut store = self.store.lock();
        if let Some(missing) = request.alarm_names.iter().find(|name| !store.alarms.contains_key(*name)) {
            let error = ApiError::not_found("ResourceNotFound", format!("alarm {missing} does not exist"));
            return Err(error);
        }
        store.alarms.retain(|name, _| !request.alarm_names.contains(name));
        Ok(Reply::empty())
    }
}

impl Alarm {
    fn view(&self, account: &Account) -> Result<Value, ApiError> {
        let updated = time::epoch_seconds(self.updated);
        let own = json!({
            "AlarmArn": arn(account, &self.settings.alarm_name),
            "AlarmConfigurationUpdatedTimestamp": updated,
            "StateValue": "INSUFFICIENT_DATA",
            "StateReason": "Unchecked: Initial alarm creation",
            "StateUpdatedTimestamp": updated,
            "StateTransitionedTimestamp": updated,
            "OKActions": [],
            "AlarmActions": [],
            "InsufficientDataActions": [],
            "Dimensions": [],
        });
        let mut view = serde_json::to_value(&self.settings).map_err(ApiError::internal)?;
        if let (Value::Object(members), Value::Object(own)) = (&mut view, own) {
            for (name, value) in own {
                let member = members.entry(name).or_insert(Value::Null);
                if member.is_null() {
                    *member = value;
                }
            }
        }
        Ok(view)
    }
}

/// `arn:aws:cloudwatch:{region}:{account}:alarm:{name}`
pub fn arn(account: &Account, name: &str) -> String {
    account.arn("cloudwatch", &format!("alarm:{name}"))
}
