//! Managed policies of the account, and how answers show them and AWS's.

use super::managed::ManagedPolicy;
use super::role::Document;
use crate::protocol::tags;
use crate::protocol::tags::Tags;
use crate::protocol::{ApiError, time};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::SystemTime;

/// Versions of a policy, at most.
pub(super) const VERSIONS_MAX: usize = 5;

/// A managed policy of the account's own.
#[derive(Debug, Clone)]
pub struct AccountPolicy {
    /// Its name, unique in the account.
    pub name: String,
    pub(super) id: String,
    pub(super) path: String,
    pub(super) description: Option<String>,
    pub(super) created: SystemTime,
    pub(super) updated: SystemTime,
    /// By number; never empty.
    pub(super) versions: BTreeMap<u32, PolicyVersion>,
    /// Numbers are not used again.
    pub(super) versions_made: u32,
    pub(super) default: u32,
    pub(super) tags: Tags,
}

/// A version of it.
#[derive(Debug, Clone)]
pub(super) struct PolicyVersion {
    pub(super) document: Document,
    pub(super) created: SystemTime,
}

impl AccountPolicy {
    /// The default version's document.
    pub fn document(&self) -> Option<&Document> {
        self.versions.get(&self.default).map(|version| &version.document)
    }

    /// Adds a version. Fails with `LimitExceeded`.
    pub(super) fn add(&mut self, document: Document, is_default: bool) -> Result<u32, ApiError> {
        if self.versions.len() >= VERSIONS_MAX {
            return Err(limit_exceeded(format!(
                "A managed policy can have up to {VERSIONS_MAX} versions. Before you create a new version, you must delete an existing version."
            )));
        }
        let now = SystemTime::now();
        self.versions_made += 1;
        self.versions.insert(self.versions_made, PolicyVersion { document, created: now });
        self.updated = now;
        if is_default {
            self.default = self.versions_made;
        }
        Ok(self.versions_made)
    }

    /// A version by its id, `v1` and so on.
    pub(super) fn number(&self, id: &str) -> Option<u32> {
        let number = id.strip_prefix('v')?.parse().ok()?;
        self.versions.contains_key(&number).then_some(number)
    }

    pub(super) fn version_view(&self, number: u32, with_document: bool) -> Value {
        let version = self.versions.get(&number);
        json!({
            "VersionId": format!("v{number}"),
            "IsDefaultVersion": number == self.default,
            "CreateDate": version.map(|version| time::epoch_seconds(version.created)),
            "Document": version.filter(|_| with_document).map(|version| version.document.encoded()),
        })
    }

    /// What lists and CreatePolicy show.
    pub(super) fn view(&self, arn: &str, used: Used) -> Value {
        json!({
            "PolicyName": self.name,
            "PolicyId": self.id,
            "Arn": arn,
            "Path": self.path,
            "DefaultVersionId": format!("v{}", self.default),
            "AttachmentCount": used.attachments,
            "PermissionsBoundaryUsageCount": used.boundaries,
            "IsAttachable": true,
            "CreateDate": time::epoch_seconds(self.created),
            "UpdateDate": time::epoch_seconds(self.updated),
            "Tags": (!self.tags.is_empty()).then(|| tags::to_list(&self.tags)),
        })
    }
}

/// Roles that use a policy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Used {
    /// It is attached to.
    pub attachments: usize,
    /// It bounds.
    pub boundaries: usize,
}

/// An AWS-managed policy in lists and GetPolicy.
pub(super) fn managed_view(policy: &ManagedPolicy, used: Used) -> Value {
    let name = name_of(&policy.arn);
    let path = policy.arn.rsplit_once(name).and_then(|(before, _)| before.split_once(":policy"));
    json!({
        "PolicyName": name,
        // Unique, though not of the form of AWS's ids.
        "PolicyId": format!("ANPA{}", name.to_uppercase()),
        "Arn": policy.arn,
        "Path": path.map(|(_, path)| path),
        "DefaultVersionId": policy.version,
        "AttachmentCount": used.attachments,
        "PermissionsBoundaryUsageCount": used.boundaries,
        "IsAttachable": true,
        "CreateDate": time::epoch_seconds(policy.edited),
        "UpdateDate": time::epoch_seconds(policy.edited),
    })
}

/// The last part of a policy's ARN.
pub(super) fn name_of(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

pub(super) fn limit_exceeded(message: String) -> ApiError {
    ApiError::conflict("LimitExceededException", message).with_query_code("LimitExceeded")
}

pub(super) fn delete_conflict(message: &str) -> ApiError {
    ApiError::conflict("DeleteConflictException", message).with_query_code("DeleteConflict")
}
