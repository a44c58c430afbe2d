//! A function's settings, as the control plane hands them to the function host.

use crate::services::lambda::code_folder::CodeFolder;
use std::collections::BTreeMap;

/// What the function host needs to run a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionConfig {
    /// The function's name.
    pub name: String,
    /// The role that its credentials act as.
    pub role_arn: String,
    /// `Handler`: free-form on an OS-only runtime, handed over as `_HANDLER`.
    pub handler: String,
    /// The unpacked zip: a folder with an executable `bootstrap`. Each version of the code has its own.
    pub code_dir: CodeFolder,
    /// Identifies the code: an execution environment with another one is recycled.
    pub code_sha256: String,
    /// Megabytes, 128 to 10,240. ProcessEnv to the function; enforced as an address-space limit nowhere.
    pub memory_mb: u32,
    /// Seconds, 1 to 900.
    pub timeout_s: u32,
    /// The function's own environment variables.
    pub environment: BTreeMap<String, String>,
    /// `ReservedConcurrentExecutions`: 0 throttles everything.
    pub reserved_concurrency: Option<u32>,
    /// Where its output goes.
    pub log_group: String,
    /// `LoggingConfig.LogFormat`.
    pub log_format: LogFormat,
    /// `LoggingConfig.ApplicationLogLevel`, with `LogFormat::Json` only.
    pub application_log_level: Option<String>,
}

/// `LoggingConfig.LogFormat`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Plain lines.
    Text,
    /// JSON lines; the runtime is told by `AWS_LAMBDA_LOG_FORMAT`.
    Json,
}
