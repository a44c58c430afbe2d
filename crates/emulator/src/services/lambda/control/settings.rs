//! A function's settings, with AWS's defaults.

use super::code::Code;
use crate::core::account::Account;
use crate::services::lambda::invocation::config::{FunctionConfig, LogFormat};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const MEMORY_MB_DEFAULT: u32 = 128;
const TIMEOUT_S_DEFAULT: u32 = 3;
const EPHEMERAL_STORAGE_MB_DEFAULT: u32 = 512;
/// The settings of a function that this emulator supports.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Settings {
    /// The role's ARN.
    pub role: String,
    /// `provided.al2023` or `provided.al2`
    pub runtime: Option<String>,
    /// Any text on these runtimes.
    pub handler: Option<String>,
    pub description: Option<String>,
    /// Seconds.
    pub timeout: Option<u32>,
    /// Megabytes.
    pub memory_size: Option<u32>,
    pub environment: Option<Environment>,
    /// Encrypts the variables; without effect.
    #[serde(rename = "KMSKeyArn")]
    pub kms_key_arn: Option<String>,
    /// Tracing; without effect.
    pub tracing_config: Option<TracingConfig>,
    /// Size of `/tmp`; without effect.
    pub ephemeral_storage: Option<EphemeralStorage>,
    pub logging_config: Option<LoggingConfig>,
    /// `ApplyOn: None`; these runtimes allow nothing else.
    pub snap_start: Option<SnapStart>,
    /// Subnets and security groups; without effect.
    pub vpc_config: Option<VpcConfig>,
    /// Without a target.
    pub dead_letter_config: Option<DeadLetterConfig>,
    /// ARNs of layers' versions; inert.
    pub layers: Option<Vec<String>>,
    /// Empty.
    pub file_system_configs: Option<Vec<Value>>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Environment {
    /// Values by name.
    pub variables: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct TracingConfig {
    /// `Active` or `PassThrough`
    pub mode: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct EphemeralStorage {
    /// Megabytes.
    pub size: u32,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct LoggingConfig {
    /// `Text` or `JSON`
    pub log_format: Option<String>,
    /// Level of the function's own lines, with `JSON`.
    pub application_log_level: Option<String>,
    /// Level of Lambda's lines, with `JSON`; without effect.
    pub system_log_level: Option<String>,
    /// `/aws/lambda/{name}` by default.
    pub log_group: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct SnapStart {
    /// `None`
    pub apply_on: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct VpcConfig {
    #[serde(default)]
    pub subnet_ids: Vec<String>,
    #[serde(default)]
    pub security_group_ids: Vec<String>,
    pub ipv6_allowed_for_dual_stack: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DeadLetterConfig {
    /// Empty: asynchronous invocations are not supported.
    pub target_arn: Option<String>,
}

impl Settings {
    /// The VPC, where subnets are given.
    pub(super) fn vpc(&self) -> Option<&VpcConfig> {
        self.vpc_config.as_ref().filter(|vpc| !vpc.subnet_ids.is_empty())
    }

    pub(super) fn variables(&self) -> BTreeMap<String, String> {
        self.environment.clone().unwrap_or_default().variables.unwrap_or_default()
    }

    pub(super) fn memory_mb(&self) -> u32 {
        self.memory_size.unwrap_or(MEMORY_MB_DEFAULT)
    }

    pub(super) fn timeout_s(&self) -> u32 {
        self.timeout.unwrap_or(TIMEOUT_S_DEFAULT)
    }

    pub(super) fn ephemeral_storage_mb(&self) -> u32 {
        self.ephemeral_storage.as_ref().map_or(EPHEMERAL_STORAGE_MB_DEFAULT, |storage| storage.size)
    }

    fn log_group(&self, name: &str) -> String {
        let group = self.logging_config.as_ref().and_then(|config| config.log_group.clone());
        group.unwrap_or_else(|| format!("/aws/lambda/{name}"))
    }

    /// What the function host is told.
    pub fn config(
        &self,
        name: &str,
        version: &str,
        code: &Code,
        reserved_concurrency: Option<u32>,
    ) -> FunctionConfig {
        let logging = self.logging_config.clone().unwrap_or_default();
        let json = logging.log_format.as_deref() == Some("JSON");
        FunctionConfig {
            name: name.to_owned(),
            version: version.to_owned(),
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

    /// The members of a FunctionConfiguration that come from settings.
    pub fn view(&self, name: &str, account: &Account) -> Value {
        let logging = self.logging_config.clone().unwrap_or_default();
        let json = logging.log_format.as_deref() == Some("JSON");
        let level = |level: Option<String>| json.then(|| level.unwrap_or_else(|| "INFO".into()));
        let tracing = self.tracing_config.as_ref().and_then(|config| config.mode.clone());
        let variables = self.environment.as_ref().and_then(|environment| environment.variables.as_ref());
        let layers = self.layers.as_deref().filter(|layers| !layers.is_empty());
        let layers = layers.map(|layers| layers.iter().map(|arn| json!({"Arn": arn})).collect::<Vec<_>>());
        // There is no VPC here that subnets could be of.
        let vpc = self.vpc().map(|vpc| {
            json!({
                "SubnetIds": vpc.subnet_ids, "SecurityGroupIds": vpc.security_group_ids, "VpcId": "",
                "Ipv6AllowedForDualStack": vpc.ipv6_allowed_for_dual_stack.unwrap_or(false),
            })
        });
        json!({
            "Runtime": self.runtime,
            "Role": self.role,
            "Handler": self.handler,
            "Description": self.description.clone().unwrap_or_default(),
            "Timeout": self.timeout_s(),
            "MemorySize": self.memory_mb(),
            "Environment": variables.map(|variables| json!({"Variables": variables})),
            "Layers": layers,
            "VpcConfig": vpc,
            "KMSKeyArn": self.kms_key_arn,
            "TracingConfig": {"Mode": tracing.unwrap_or_else(|| "PassThrough".into())},
            "EphemeralStorage": {"Size": self.ephemeral_storage_mb()},
            "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
            "RuntimeVersionConfig": {
                "RuntimeVersionArn": format!("arn:aws:lambda:{}::runtime:{}", account.region(), "0".repeat(64)),
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
