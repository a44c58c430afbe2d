//! The operations on versions of managed policies. Roles have the default version's permissions.

use super::account_policy::{AccountPolicy, delete_conflict};
use super::managed;
use super::policy::Kind;
use super::policy_operations::{PolicyArn, managed_document};
use super::role::{Document, no_entity};
use super::{Iam, parse};
use crate::protocol::input::from_text;
use crate::protocol::{Answer, ApiError, Reply, time};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PolicyVersionId {
    policy_arn: String,
    version_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct CreatePolicyVersion {
    policy_arn: String,
    policy_document: String,
    #[serde(default, deserialize_with = "from_text")]
    set_as_default: Option<bool>,
}

impl Iam {
    pub(super) fn create_policy_version(&self, input: Value) -> Answer {
        let request: CreatePolicyVersion = parse("CreatePolicyVersion", input)?;
        let document = managed_document(request.policy_document)?;
        let is_default = request.set_as_default.unwrap_or(false);
        self.change_policy(&request.policy_arn, |policy| {
            let number = policy.add(document, is_default)?;
            self.follow_default(&request.policy_arn, policy);
            Ok(Reply::ok(json!({"PolicyVersion": policy.version_view(number, false)})))
        })
    }

    pub(super) fn get_policy_version(&self, input: Value) -> Answer {
        let PolicyVersionId { policy_arn: arn, version_id: id } = parse("GetPolicyVersion", input)?;
        if let Some(policy) = managed::find(&arn) {
            if id != policy.version {
                return Err(no_version(&arn, &id));
            }
            let document = Document::parse(policy.document.clone(), Kind::Identity)?;
            return Ok(Reply::ok(json!({"PolicyVersion": {
                "Document": document.encoded(),
                "VersionId": policy.version,
                "IsDefaultVersion": true,
                "CreateDate": time::epoch_seconds(policy.edited),
            }})));
        }
        self.with_policy(&arn, |policy| {
            let number = policy.number(&id).ok_or_else(|| no_version(&arn, &id))?;
            Ok(Reply::ok(json!({"PolicyVersion": policy.version_view(number, true)})))
        })
    }

    /// The newest first.
    pub(super) fn list_policy_versions(&self, input: Value) -> Answer {
        let PolicyArn { policy_arn: arn } = parse("ListPolicyVersions", input)?;
        if let Some(policy) = managed::find(&arn) {
            let version = json!({
                "VersionId": policy.version, "IsDefaultVersion": true,
                "CreateDate": time::epoch_seconds(policy.edited),
            });
            return Ok(Reply::ok(json!({"Versions": [version], "IsTruncated": false})));
        }
        self.with_policy(&arn, |policy| {
            let versions = policy.versions.keys().rev();
            let versions: Vec<_> = versions.map(|number| policy.version_view(*number, false)).collect();
            Ok(Reply::ok(json!({"Versions": versions, "IsTruncated": false})))
        })
    }

    pub(super) fn set_default_policy_version(&self, input: Value) -> Answer {
        let PolicyVersionId { policy_arn: arn, version_id: id } = parse("SetDefaultPolicyVersion", input)?;
        self.change_policy(&arn, |policy| {
            policy.default = policy.number(&id).ok_or_else(|| no_version(&arn, &id))?;
            self.follow_default(&arn, policy);
            Ok(Reply::empty())
        })
    }

    pub(super) fn delete_policy_version(&self, input: Value) -> Answer {
        let PolicyVersionId { policy_arn: arn, version_id: id } = parse("DeletePolicyVersion", input)?;
        self.change_policy(&arn, |policy| {
            let number = policy.number(&id).ok_or_else(|| no_version(&arn, &id))?;
            if number == policy.default {
                return Err(delete_conflict("Cannot delete the default version of a policy."));
            }
            policy.versions.remove(&number);
            Ok(Reply::empty())
        })
    }

    /// Gives a policy's new default version to the roles that it is attached to, or that it bounds.
    fn follow_default(&self, arn: &str, policy: &AccountPolicy) {
        let Some(document) = policy.document() else { return };
        for role in self.roles.write().values_mut() {
            let bounds = role.boundary.as_mut().filter(|(bounding, _)| bounding == arn);
            let held = role.attached.get_mut(arn).into_iter().chain(bounds.map(|(_, document)| document));
            held.for_each(|held| *held = document.clone());
        }
    }
}

fn no_version(arn: &str, id: &str) -> ApiError {
    no_entity(format!("Policy {arn} version {id} does not exist or is not attachable."))
}
