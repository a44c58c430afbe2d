//! The operations on roles.

use super::policy::Kind;
use super::role::{Document, Role, check_name, no_role};
use super::{Iam, parse};
use crate::protocol::id;
use crate::protocol::input::from_text;
use crate::protocol::tags::{self, Tag};
use crate::protocol::{Answer, ApiError, Reply};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::SystemTime;

/// Roles in the account, at most (IAM's default quota).
pub const ROLES_MAX: usize = 1_000;
const SESSION_SECONDS_DEFAULT: u32 = 3_600;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct CreateRole {
    role_name: String,
    path: Option<String>,
    assume_role_policy_document: String,
    description: Option<String>,
    #[serde(default, deserialize_with = "from_text")]
    max_session_duration: Option<u32>,
    permissions_boundary: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct RoleName {
    pub role_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct UpdateRole {
    role_name: String,
    description: Option<String>,
    #[serde(default, deserialize_with = "from_text")]
    max_session_duration: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct UpdateAssumeRolePolicy {
    role_name: String,
    policy_document: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ListRoles {
    path_prefix: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct TagRole {
    role_name: String,
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct UntagRole {
    role_name: String,
    tag_keys: Vec<String>,
}

impl Iam {
    pub(super) fn create_role(&self, input: Value) -> Answer {
        let request: CreateRole = parse("CreateRole", input)?;
        check_name("RoleName", &request.role_name, 64)?;
        let path = request.path.unwrap_or_else(|| "/".into());
        // Locked until the role has it, so that the policy is not deleted or changed meanwhile.
        let _policies = self.policies.read_recursive();
        let boundary = request.permissions_boundary.map(|arn| self.boundary(arn)).transpose()?;
        let role = Role {
            arn: format!("arn:aws:iam::{}:role{path}{}", self.account.id, request.role_name),
            id: id::iam("AROA"),
            created: SystemTime::now(),
            description: request.description,
            session_seconds: request.max_session_duration.unwrap_or(SESSION_SECONDS_DEFAULT),
            trust: Document::parse(request.assume_role_policy_document, Kind::Trust)?,
            inline: BTreeMap::new(),
            attached: BTreeMap::new(),
            boundary,
            tags: tags::from_list(request.tags),
            name: request.role_name,
            path,
        };
        let mut roles = self.roles.write();
        if roles.contains_key(&role.name) {
            let message = format!("Role with name {} already exists.", role.name);
            return Err(ApiError::conflict("EntityAlreadyExistsException", message)
                .with_query_code("EntityAlreadyExists"));
        }
        if roles.len() >= ROLES_MAX {
            let message = format!("Cannot exceed quota for RolesPerAccount: {ROLES_MAX}");
            return Err(
                ApiError::conflict("LimitExceededException", message).with_query_code("LimitExceeded")
            );
        }
        let reply = json!({"Role": role.created()});
        roles.insert(role.name.clone(), role);
        Ok(Reply::ok(reply))
    }

    pub(super) fn get_role(&self, input: Value) -> Answer {
        self.with_role("GetRole", input, |role| json!({"Role": role.view()}))
    }

    pub(super) fn list_roles(&self, input: Value) -> Answer {
        let request: ListRoles = parse("ListRoles", input)?;
        let prefix = request.path_prefix.unwrap_or_default();
        let roles = self.roles.read();
        let roles: Vec<Value> =
            roles.values().filter(|role| role.path.starts_with(&prefix)).map(Role::listed).collect();
        Ok(Reply::ok(json!({"Roles": roles, "IsTruncated": false})))
    }

    pub(super) fn delete_role(&self, input: Value) -> Answer {
        let RoleName { role_name } = parse("DeleteRole", input)?;
        let mut roles = self.roles.write();
        let role = roles.get(&role_name).ok_or_else(|| no_role(&role_name))?;
        let held = match (role.inline.is_empty(), role.attached.is_empty()) {
            (false, _) => Some("Cannot delete entity, must delete policies first."),
            (_, false) => Some("Cannot delete entity, must detach all policies first."),
            (true, true) => None,
        };
        if let Some(message) = held {
            return Err(
                ApiError::conflict("DeleteConflictException", message).with_query_code("DeleteConflict")
            );
        }
        roles.remove(&role_name);
        Ok(Reply::empty())
    }

    pub(super) fn update_role(&self, input: Value) -> Answer {
        let request: UpdateRole = parse("UpdateRole", input)?;
        self.change_role(&request.role_name, |role| {
            role.description =
                request.description.filter(|text| !text.is_empty()).or(role.description.take());
            role.session_seconds = request.max_session_duration.unwrap_or(role.session_seconds);
            Ok(())
        })
    }

    pub(super) fn update_assume_role_policy(&self, input: Value) -> Answer {
        let request: UpdateAssumeRolePolicy = parse("UpdateAssumeRolePolicy", input)?;
        let trust = Document::parse(request.policy_document, Kind::Trust)?;
        self.change_role(&request.role_name, |role| {
            role.trust = trust;
            Ok(())
        })
    }

    pub(super) fn tag_role(&self, input: Value) -> Answer {
        let request: TagRole = parse("TagRole", input)?;
        self.change_role(&request.role_name, |role| {
            role.tags.extend(tags::from_list(request.tags));
            Ok(())
        })
    }

    pub(super) fn untag_role(&self, input: Value) -> Answer {
        let request: UntagRole = parse("UntagRole", input)?;
        self.change_role(&request.role_name, |role| {
            role.tags.retain(|key, _| !request.tag_keys.contains(key));
            Ok(())
        })
    }

    pub(super) fn list_role_tags(&self, input: Value) -> Answer {
        self.with_role(
            "ListRoleTags",
            input,
            |role| json!({"Tags": tags::to_list(&role.tags), "IsTruncated": false}),
        )
    }

    pub(super) fn list_instance_profiles_for_role(&self, input: Value) -> Answer {
        self.with_role(
            "ListInstanceProfilesForRole",
            input,
            |_| json!({"InstanceProfiles": [], "IsTruncated": false}),
        )
    }

    pub(super) fn with_role(&self, operation: &str, input: Value, view: impl Fn(&Role) -> Value) -> Answer {
        let RoleName { role_name } = parse(operation, input)?;
        let roles = self.roles.read();
        roles.get(&role_name).map(|role| Reply::ok(view(role))).ok_or_else(|| no_role(&role_name))
    }

    pub(super) fn change_role(
        &self,
        name: &str,
        change: impl FnOnce(&mut Role) -> Result<(), ApiError>,
    ) -> Answer {
        let mut roles = self.roles.write();
        change(roles.get_mut(name).ok_or_else(|| no_role(name))?)?;
        Ok(Reply::empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::account::Account;

    const TRUST: &str = r#"{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"lambda.amazonaws.com"}}}"#;

    fn create(iam: &Iam) -> Value {
        let role = json!({
            "RoleName": "r", "AssumeRolePolicyDocument": TRUST, "Tags": [{"Key": "k", "Value": "v"}],
        });
        iam.handle("CreateRole", role).unwrap().body.unwrap()["Role"].take()
    }

    /// Recorded on AWS.
    #[test]
    fn each_operation_shows_of_a_role_what_aws_shows() {
        let iam = Iam::new(Account::default());
        let created = create(&iam);
        let got = iam.handle("GetRole", json!({"RoleName": "r"})).unwrap().body.unwrap()["Role"].take();
        let listed = iam.handle("ListRoles", json!({})).unwrap().body.unwrap()["Roles"][0].take();
        let has = |role: &Value| {
            ["MaxSessionDuration", "RoleLastUsed", "Tags"].map(|name| role.get(name).is_some())
        };
        assert_eq!(has(&created), [false, false, true]);
        assert_eq!(has(&got), [true, true, true]);
        assert_eq!(has(&listed), [true, false, false]);
    }

    /// Recorded on AWS.
    #[test]
    fn malformed_documents_and_arns_are_told_as_aws_tells_them() {
        let iam = Iam::new(Account::default());
        create(&iam);
        let refused = |operation: &str, input: Value| {
            let error = iam.handle(operation, input).unwrap_err();
            (error.status.as_u16(), error.query_code.unwrap_or(error.code), error.message)
        };
        let trust = json!({"RoleName": "s", "AssumeRolePolicyDocument": r#"{"Statement": [],}"#});
        let json = (400, "MalformedPolicyDocument", "This policy contains invalid Json".to_owned());
        assert_eq!(refused("CreateRole", trust), json);
        for operation in ["AttachRolePolicy", "DetachRolePolicy"] {
            let policy = json!({"RoleName": "r", "PolicyArn": "longpolicynamebutnoarn"});
            let arn = (400, "ValidationError", "Invalid ARN:  Could not be parsed!".to_owned());
            assert_eq!(refused(operation, policy), arn);
        }
        let unknown = json!({"RoleName": "r", "PolicyArn": "arn:aws:iam::000000000000:policy/p"});
        let message = "Policy arn:aws:iam::000000000000:policy/p does not exist or is not attachable.";
        assert_eq!(refused("AttachRolePolicy", unknown), (404, "NoSuchEntity", message.to_owned()));
    }
}
