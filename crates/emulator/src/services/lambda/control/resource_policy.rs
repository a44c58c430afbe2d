//! The resource policy of a function, a version or an alias.

use serde_json::{Value, json};

/// The policy of a function, a version or an alias. Each has its own, about its own ARN.
#[derive(Debug, Clone, Default)]
pub(super) struct ResourcePolicy {
    pub permissions: Vec<Permission>,
    /// Changes only with the policy, unlike the revision of its resource.
    pub revision: String,
}

/// A statement of a policy.
#[derive(Debug, Clone)]
pub(super) struct Permission {
    pub id: String,
    pub statement: Value,
}

impl ResourcePolicy {
    /// For the emulator's state; `None` without statements. Sids are names that nobody acts on.
    pub fn statements(&self) -> Option<Value> {
        let mut statements: Vec<_> = self.permissions.iter().map(|one| one.statement.clone()).collect();
        statements.iter_mut().for_each(|one| one["Sid"] = Value::Null);
        (!statements.is_empty()).then_some(Value::Array(statements))
    }
}

/// The policy's document.
pub(super) fn document(permissions: &[Permission]) -> Value {
    let statements: Vec<_> = permissions.iter().map(|permission| &permission.statement).collect();
    json!({"Version": "2012-10-17", "Id": "default", "Statement": statements})
}
