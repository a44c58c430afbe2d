//! The operations on managed policies.

use super::account_policy::{AccountPolicy, Used, delete_conflict, limit_exceeded, managed_view};
use super::policy::Kind;
use super::role::{Document, Role, check_name, no_entity};
use super::{Iam, managed, parse};
use crate::protocol::id;
use crate::protocol::input::from_text;
use crate::protocol::page::page;
use crate::protocol::tags;
use crate::protocol::tags::Tag;
use crate::protocol::{Answer, ApiError, Reply, Service};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::SystemTime;

/// The account's own managed policies, at most (IAM's default quota).
pub const POLICIES_MAX: usize = 1_500;
/// Characters of a managed policy's document, white space aside, at most.
const DOCUMENT_CHARS_MAX: usize = 6_144;
/// Policies in one answer, unless fewer are asked for.
const LISTED: usize = 100;
/// `MaxItems`, at most.
const LISTED_MAX: usize = 1_000;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct CreatePolicy {
    policy_name: String,
    path: Option<String>,
    policy_document: String,
    description: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct PolicyArn {
    pub policy_arn: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ListPolicies {
    scope: Option<String>,
    #[serde(default, deserialize_with = "from_text")]
    only_attached: Option<bool>,
    path_prefix: Option<String>,
    marker: Option<String>,
    #[serde(default, deserialize_with = "from_text")]
    max_items: Option<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct TagPolicy {
    policy_arn: String,
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct UntagPolicy {
    policy_arn: String,
    tag_keys: Vec<String>,
}

impl Iam {
    pub(super) fn create_policy(&self, input: Value) -> Answer {
        let request: CreatePolicy = parse("CreatePolicy", input)?;
        check_name("PolicyName", &request.policy_name, 128)?;
        let path = request.path.unwrap_or_else(|| "/".into());
        let arn = format!("arn:aws:iam::{}:policy{path}{}", self.account.id, request.policy_name);
        let document = managed_document(request.policy_document)?;
        let now = SystemTime::now();
        let mut policy = AccountPolicy {
            name: request.policy_name,
            id: id::iam("ANPA"),
            path,
            description: request.description,
            created: now,
            updated: now,
            versions: BTreeMap::new(),
            versions_made: 0,
            default: 0,
            tags: tags::from_list(request.tags),
        };
        policy.add(document, true)?;
        let mut policies = self.policies.write();
        if policies.values().any(|other| other.name == policy.name) {
            let message =
                format!("A policy called {} already exists. Duplicate names are not allowed.", policy.name);
            return Err(ApiError::conflict("EntityAlreadyExistsException", message)
                .with_query_code("EntityAlreadyExists"));
        }
        if policies.len() >= POLICIES_MAX {
            return Err(limit_exceeded(format!(
                "Cannot exceed quota for PoliciesPerAccount: {POLICIES_MAX}"
            )));
        }
        let reply = json!({"Policy": policy.view(&arn, Used::default())});
        policies.insert(arn, policy);
        Ok(Reply::ok(reply))
    }

    pub(super) fn get_policy(&self, input: Value) -> Answer {
        let PolicyArn { policy_arn: arn } = parse("GetPolicy", input)?;
        let used = self.used(&arn);
        if let Some(policy) = managed::find(&arn) {
            return Ok(Reply::ok(json!({"Policy": managed_view(policy, used)})));
        }
        self.with_policy(&arn, |policy| {
            let mut view = policy.view(&arn, used);
            // Lists omit it.
            view["Description"] = json!(policy.description);
            Ok(Reply::ok(json!({"Policy": view})))
        })
    }

    pub(super) fn list_policies(&self, input: Value) -> Answer {
        let request: ListPolicies = parse("ListPolicies", input)?;
        let (of_aws, own) = match request.scope.as_deref() {
            None | Some("All") => (true, true),
            Some("AWS") => (true, false),
            Some("Local") => (false, true),
            Some(other) => {
                let message = format!("Scope {other} is none of All, AWS, Local");
                return Err(ApiError::bad_request("ValidationError", message));
            }
        };
        let policies = self.policies.read();
        let mut views = BTreeMap::new();
        for policy in managed::all().iter().filter(|_| of_aws) {
            views.insert(policy.arn.clone(), managed_view(policy, self.used(&policy.arn)));
        }
        for (arn, policy) in policies.iter().filter(|_| own) {
            views.insert(arn.clone(), policy.view(arn, self.used(arn)));
        }
        let prefix = request.path_prefix.unwrap_or_default();
        let only_attached = request.only_attached.unwrap_or(false);
        views.retain(|_, view| {
            view["Path"].as_str().is_some_and(|path| path.starts_with(&prefix))
                && (!only_attached || view["AttachmentCount"] != 0)
        });
        let limit = request.max_items.unwrap_or(LISTED).clamp(1, LISTED_MAX);
        let listed = page(views.iter(), request.marker.as_deref(), limit);
        let (listed, marker) = listed.map_err(|_| Service::Iam.invalid("Invalid Marker."))?;
        Ok(Reply::ok(json!({"Policies": listed, "IsTruncated": marker.is_some(), "Marker": marker})))
    }

    pub(super) fn delete_policy(&self, input: Value) -> Answer {
        let PolicyArn { policy_arn: arn } = parse("DeletePolicy", input)?;
        self.refuse_managed(&arn)?;
        let mut policies = self.policies.write();
        let policy = policies.get(&arn).ok_or_else(|| not_found(&arn))?;
        if self.used(&arn) != Used::default() {
            return Err(delete_conflict("Cannot delete a policy attached to entities."));
        }
        if policy.versions.len() > 1 {
            return Err(delete_conflict(
                "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
            ));
        }
        policies.remove(&arn);
        Ok(Reply::empty())
    }

    pub(super) fn list_entities_for_policy(&self, input: Value) -> Answer {
        let PolicyArn { policy_arn: arn } = parse("ListEntitiesForPolicy", input)?;
        self.attachable(&arn).map_err(|_| not_found(&arn))?;
        let roles = self.roles.read();
        let roles = roles.values().filter(|role| role.attached.contains_key(&arn));
        let roles: Vec<_> = roles.map(|role| json!({"RoleName": role.name, "RoleId": role.id})).collect();
        Ok(Reply::ok(json!({
            "PolicyRoles": roles, "PolicyGroups": [], "PolicyUsers": [], "IsTruncated": false,
        })))
    }

    pub(super) fn tag_policy(&self, input: Value) -> Answer {
        let request: TagPolicy = parse("TagPolicy", input)?;
        self.change_policy(&request.policy_arn, |policy| {
            policy.tags.extend(tags::from_list(request.tags));
            Ok(Reply::empty())
        })
    }

    pub(super) fn untag_policy(&self, input: Value) -> Answer {
        let request: UntagPolicy = parse("UntagPolicy", input)?;
        self.change_policy(&request.policy_arn, |policy| {
            policy.tags.retain(|key, _| !request.tag_keys.contains(key));
            Ok(Reply::empty())
        })
    }

    pub(super) fn list_policy_tags(&self, input: Value) -> Answer {
        let PolicyArn { policy_arn: arn } = parse("ListPolicyTags", input)?;
        self.with_policy(&arn, |policy| {
            Ok(Reply::ok(json!({"Tags": tags::to_list(&policy.tags), "IsTruncated": false})))
        })
    }

    /// The document that an attachment of a policy adds to a role. Fails with `NoSuchEntity`.
    pub(super) fn attachable(&self, arn: &str) -> Result<Document, ApiError> {
        check_arn(arn)?;
        if let Some(policy) = managed::find(arn) {
            return Document::parse(policy.document.clone(), Kind::Identity);
        }
        let document = self.policies.read_recursive().get(arn).and_then(|policy| policy.document().cloned());
        document.ok_or_else(|| {
            let of_aws = if arn.contains("::aws:") { ": the emulator does not have it" } else { "" };
            no_entity(format!("Policy {arn} does not exist or is not attachable{of_aws}."))
        })
    }

    pub(super) fn with_policy(&self, arn: &str, look: impl FnOnce(&AccountPolicy) -> Answer) -> Answer {
        look(self.policies.read().get(arn).ok_or_else(|| not_found(arn))?)
    }

    pub(super) fn change_policy(
        &self,
        arn: &str,
        change: impl FnOnce(&mut AccountPolicy) -> Answer,
    ) -> Answer {
        self.refuse_managed(arn)?;
        change(self.policies.write().get_mut(arn).ok_or_else(|| not_found(arn))?)
    }

    /// How many roles a policy is attached to, and how many it bounds.
    fn used(&self, arn: &str) -> Used {
        let roles = self.roles.read();
        let is_bounded = |role: &&Role| role.boundary.as_ref().is_some_and(|(bounding, _)| bounding == arn);
        Used {
            attachments: roles.values().filter(|role| role.attached.contains_key(arn)).count(),
            boundaries: roles.values().filter(is_bounded).count(),
        }
    }

    fn refuse_managed(&self, arn: &str) -> Result<(), ApiError> {
        if managed::find(arn).is_none() {
            return Ok(());
        }
        let message = format!(
            "User: arn:aws:iam::{}:root is not authorized to change {arn}, which is AWS's",
            self.account.id
        );
        Err(ApiError::new(http::StatusCode::FORBIDDEN, "AccessDenied", message))
    }
}

/// Reads a managed policy's document and checks its size.
pub(super) fn managed_document(text: String) -> Result<Document, ApiError> {
    if text.chars().filter(|c| !c.is_whitespace()).count() > DOCUMENT_CHARS_MAX {
        return Err(limit_exceeded(format!("Cannot exceed quota for PolicySize: {DOCUMENT_CHARS_MAX}")));
    }
    Document::parse(text, Kind::Identity)
}

fn not_found(arn: &str) -> ApiError {
    no_entity(format!("Policy {arn} was not found."))
}

/// docs/aws-behaviour.md#iam-policy-errors.
pub(super) fn check_arn(arn: &str) -> Result<(), ApiError> {
    if arn.starts_with("arn:") && arn.split(':').count() >= 6 {
        return Ok(());
    }
    Err(ApiError::bad_request("ValidationError", "Invalid ARN:  Could not be parsed!"))
}
