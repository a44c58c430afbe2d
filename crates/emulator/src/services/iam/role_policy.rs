//! The policies of a role: inline ones, and AWS-managed ones that are attached.

use super::policy::Kind;
use super::role::{Document, check_name, no_entity, no_role};
use super::{Iam, managed, parse};
use crate::protocol::{Answer, ApiError, Reply, time};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::UNIX_EPOCH;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PutRolePolicy {
    role_name: String,
    policy_name: String,
    policy_document: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RolePolicyName {
    role_name: String,
    policy_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RolePolicyArn {
    role_name: String,
    policy_arn: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PolicyArn {
    policy_arn: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PolicyVersion {
    policy_arn: String,
    version_id: String,
}

/// The only version that a managed policy has here.
const VERSION: &str = "v1";

impl Iam {
    pub(super) fn put_role_policy(&self, input: Value) -> Answer {
        let request: PutRolePolicy = parse("PutRolePolicy", input)?;
        check_name("PolicyName", &request.policy_name, 128)?;
        let document = Document::parse(request.policy_document, Kind::Identity)?;
        self.change_role(&request.role_name, |role| {
            role.inline.insert(request.policy_name, document);
            Ok(())
        })
    }

    pub(super) fn get_role_policy(&self, input: Value) -> Answer {
        let request: RolePolicyName = parse("GetRolePolicy", input)?;
        let roles = self.roles.read();
        let role = roles.get(&request.role_name).ok_or_else(|| no_role(&request.role_name))?;
        let document =
            role.inline.get(&request.policy_name).ok_or_else(|| no_policy(&request.policy_name))?;
        Ok(Reply::ok(json!({
            "RoleName": role.name,
            "PolicyName": request.policy_name,
            "PolicyDocument": document.encoded(),
        })))
    }

    pub(super) fn delete_role_policy(&self, input: Value) -> Answer {
        let request: RolePolicyName = parse("DeleteRolePolicy", input)?;
        self.change_role(&request.role_name, |role| {
            let removed = role.inline.remove(&request.policy_name);
            removed.map(drop).ok_or_else(|| no_policy(&request.policy_name))
        })
    }

    pub(super) fn list_role_policies(&self, input: Value) -> Answer {
        self.with_role(
            "ListRolePolicies",
            input,
            |role| json!({"PolicyNames": role.inline.keys().collect::<Vec<_>>(), "IsTruncated": false}),
        )
    }

    pub(super) fn attach_role_policy(&self, input: Value) -> Answer {
        let request: RolePolicyArn = parse("AttachRolePolicy", input)?;
        let managed = managed_policy(&request.policy_arn)?;
        let document = Document::parse(managed.document.to_owned(), Kind::Identity)?;
        self.change_role(&request.role_name, |role| {
            role.attached.insert(request.policy_arn, document);
            Ok(())
        })
    }

    pub(super) fn detach_role_policy(&self, input: Value) -> Answer {
        let request: RolePolicyArn = parse("DetachRolePolicy", input)?;
        check_arn(&request.policy_arn)?;
        self.change_role(&request.role_name, |role| {
            let removed = role.attached.remove(&request.policy_arn);
            removed.map(drop).ok_or_else(|| no_policy(&request.policy_arn))
        })
    }

    pub(super) fn list_attached_role_policies(&self, input: Value) -> Answer {
        self.with_role("ListAttachedRolePolicies", input, |role| {
            let attached = role.attached.keys().filter_map(|arn| managed::find(arn));
            let attached: Vec<Value> = attached
                .map(|policy| json!({"PolicyName": policy.name(), "PolicyArn": policy.arn}))
                .collect();
            json!({"AttachedPolicies": attached, "IsTruncated": false})
        })
    }

    pub(super) fn get_policy(&self, input: Value) -> Answer {
        let request: PolicyArn = parse("GetPolicy", input)?;
        let managed = managed_policy(&request.policy_arn)?;
        let roles = self.roles.read();
        let attachments = roles.values().filter(|role| role.attached.contains_key(managed.arn)).count();
        Ok(Reply::ok(json!({"Policy": {
            "PolicyName": managed.name(),
            "PolicyId": format!("ANPA{}", managed.name().to_uppercase()),
            "Arn": managed.arn,
            "Path": "/service-role/",
            "DefaultVersionId": VERSION,
            "AttachmentCount": attachments,
            "PermissionsBoundaryUsageCount": 0,
            "IsAttachable": true,
            "CreateDate": time::epoch_seconds(UNIX_EPOCH),
            "UpdateDate": time::epoch_seconds(UNIX_EPOCH),
        }})))
    }

    pub(super) fn get_policy_version(&self, input: Value) -> Answer {
        let request: PolicyVersion = parse("GetPolicyVersion", input)?;
        let managed = managed_policy(&request.policy_arn)?;
        if request.version_id != VERSION {
            return Err(no_entity(format!(
                "Policy {} version {} does not exist",
                managed.arn, request.version_id
            )));
        }
        let document = Document::parse(managed.document.to_owned(), Kind::Identity)?;
        Ok(Reply::ok(json!({"PolicyVersion": {
            "Document": document.encoded(),
            "VersionId": VERSION,
            "IsDefaultVersion": true,
            "CreateDate": time::epoch_seconds(UNIX_EPOCH),
        }})))
    }
}

fn managed_policy(arn: &str) -> Result<managed::ManagedPolicy, ApiError> {
    check_arn(arn)?;
    let missing = || {
        let is_of_aws = arn.starts_with("arn:aws:iam::aws:");
        let why = if is_of_aws { " The emulator does not have it." } else { "" };
        no_entity(format!("Policy {arn} does not exist or is not attachable.{why}"))
    };
    managed::find(arn).ok_or_else(missing)
}

/// docs/aws-behaviour.md#iam-policy-errors.
fn check_arn(arn: &str) -> Result<(), ApiError> {
    if arn.starts_with("arn:") && arn.split(':').count() >= 6 {
        return Ok(());
    }
    Err(ApiError::bad_request("ValidationError", "Invalid ARN:  Could not be parsed!"))
}

fn no_policy(name: &str) -> ApiError {
    no_entity(format!("The role policy with name {name} cannot be found."))
}
