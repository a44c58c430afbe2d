//! A version: a function's code and settings at the time they were published.

use super::configuration::Configuration;
use super::view::View;
use crate::services::lambda::invocation::config::FunctionConfig;

/// A published version.
#[derive(Debug, Clone)]
pub struct Version {
    /// `1` for the first; numbers are not used again.
    pub number: u64,
    /// With the version's own description if it has one.
    pub configuration: Configuration,
    /// The description of `$LATEST` at that time.
    pub(super) described: Option<String>,
}

impl Version {
    /// The settings for the function host.
    pub fn config(&self, name: &str, reserved_concurrency: Option<u32>) -> FunctionConfig {
        let Configuration { settings, code, .. } = &self.configuration;
        settings.config(name, &self.number.to_string(), code, reserved_concurrency)
    }

    pub(super) fn view<'a>(&'a self, name: &'a str) -> View<'a> {
        View { name, version: Some(self.number), configuration: &self.configuration }
    }
}
