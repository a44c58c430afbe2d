//! A function's settings: what a request may carry, what AWS defaults, and what it refuses.

use super::invalid;
use crate::account::Account;
use crate::aws_api::wire::ApiError;
use crate::function::config::{FunctionConfig, LogFormat};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

use super::code::Code;

/// Runtimes that run a `bootstrap` of one's own.
const RUNTIMES: [&str; 2] = ["provided.al2023", "provided.al2"];
const MEMORY_MB: std::ops::RangeInclusive<u32> = 128..=10_240;
const MEMORY_MB_DEFAULT: u32 = 128;
const TIMEOUT_S: std::ops::RangeInclusive<u32> = 1..=900;
const TIMEOUT_S_DEFAULT: u32 = 3;
const EPHEMERAL_STORAGE_MB: std::ops::RangeInclusive<u32> = 512..=10_240;
const EPHEMERAL_STORAGE_MB_DEFAULT: u32 = 512;
/// Bytes of all environment variables, names and values, at most.
pub const ENVIRONMENT_BYTES_MAX: usize = 4 * 1024;
/// Variables that the runtime sets, which a function's environment cannot.
const RESERVED_VARIABLES: [&str; 19] = [
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SECRET_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SESSION_TOKEN_EXPIRATION",
    "LAMBDA_TASK_ROOT",
];

/// Settings of a function, all that this plane supports.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Settings {
    /// The role's ARN.
    pub role: String,
    /// `provided.al2023` or `provided.al2`
    pub runtime: Option<String>,
    /// Free-form on these runtimes.
    pub handler: Option<String>,
    /// For people.
    pub description: Option<String>,
    /// Seconds.
    pub timeout: Option<u32>,
    /// Megabytes.
    pub memory_size: Option<u32>,
    /// The function's own variables.
    pub environment: Option<Environment>,
    /// Encrypts the variables; inert.
    #[serde(rename = "KMSKeyArn")]
    pub kms_key_arn: Option<String>,
    /// Tracing; inert.
    pub tracing_config: Option<TracingConfig>,
    /// Size of `/tmp`; inert.
    pub ephemeral_storage: Option<EphemeralStorage>,
    /// Logs.
    pub logging_config: Option<LoggingConfig>,
    /// `ApplyOn: None`; nothing else is possible on these runtimes.
    pub snap_start: Option<SnapStart>,
    /// Without subnets.
    pub vpc_config: Option<VpcConfig>,
    /// Without a target.
    pub dead_letter_config: Option<DeadLetterConfig>,
    /// Empty.
    pub layers: Option<Vec<String>>,
    /// Empty.
    pub file_system_configs: Option<Vec<Value>>,
}

/// `Environment`
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Environment {
    /// Values by name.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
}

/// `TracingConfig`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct TracingConfig {
    /// `Active` or `PassThrough`
    pub mode: Option<String>,
}

/// `EphemeralStorage`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct EphemeralStorage {
    /// Megabytes.
    pub size: u32,
}

/// `LoggingConfig`
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct LoggingConfig {
    /// `Text` or `JSON`
    pub log_format: Option<String>,
    /// The function's own lines, with `JSON`.
    pub application_log_level: Option<String>,
    /// Lambda's lines, with `JSON`; inert.
    pub system_log_level: Option<String>,
    /// `/aws/lambda/{name}`, unless another is given.
    pub log_group: Option<String>,
}

/// `SnapStart`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct SnapStart {
    /// `None`
    pub apply_on: Option<String>,
}

/// `VpcConfig`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct VpcConfig {
    /// Empty.
    #[serde(default)]
    pub subnet_ids: Vec<String>,
    /// Empty.
    #[serde(default)]
    pub security_group_ids: Vec<String>,
    /// Without effect outside a VPC.
    pub ipv6_allowed_for_dual_stack: Option<bool>,
}

/// `DeadLetterConfig`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DeadLetterConfig {
    /// Empty: asynchronous invocations are not supported.
    pub target_arn: Option<String>,
}

impl Settings {
    /// Checks what a request asks for.
    ///
    /// # Errors
    /// `InvalidParameterValueException`.
    pub fn check(&self) -> Result<(), ApiError> {
        self.refuse_unsupported()?;
        match self.runtime.as_deref() {
            Some(runtime) if RUNTIMES.contains(&runtime) => {}
            Some(other) => return Err(unsupported("Runtime", other)),
            None => {
                return Err(invalid("Runtime is mandatory for functions created with deployment packages."));
            }
        }
        if self.handler.as_deref().unwrap_or_default().is_empty() {
            return Err(invalid("Handler is mandatory for functions created with deployment packages."));
        }
        in_range("MemorySize", self.memory_mb(), MEMORY_MB)?;
        in_range("Timeout", self.timeout_s(), TIMEOUT_S)?;
        in_range("EphemeralStorage.Size", self.ephemeral_storage_mb(), EPHEMERAL_STORAGE_MB)?;
        self.check_environment()?;
        let logging = self.logging_config.clone().unwrap_or_default();
        match logging.log_format.as_deref() {
            None | Some("Text") => {
                if logging.application_log_level.is_some() || logging.system_log_level.is_some() {
                    return Err(invalid(
                        "To set ApplicationLogLevel or SystemLogLevel, LogFormat must be set to JSON.",
                    ));
                }
            }
            Some("JSON") => {}
            Some(other) => return Err(unsupported("LoggingConfig.LogFormat", other)),
        }
        Ok(())
    }

    fn refuse_unsupported(&self) -> Result<(), ApiError> {
        let vpc = self
            .vpc_config
            .as_ref()
            .is_some_and(|vpc| !vpc.subnet_ids.is_empty() || !vpc.security_group_ids.is_empty());
        let dead_letters = self.dead_letter_config.as_ref().and_then(|config| config.target_arn.as_deref());
        let snap_start = self.snap_start.as_ref().and_then(|config| config.apply_on.as_deref());
        let refused = [
            ("VpcConfig", vpc),
            ("DeadLetterConfig", dead_letters.is_some_and(|arn| !arn.is_empty())),
            ("Layers", self.layers.as_ref().is_some_and(|layers| !layers.is_empty())),
            (
                "FileSystemConfigs",
                self.file_system_configs.as_ref().is_some_and(|configs| !configs.is_empty()),
            ),
            ("SnapStart", snap_start.is_some_and(|apply_on| apply_on != "None")),
        ];
        match refused.into_iter().find(|(_, present)| *present) {
            Some((argument, _)) => Err(invalid(format!("{argument} is not supported by the local plane"))),
            None => Ok(()),
        }
    }

    fn check_environment(&self) -> Result<(), ApiError> {
        let variables = self.variables();
        if let Some(reserved) = variables.keys().find(|name| RESERVED_VARIABLES.contains(&name.as_str())) {
            return Err(invalid(format!(
                "Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: {reserved}"
            )));
        }
        let legal = |name: &str| {
            name.len() >= 2
                && name.starts_with(|c: char| c.is_ascii_alphabetic())
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        if let Some(name) = variables.keys().find(|name| !legal(name)) {
            return Err(invalid(format!(
                "Environment variable names must begin with a letter and hold two or more letters, digits or underscores: {name}"
            )));
        }
        let bytes: usize = variables.iter().map(|(name, value)| name.len() + value.len()).sum();
        if bytes > ENVIRONMENT_BYTES_MAX {
            return Err(invalid(format!(
                "Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. ({bytes} bytes)"
            )));
        }
        Ok(())
    }

    fn variables(&self) -> BTreeMap<String, String> {
        self.environment.clone().unwrap_or_default().variables
    }

    fn memory_mb(&self) -> u32 {
        self.memory_size.unwrap_or(MEMORY_MB_DEFAULT)
    }

    fn timeout_s(&self) -> u32 {
        self.timeout.unwrap_or(TIMEOUT_S_DEFAULT)
    }

    fn ephemeral_storage_mb(&self) -> u32 {
        self.ephemeral_storage.as_ref().map_or(EPHEMERAL_STORAGE_MB_DEFAULT, |storage| storage.size)
    }

    fn log_group(&self, name: &str) -> String {
        let group = self.logging_config.as_ref().and_then(|config| config.log_group.clone());
        group.unwrap_or_else(|| format!("/aws/lambda/{name}"))
    }

    /// What the function host is told.
    pub fn config(&self, name: &str, code: &Code, reserved_concurrency: Option<u32>) -> FunctionConfig {
        let logging = self.logging_config.clone().unwrap_or_default();
        let json = logging.log_format.as_deref() == Some("JSON");
        FunctionConfig {
            name: name.to_owned(),
            role_arn: self.role.clone(),
            handler: self.handler.clone().unwrap_or_default(),
            code_dir: code.dir.clone(),
            code_sha256: code.sha256.clone(),
            memory_mb: self.memory_mb(),
            timeout_s: self.timeout_s(),
            environment: self.variables(),
            reserved_concurrency,
            log_group: self.log_group(name),
            log_format: if json { LogFormat::Json } else { LogFormat::Text },
            application_log_level: json
                .then(|| logging.application_log_level.unwrap_or_else(|| "INFO".into())),
        }
    }

    /// The members of a FunctionConfiguration that settings decide.
    pub fn view(&self, name: &str, account: &Account) -> Value {
        let logging = self.logging_config.clone().unwrap_or_default();
        let json = logging.log_format.as_deref() == Some("JSON");
        let level = |level: Option<String>| json.then(|| level.unwrap_or_else(|| "INFO".into()));
        let tracing = self.tracing_config.as_ref().and_then(|config| config.mode.clone());
        let variables = self.variables();
        json!({
            "Runtime": self.runtime,
            "Role": self.role,
            "Handler": self.handler,
            "Description": self.description.clone().unwrap_or_default(),
            "Timeout": self.timeout_s(),
            "MemorySize": self.memory_mb(),
            "Environment": (!variables.is_empty()).then(|| json!({"Variables": variables})),
            "KMSKeyArn": self.kms_key_arn,
            "TracingConfig": {"Mode": tracing.unwrap_or_else(|| "PassThrough".into())},
            "EphemeralStorage": {"Size": self.ephemeral_storage_mb()},
            "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
            "RuntimeVersionConfig": {
                "RuntimeVersionArn": format!("arn:aws:lambda:{}::runtime:{}", account.region, "0".repeat(64)),
            },
            "LoggingConfig": {
                "LogFormat": if json { "JSON" } else { "Text" },
                "ApplicationLogLevel": level(logging.application_log_level),
                "SystemLogLevel": level(logging.system_log_level),
                "LogGroup": self.log_group(name),
            },
        })
    }
}

fn in_range(argument: &str, value: u32, range: std::ops::RangeInclusive<u32>) -> Result<(), ApiError> {
    if range.contains(&value) {
        return Ok(());
    }
    Err(invalid(format!("{argument}: {value} must be between {} and {}", range.start(), range.end())))
}

fn unsupported(argument: &str, value: &str) -> ApiError {
    invalid(format!("{argument}: {value} is not supported by the local plane"))
}
