//! FunctionConfiguration: a function, a version or an alias's version as Lambda's answers show it.

use super::code::Code;
use super::settings::Settings;
use super::status::Status;
use crate::core::account::Account;
use crate::protocol::time;
use serde_json::{Value, json};
use std::time::SystemTime;

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
    pub version: &'a str,
    pub settings: &'a Settings,
    pub code: &'a Code,
    pub architecture: &'a str,
    pub modified: SystemTime,
    pub revision: &'a str,
    pub status: Status,
}

impl View<'_> {
    /// The answer of GetFunctionConfiguration; its ARN ends in `target`, a name with or without a qualifier.
    pub fn whole(&self, account: &Account, target: &str) -> Value {
        let mut view = self.settings.view(self.name, account);
        let own = json!({
            "FunctionName": self.name,
            "FunctionArn": account.function_arn(target),
            "CodeSize": self.code.size,
            "CodeSha256": self.code.sha256,
            "LastModified": time::lambda_timestamp(self.modified),
            "Version": self.version,
            "RevisionId": self.revision,
            "PackageType": "Zip",
            "Architectures": [self.architecture],
        });
        for more in [own, self.status.view()] {
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
