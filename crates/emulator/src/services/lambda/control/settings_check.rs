//! Checks a function's settings: AWS's limits, and what this emulator does not support.

use super::invalid;
use super::settings::Settings;
use crate::protocol::ApiError;

/// Runtimes that run the zip's own `bootstrap`.
const RUNTIMES: [&str; 2] = ["provided.al2023", "provided.al2"];
const MEMORY_MB: std::ops::RangeInclusive<u32> = 128..=10_240;
const TIMEOUT_S: std::ops::RangeInclusive<u32> = 1..=900;
const EPHEMERAL_STORAGE_MB: std::ops::RangeInclusive<u32> = 512..=10_240;
/// Bytes of all environment variables as JSON, at most.
pub const ENVIRONMENT_BYTES_MAX: usize = 4 * 1024;
/// Layers of a function, at most.
const LAYERS_MAX: usize = 5;
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

impl Settings {
    /// Fails with `InvalidParameterValueException`.
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
        self.check_layers()?;
        if self
            .vpc_config
            .as_ref()
            .is_some_and(|vpc| vpc.subnet_ids.is_empty() != vpc.security_group_ids.is_empty())
        {
            return Err(invalid("SubnetIds and SecurityIds must coexist or be both empty list."));
        }
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
        let dead_letters = self.dead_letter_config.as_ref().and_then(|config| config.target_arn.as_deref());
        let snap_start = self.snap_start.as_ref().and_then(|config| config.apply_on.as_deref());
        let refused = [
            ("DeadLetterConfig", dead_letters.is_some_and(|arn| !arn.is_empty())),
            (
                "FileSystemConfigs",
                self.file_system_configs.as_ref().is_some_and(|configs| !configs.is_empty()),
            ),
            ("SnapStart", snap_start.is_some_and(|apply_on| apply_on != "None")),
        ];
        match refused.into_iter().find(|(_, present)| *present) {
            Some((argument, _)) => Err(invalid(format!("{argument} is not supported by the emulator"))),
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
        let measured = serde_json::json!(variables).to_string();
        if measured.len() > ENVIRONMENT_BYTES_MAX {
            return Err(invalid(format!(
                "Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. String measured: {measured}"
            )));
        }
        Ok(())
    }

    fn check_layers(&self) -> Result<(), ApiError> {
        let layers = self.layers.as_deref().unwrap_or_default();
        if layers.len() > LAYERS_MAX {
            return Err(invalid(format!("Layers: {} are more than {LAYERS_MAX}", layers.len())));
        }
        let is_version = |arn: &str| {
            let parts: Vec<_> = arn.split(':').collect();
            let number = parts.last().is_some_and(|number| number.parse::<u64>().is_ok());
            parts.len() == 8 && parts[0] == "arn" && parts[2] == "lambda" && parts[5] == "layer" && number
        };
        match layers.iter().find(|arn| !is_version(arn)) {
            Some(arn) => Err(invalid(format!("Layers: {arn} is not the ARN of a layer's version"))),
            None => Ok(()),
        }
    }
}

fn in_range(argument: &str, value: u32, range: std::ops::RangeInclusive<u32>) -> Result<(), ApiError> {
    if range.contains(&value) {
        return Ok(());
    }
    Err(invalid(format!("{argument}: {value} must be between {} and {}", range.start(), range.end())))
}

fn unsupported(argument: &str, value: &str) -> ApiError {
    invalid(format!("{argument}: {value} is not supported by the emulator"))
}
