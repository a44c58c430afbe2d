//! The policies of a role: inline ones, and managed ones that are attached.

use super::account_policy::{limit_exceeded, name_of};
use super::policy::Kind;
use super::policy_operations::check_arn;
use super::role::{Document, check_name, no_entity, no_role};
use super::role_operations::RoleName;
use super::{Iam, parse};
use crate::protocol::{Answer, ApiError, Reply};
use serde::Deserialize;
use serde_json::{Value, json};

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
struct RoleBoundary {
    role_name: String,
    permissions_boundary: String,
}

/// Managed policies of a role, at most (IAM's default quota).
const ATTACHED_MAX: usize = 10;

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
        // Locked until it is attached, so that the policy is not deleted or changed meanwhile.
        let _policies = self.policies.read_recursive();
        let document = self.attachable(&request.policy_arn)?;
        self.change_role(&request.role_name, |role| {
            if role.attached.len() >= ATTACHED_MAX && !role.attached.contains_key(&request.policy_arn) {
                return Err(limit_exceeded(format!(
                    "Cannot exceed quota for PoliciesPerRole: {ATTACHED_MAX}"
                )));
            }
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

    pub(super) fn put_role_permissions_boundary(&self, input: Value) -> Answer {
        let request: RoleBoundary = parse("PutRolePermissionsBoundary", input)?;
        let _policies = self.policies.read_recursive();
        let boundary = self.boundary(request.permissions_boundary)?;
        self.change_role(&request.role_name, |role| {
            role.boundary = Some(boundary);
            Ok(())
        })
    }

    pub(super) fn delete_role_permissions_boundary(&self, input: Value) -> Answer {
        let RoleName { role_name } = parse("DeleteRolePermissionsBoundary", input)?;
        self.change_role(&role_name, |role| {
            let removed = role.boundary.take();
            removed
                .map(drop)
                .ok_or_else(|| no_entity(format!("Role {role_name} does not have a permissions boundary.")))
        })
    }

    /// The managed policy of an ARN, as a boundary. Fails with `NoSuchEntity`.
    pub(super) fn boundary(&self, arn: String) -> Result<(String, Document), ApiError> {
        let document = self.attachable(&arn)?;
        Ok((arn, document))
    }

    pub(super) fn list_attached_role_policies(&self, input: Value) -> Answer {
        self.with_role("ListAttachedRolePolicies", input, |role| {
            let attached = role.attached.keys();
            let attached: Vec<Value> =
                attached.map(|arn| json!({"PolicyName": name_of(arn), "PolicyArn": arn})).collect();
            json!({"AttachedPolicies": attached, "IsTruncated": false})
        })
    }
}

fn no_policy(name: &str) -> ApiError {
    no_entity(format!("The role policy with name {name} cannot be found."))
}
