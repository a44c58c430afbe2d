//! FunctionConfiguration: a function, a version or an alias's version as Lambda's answers show it.

use super::configuration::Configuration;
use crate::core::account::Account;
use crate::protocol::time;
use crate::services::lambda::invocation::config::LATEST;
use serde_json::{Value, json};

/// Members that lists omit.
const NOT_LISTED: [&str; 7] = [
    "State",
    "StateReason",
    "StateReasonCode",
    "LastUpdateStatus",
    "LastUpdateStatusReason",
    "LastUpdateStatusReasonCode",
    "RuntimeVersionConfig",
];

/// The values that a FunctionConfiguration shows.
pub(super) struct View<'a> {
    pub name: &'a str,
    /// `None`: `$LATEST`.
    pub version: Option<u64>,
    pub configuration: &'a Configuration,
}

impl View<'_> {
    /// The answer of GetFunctionConfiguration; its ARN ends in `target`, a name with or without a qualifier.
    pub fn whole(&self, account: &Account, target: &str) -> Value {
        let Configuration { settings, code, architecture, modified, revision, status, .. } =
            self.configuration;
        let mut view = settings.view(self.name, account);
        let own = json!({
            "FunctionName": self.name,
            "FunctionArn": account.function_arn(target),
            "CodeSize": code.size,
            "CodeSha256": code.sha256,
            "LastModified": time::lambda_timestamp(*modified),
            "Version": self.version.map_or_else(|| LATEST.to_owned(), |number| number.to_string()),
            "RevisionId": revision,
            "PackageType": "Zip",
            "Architectures": [architecture],
        });
        for more in [own, status.view()] {
            if let (Value::Object(members), Value::Object(more)) = (&mut view, more) {
                members.extend(more);
            }
        }
        view
    }

    /// The form in lists.
    pub fn listed(&self, account: &Account, target: &str) -> Value {
        let mut view = self.whole(account, target);
        if let Value::Object(members) = &mut view {
            members.retain(|name, _| !NOT_LISTED.contains(&name.as_str()));
        }
        view
    }
}
