//! IAM: roles, their policies, and whether a role may do what it attempts.

pub mod managed;
mod permissions;
pub mod policy;
pub mod role;
mod role_operations;
mod role_policy;

use crate::core::account::Account;
use crate::core::identity::Issued;
use crate::protocol::{Answer, ApiError, Service, input};
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
            "ListAttachedRolePolicies" => self.list_attached_role_policies(input),
            "GetPolicy" => self.get_policy(input),
            "GetPolicyVersion" => self.get_policy_version(input),
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

    pub fn inspect<T>(&self, look: impl FnOnce(&BTreeMap<String, Role>) -> T) -> T {
        look(&self.roles.read())
    }
}

fn parse<T: DeserializeOwned>(operation: &str, document: Value) -> Result<T, ApiError> {
    input::parse(Service::Iam, operation, document)
}
