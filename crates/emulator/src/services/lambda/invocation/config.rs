//! A function's settings, as the control plane gives them to the function host.

use crate::services::lambda::code_folder::CodeFolder;
use std::collections::BTreeMap;

/// The version that can be changed, and the default of names without a qualifier.
pub const LATEST: &str = "$LATEST";

/// What the function host needs to run a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionConfig {
    pub name: String,
    /// [`LATEST`], or the number of a published version.
    pub version: String,
    /// The role of its credentials.
    pub role_arn: String,
    /// `Handler`: any text on an OS-only runtime, passed as `_HANDLER`.
    pub handler: String,
    /// The unpacked zip: a folder with an executable `bootstrap`. Each version of the code has its own.
    pub code_dir: CodeFolder,
    /// Identifies the code: an execution environment with another one is recycled.
    pub code_sha256: String,
    /// Megabytes, 128 to 10,240. The function gets it in its environment; it does not limit the address space.
    pub memory_mb: u32,
    /// Seconds, 1 to 900.
    pub timeout_s: u32,
    pub environment: BTreeMap<String, String>,
    /// `ReservedConcurrentExecutions`: 0 throttles everything.
    pub reserved_concurrency: Option<u32>,
    /// The log group for its output.
    pub log_group: String,
    pub log_format: LogFormat,
    /// `LoggingConfig.ApplicationLogLevel`, with `LogFormat::Json` only.
    pub application_log_level: Option<String>,
}

impl FunctionConfig {
    /// Its name in the function host, followed by a colon and the number if it is a published version.
    pub fn target(&self) -> String {
        if self.version == LATEST { self.name.clone() } else { format!("{}:{}", self.name, self.version) }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Plain lines.
    Text,
    /// JSON lines; the runtime gets `AWS_LAMBDA_LOG_FORMAT`.
    Json,
}
