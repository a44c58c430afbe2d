//! What a function is at a time: `$LATEST` as it is now, a version as it was published.

use super::code::Code;
use super::resource_policy::ResourcePolicy;
use super::settings::Settings;
use super::status::Status;
use serde_json::Value;
use std::time::SystemTime;
use tokio::time::Instant;

#[derive(Debug, Clone)]
pub struct Configuration {
    pub settings: Settings,
    pub code: Code,
    /// `x86_64` or `arm64`: the machine's own.
    pub architecture: String,
    /// Who may invoke it, besides the account's own roles.
    pub(super) policy: ResourcePolicy,
    pub(super) modified: SystemTime,
    pub(super) revision: String,
    pub(super) status: Status,
}

impl Configuration {
    /// A configuration without a policy, modified now.
    pub(super) fn new(settings: Settings, code: Code, architecture: String, status: Status) -> Self {
        Self {
            settings,
            code,
            architecture,
            policy: ResourcePolicy::default(),
            modified: SystemTime::now(),
            revision: uuid::Uuid::new_v4().to_string(),
            status,
        }
    }

    pub(super) fn renew_revision(&mut self) {
        self.revision = uuid::Uuid::new_v4().to_string();
    }

    /// Completes a change whose time is over.
    pub(super) fn settle(&mut self, now: Instant) {
        if self.status.settle(now) {
            self.renew_revision();
        }
    }

    /// The statements of its own policy, for the emulator's state.
    pub fn policy(&self) -> Option<Value> {
        self.policy.statements()
    }
}
