//! An alias: a name for a version, or for two of them by weight.

use super::reference::Reference;
use super::resource_policy::ResourcePolicy;
use crate::core::account::Account;
use crate::services::lambda::invocation::AliasRoute;
use serde_json::{Value, json};

/// An alias.
#[derive(Debug, Clone)]
pub struct Alias {
    /// Its name.
    pub name: String,
    /// For people.
    pub description: String,
    /// `$LATEST` or a number.
    pub version: String,
    /// Another version and its share of the invocations.
    pub second: Option<(String, f64)>,
    /// Who may invoke it by its own ARN.
    pub(super) policy: ResourcePolicy,
    pub(super) revision: String,
}

impl Alias {
    /// Whether it uses a version, as its main one or by weight.
    pub(super) fn leads_to(&self, version: &str) -> bool {
        self.version == version || self.second.as_ref().is_some_and(|(second, _)| second == version)
    }

    pub(super) fn arn(&self, account: &Account, function: &str) -> String {
        account.function_arn(&format!("{function}:{}", self.name))
    }

    pub(super) fn view(&self, account: &Account, function: &str) -> Value {
        let weights = self.second.as_ref().map(|(version, share)| json!({version: share}));
        json!({
            "AliasArn": self.arn(account, function),
            "Name": self.name,
            "FunctionVersion": self.version,
            "Description": self.description,
            "RoutingConfig": weights.map(|weights| json!({"AdditionalVersionWeights": weights})),
            "RevisionId": self.revision,
        })
    }

    /// The settings for the function host.
    pub(super) fn route(&self, function: &str) -> AliasRoute {
        let target =
            |version: &str| Reference { name: function.to_owned(), qualifier: Some(version.to_owned()) };
        let target = |version: &str| target(version).without_latest().target();
        AliasRoute {
            main: target(&self.version),
            second: self.second.as_ref().map(|(version, share)| (target(version), *share)),
        }
    }

    pub(super) fn renew_revision(&mut self) {
        self.revision = uuid::Uuid::new_v4().to_string();
    }

    /// The statements of its own policy, for the emulator's state.
    pub fn policy(&self) -> Option<Value> {
        self.policy.statements()
    }
}
