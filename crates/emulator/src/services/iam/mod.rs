//! IAM: roles, their policies, and whether a role may do what it attempts.

pub mod account_policy;
mod assume;
pub mod managed;
mod permissions;
pub mod policy;
mod policy_operations;
mod policy_versions;
pub mod role;
mod role_operations;
mod role_policy;

use crate::core::account::Account;
use crate::core::identity::Issued;
use crate::protocol::{Answer, ApiError, Service, input};
use account_policy::AccountPolicy;
use parking_lot::RwLock;
use policy::Policy;
use role::Role;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The account's roles, and their credentials.
#[derive(Debug)]
pub struct Iam {
    account: Account,
    roles: RwLock<BTreeMap<String, Role>>,
    /// The account's own managed policies, by ARN. Locked before the roles where both are.
    policies: RwLock<BTreeMap<String, AccountPolicy>>,
    /// By access key.
    issued: RwLock<HashMap<String, Arc<Issued>>>,
    /// Resource policies, by the resource's ARN.
    resource_policies: RwLock<HashMap<String, Policy>>,
}

impl Iam {
    pub fn new(account: Account) -> Self {
        Self {
            account,
            roles: RwLock::default(),
            policies: RwLock::default(),
            issued: RwLock::default(),
            resource_policies: RwLock::default(),
        }
    }

    pub fn handle(&self, operation: &str, input: Value) -> Answer {
        match operation {
            "CreateRole" => self.create_role(input),
            "GetRole" => self.get_role(input),
            "ListRoles" => self.list_roles(input),
            "DeleteRole" => self.delete_role(input),
            "UpdateRole" => self.update_role(input),
            "UpdateAssumeRolePolicy" => self.update_assume_role_policy(input),
            "TagRole" => self.tag_role(input),
            "UntagRole" => self.untag_role(input),
            "ListRoleTags" => self.list_role_tags(input),
            "ListInstanceProfilesForRole" => self.list_instance_profiles_for_role(input),
            "PutRolePolicy" => self.put_role_policy(input),
            "GetRolePolicy" => self.get_role_policy(input),
            "DeleteRolePolicy" => self.delete_role_policy(input),
            "ListRolePolicies" => self.list_role_policies(input),
            "AttachRolePolicy" => self.attach_role_policy(input),
            "DetachRolePolicy" => self.detach_role_policy(input),
            "PutRolePermissionsBoundary" => self.put_role_permissions_boundary(input),
            "DeleteRolePermissionsBoundary" => self.delete_role_permissions_boundary(input),
            "ListAttachedRolePolicies" => self.list_attached_role_policies(input),
            "GetPolicy" => self.get_policy(input),
            "CreatePolicy" => self.create_policy(input),
            "ListPolicies" => self.list_policies(input),
            "DeletePolicy" => self.delete_policy(input),
            "ListEntitiesForPolicy" => self.list_entities_for_policy(input),
            "TagPolicy" => self.tag_policy(input),
            "UntagPolicy" => self.untag_policy(input),
            "ListPolicyTags" => self.list_policy_tags(input),
            "CreatePolicyVersion" => self.create_policy_version(input),
            "GetPolicyVersion" => self.get_policy_version(input),
            "ListPolicyVersions" => self.list_policy_versions(input),
            "SetDefaultPolicyVersion" => self.set_default_policy_version(input),
            "DeletePolicyVersion" => self.delete_policy_version(input),
            other => Err(ApiError::unsupported_operation("iam", other)),
        }
    }

    /// Sets a resource policy; `None` removes it.
    pub fn set_resource_policy(&self, arn: &str, policy: Option<Policy>) {
        let mut policies = self.resource_policies.write();
        match policy {
            Some(policy) => policies.insert(arn.to_owned(), policy),
            None => policies.remove(arn),
        };
    }

    /// Looks at every managed policy of the account's own.
    pub fn inspect_policies<T>(&self, look: impl FnOnce(&BTreeMap<String, AccountPolicy>) -> T) -> T {
        look(&self.policies.read())
    }

    /// Looks at every role.
    pub fn inspect<T>(&self, look: impl FnOnce(&BTreeMap<String, Role>) -> T) -> T {
        look(&self.roles.read())
    }
}

fn parse<T: DeserializeOwned>(operation: &str, document: Value) -> Result<T, ApiError> {
    input::parse(Service::Iam, operation, document)
}
