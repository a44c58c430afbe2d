//! Roles, with their trust policy and their permissions policies.

use super::policy::{Kind, Policy};
use crate::protocol::tags::{self, Tags};
use crate::protocol::{ApiError, time};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::SystemTime;

/// A document as sent and as parsed.
#[derive(Debug, Clone)]
pub struct Document {
    /// The text, which is returned unchanged.
    pub text: String,
    pub policy: Policy,
}

impl Document {
    /// Fails with `MalformedPolicyDocument`.
    pub fn parse(text: String, kind: Kind) -> Result<Self, ApiError> {
        let policy = Policy::parse(&text, kind).map_err(|error| {
            ApiError::bad_request("MalformedPolicyDocumentException", error.to_string())
                .with_query_code("MalformedPolicyDocument")
        })?;
        Ok(Self { text, policy })
    }

    /// Percent-encoded, as IAM returns documents.
    pub fn encoded(&self) -> String {
        percent_encoding::utf8_percent_encode(&self.text, percent_encoding::NON_ALPHANUMERIC).to_string()
    }
}

#[derive(Debug, Clone)]
pub struct Role {
    /// Unique in the account.
    pub name: String,
    /// `/` or a path between slashes.
    pub path: String,
    /// `arn:aws:iam::{account}:role{path}{name}`
    pub arn: String,
    pub(super) id: String,
    pub(super) created: SystemTime,
    pub(super) description: Option<String>,
    pub(super) session_seconds: u32,
    /// Who may assume it.
    pub trust: Document,
    /// By name.
    pub inline: BTreeMap<String, Document>,
    /// By ARN.
    pub attached: BTreeMap<String, Document>,
    /// The managed policy that bounds what the others allow: its ARN and document.
    pub boundary: Option<(String, Document)>,
    pub tags: Tags,
}

impl Role {
    /// docs/aws-behaviour.md#iam-roles: what CreateRole answers.
    pub(super) fn created(&self) -> Value {
        without(self.view(), ["MaxSessionDuration", "RoleLastUsed"])
    }

    /// What ListRoles answers of each.
    pub(super) fn listed(&self) -> Value {
        without(self.view(), ["RoleLastUsed", "Tags", "PermissionsBoundary"])
    }

    pub(super) fn view(&self) -> Value {
        let boundary = self
            .boundary
            .as_ref()
            .map(|(arn, _)| json!({"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn}));
        json!({
            "Path": self.path,
            "RoleName": self.name,
            "RoleId": self.id,
            "Arn": self.arn,
            "CreateDate": time::epoch_seconds(self.created),
            "AssumeRolePolicyDocument": self.trust.encoded(),
            "Description": self.description,
            "MaxSessionDuration": self.session_seconds,
            "PermissionsBoundary": boundary,
            "RoleLastUsed": {},
            "Tags": (!self.tags.is_empty()).then(|| tags::to_list(&self.tags)),
        })
    }
}

fn without<const N: usize>(mut view: Value, members: [&str; N]) -> Value {
    if let Some(view) = view.as_object_mut() {
        view.retain(|name, _| !members.contains(&name.as_str()));
    }
    view
}

/// Names of roles and policies: letters, digits and `+=,.@_-`.
pub(super) fn check_name(argument: &str, name: &str, chars_max: usize) -> Result<(), ApiError> {
    let legal = |c: char| c.is_ascii_alphanumeric() || "+=,.@_-".contains(c);
    if name.is_empty() || name.len() > chars_max || !name.chars().all(legal) {
        let message = format!("{argument} must be 1 to {chars_max} letters, digits or +=,.@_-: {name}");
        return Err(ApiError::bad_request("ValidationError", message));
    }
    Ok(())
}

pub(super) fn no_role(name: &str) -> ApiError {
    no_entity(format!("The role with name {name} cannot be found."))
}

pub(super) fn no_entity(message: String) -> ApiError {
    ApiError::not_found("NoSuchEntityException", message).with_query_code("NoSuchEntity")
}
