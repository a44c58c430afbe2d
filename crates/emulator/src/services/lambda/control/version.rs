//! A version: a function's code and settings at the time they were published.

use super::code::Code;
use super::resource_policy::ResourcePolicy;
use super::settings::Settings;
use super::status::Status;
use super::view::View;
use crate::services::lambda::invocation::config::FunctionConfig;
use serde_json::Value;
use std::time::SystemTime;

/// A published version.
#[derive(Debug, Clone)]
pub struct Version {
    /// `1` for the first; numbers are not used again.
    pub number: u64,
    /// With the version's own description if it has one.
    pub settings: Settings,
    pub code: Code,
    pub architecture: String,
    /// Who may invoke it by its own ARN.
    pub(super) policy: ResourcePolicy,
    /// The description of `$LATEST` at that time.
    pub(super) described: Option<String>,
    pub(super) modified: SystemTime,
    pub(super) revision: String,
    pub(super) status: Status,
}

impl Version {
    /// Its number as text.
    pub fn name(&self) -> String {
        self.number.to_string()
    }

    /// The settings for the function host.
    pub fn config(&self, name: &str, reserved_concurrency: Option<u32>) -> FunctionConfig {
        self.settings.config(name, &self.name(), &self.code, reserved_concurrency)
    }

    pub(super) fn with_view<T>(&self, name: &str, look: impl FnOnce(&View<'_>) -> T) -> T {
        look(&View {
            name,
            version: &self.name(),
            settings: &self.settings,
            code: &self.code,
            architecture: &self.architecture,
            modified: self.modified,
            revision: &self.revision,
            status: self.status,
        })
    }

    /// The statements of its own policy, for the emulator's state.
    pub fn policy(&self) -> Option<Value> {
        self.policy.statements()
    }
}
