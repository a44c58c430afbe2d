//! Log groups.

use super::events::Events;
use super::{Logs, bad_token, invalid, limit, parse};
use crate::protocol::page::page;
use crate::protocol::tags::Tags;
use crate::protocol::{Answer, ApiError, Reply, time};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::SystemTime;

pub const GROUPS_MAX: usize = 1_000;
const NAME_CHARS_MAX: usize = 512;
const LIST_LIMIT_MAX: usize = 50;
const RETENTION_DAYS: [u32; 22] = [
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1_096, 1_827, 2_192, 2_557, 2_922, 3_288,
    3_653,
];

#[derive(Debug)]
pub struct Group {
    created: SystemTime,
    /// Retention; `None`: forever, within the limits of this emulator.
    pub retention_days: Option<u32>,
    class: String,
    /// The key that encrypts it; without effect.
    pub kms_key_id: Option<String>,
    pub tags: Tags,
    pub events: Events,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CreateLogGroup {
    log_group_name: String,
    kms_key_id: Option<String>,
    log_group_class: Option<String>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct GroupName {
    log_group_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PutRetentionPolicy {
    log_group_name: String,
    retention_in_days: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AssociateKmsKey {
    log_group_name: String,
    kms_key_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DescribeLogGroups {
    log_group_name_prefix: Option<String>,
    log_group_name_pattern: Option<String>,
    next_token: Option<String>,
    limit: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ResourceArn {
    resource_arn: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TagResource {
    resource_arn: String,
    tags: Tags,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct UntagResource {
    resource_arn: String,
    tag_keys: Vec<String>,
}

impl Logs {
    pub(super) fn create_log_group(&self, input: Value) -> Answer {
        let request: CreateLogGroup = parse("CreateLogGroup", input)?;
        check_name(&request.log_group_name)?;
        let class = request.log_group_class.unwrap_or_else(|| "STANDARD".into());
        if class != "STANDARD" && class != "INFREQUENT_ACCESS" {
            return Err(invalid(format!("logGroupClass: {class} is not supported by the emulator")));
        }
        let mut groups = self.groups.lock();
        if groups.contains_key(&request.log_group_name) {
            let message = "The specified log group already exists";
            return Err(ApiError::bad_request("ResourceAlreadyExistsException", message));
        }
        if groups.len() >= GROUPS_MAX {
            return Err(ApiError::bad_request("LimitExceededException", "Resource limit exceeded."));
        }
        let group = Group {
            created: SystemTime::now(),
            retention_days: None,
            class,
            kms_key_id: request.kms_key_id,
            tags: request.tags,
            events: Events::default(),
        };
        groups.insert(request.log_group_name, group);
        Ok(Reply::empty())
    }

    pub(super) fn delete_log_group(&self, input: Value) -> Answer {
        let request: GroupName = parse("DeleteLogGroup", input)?;
        let removed = self.groups.lock().remove(&request.log_group_name);
        removed.map(|_| Reply::empty()).ok_or_else(no_group)
    }

    pub(super) fn put_retention_policy(&self, input: Value) -> Answer {
        let request: PutRetentionPolicy = parse("PutRetentionPolicy", input)?;
        let days = request.retention_in_days;
        if !RETENTION_DAYS.contains(&days) {
            return Err(invalid(format!(
                "retentionInDays: {days} is not one of CloudWatch Logs' retention periods"
            )));
        }
        self.change(&request.log_group_name, |group| group.retention_days = Some(days))
    }

    pub(super) fn delete_retention_policy(&self, input: Value) -> Answer {
        let request: GroupName = parse("DeleteRetentionPolicy", input)?;
        self.change(&request.log_group_name, |group| group.retention_days = None)
    }

    pub(super) fn associate_kms_key(&self, input: Value) -> Answer {
        let request: AssociateKmsKey = parse("AssociateKmsKey", input)?;
        self.change(&request.log_group_name, |group| group.kms_key_id = Some(request.kms_key_id))
    }

    pub(super) fn disassociate_kms_key(&self, input: Value) -> Answer {
        let request: GroupName = parse("DisassociateKmsKey", input)?;
        self.change(&request.log_group_name, |group| group.kms_key_id = None)
    }

    pub(super) fn describe_log_groups(&self, input: Value) -> Answer {
        let request: DescribeLogGroups = parse("DescribeLogGroups", input)?;
        if request.log_group_name_pattern.is_some() && request.log_group_name_prefix.is_some() {
            return Err(invalid(
                "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.",
            ));
        }
        let prefix = request.log_group_name_prefix.unwrap_or_default();
        let pattern = request.log_group_name_pattern.unwrap_or_default();
        let limit = limit(request.limit, LIST_LIMIT_MAX)?;
        let groups = self.groups.lock();
        let matching = groups.iter().filter(|(name, _)| name.starts_with(&prefix) && name.contains(&pattern));
        let views = matching.map(|(name, group)| (name, self.view(name, group)));
        let (page, token) = page(views, request.next_token.as_deref(), limit).map_err(|_| bad_token())?;
        Ok(Reply::ok(json!({"logGroups": page, "nextToken": token})))
    }

    pub(super) fn list_tags_for_resource(&self, input: Value) -> Answer {
        let request: ResourceArn = parse("ListTagsForResource", input)?;
        let groups = self.groups.lock();
        let group =
            group_of_arn(&request.resource_arn).and_then(|name| groups.get(name)).ok_or_else(no_group)?;
        Ok(Reply::ok(json!({"tags": group.tags})))
    }

    pub(super) fn tag_resource(&self, input: Value) -> Answer {
        let request: TagResource = parse("TagResource", input)?;
        let name = group_of_arn(&request.resource_arn).ok_or_else(no_group)?;
        self.change(name, |group| group.tags.extend(request.tags))
    }

    pub(super) fn untag_resource(&self, input: Value) -> Answer {
        let request: UntagResource = parse("UntagResource", input)?;
        let name = group_of_arn(&request.resource_arn).ok_or_else(no_group)?;
        self.change(name, |group| group.tags.retain(|key, _| !request.tag_keys.contains(key)))
    }

    fn change(&self, name: &str, change: impl FnOnce(&mut Group)) -> Answer {
        let mut groups = self.groups.lock();
        change(groups.get_mut(name).ok_or_else(no_group)?);
        Ok(Reply::empty())
    }

    fn view(&self, name: &str, group: &Group) -> Value {
        let arn = self.account.arn("logs", &format!("log-group:{name}"));
        json!({
            "logGroupName": name,
            "creationTime": time::epoch_milliseconds(group.created),
            "retentionInDays": group.retention_days,
            "metricFilterCount": 0,
            "arn": format!("{arn}:*"),
            "logGroupArn": arn,
            "storedBytes": group.events.bytes(),
            "kmsKeyId": group.kms_key_id,
            "logGroupClass": group.class,
            "deletionProtectionEnabled": false,
        })
    }
}

/// The group's name in `…:log-group:{name}` or `…:log-group:{name}:*`.
pub fn group_of_arn(arn: &str) -> Option<&str> {
    arn.split_once(":log-group:").map(|(_, name)| name.strip_suffix(":*").unwrap_or(name))
}

pub(super) fn no_group() -> ApiError {
    ApiError::bad_request("ResourceNotFoundException", "The specified log group does not exist.")
}

fn check_name(name: &str) -> Result<(), ApiError> {
    let legal = |c: char| c.is_ascii_alphanumeric() || "._-/#".contains(c);
    if name.len() > NAME_CHARS_MAX {
        return Err(invalid(format!(
            "Invalid LogGroup or LogStream, both must have length less than or equal to {NAME_CHARS_MAX}."
        )));
    }
    if name.is_empty() || !name.chars().all(legal) {
        return Err(invalid(format!(
            "logGroupName {name} must be 1 to {NAME_CHARS_MAX} letters, digits or ._-/#"
        )));
    }
    Ok(())
}
