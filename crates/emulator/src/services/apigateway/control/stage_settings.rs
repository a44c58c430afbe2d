//! A stage's settings, which take effect without a deployment.

use super::definition::ApiRecord;
use super::invalid;
use super::resource::not_found;
use super::settings::{RouteSettings, StageSettings};
use crate::protocol::ApiError;
use crate::services::apigateway::websocket::stage::{AccessLog, Throttle};

const NAME_CHARS_MAX: usize = 128;
/// Characters of an access log's format, at most (the API's model).
pub const LOG_FORMAT_CHARS_MAX: usize = 1_024;

impl RouteSettings {
    fn throttle(&self, fallback: Throttle) -> Option<Throttle> {
        match (self.throttling_rate_limit, self.throttling_burst_limit) {
            (None, None) => None,
            (rate, burst) => Some(Throttle {
                rate_per_second: rate.unwrap_or(fallback.rate_per_second),
                burst: burst.unwrap_or(fallback.burst),
            }),
        }
    }

    fn logs(&self) -> bool {
        self.logging_level.as_deref().is_some_and(|level| level != "OFF")
    }
}

impl StageSettings {
    /// Throttling of routes without settings of their own.
    pub fn default_throttle(&self) -> Option<Throttle> {
        self.default_route_settings.as_ref()?.throttle(Throttle::default())
    }

    /// Throttling of one route.
    pub fn route_throttle(&self, key: &str) -> Option<Throttle> {
        let fallback = self.default_throttle().unwrap_or_default();
        self.route_settings.as_ref()?.get(key)?.throttle(fallback)
    }

    /// Access logs, if both destination and format are set. Fails if the destination is not a log group.
    pub fn access_log(&self) -> Result<Option<AccessLog>, ApiError> {
        let Some(settings) = &self.access_log_settings else { return Ok(None) };
        let (Some(arn), Some(format)) = (&settings.destination_arn, &settings.format) else {
            return Ok(None);
        };
        if !format.contains("$context.requestId") && !format.contains("$context.extendedRequestId") {
            return Err(invalid(
                "accessLogSettings.format must contain $context.requestId or $context.extendedRequestId",
            ));
        }
        if format.chars().count() > LOG_FORMAT_CHARS_MAX {
            return Err(invalid(format!(
                "accessLogSettings.format: longer than {LOG_FORMAT_CHARS_MAX} characters"
            )));
        }
        let group = arn.split_once(":log-group:").filter(|_| arn.contains(":logs:")).map(|(_, group)| group);
        let group = group.ok_or_else(|| {
            invalid(format!("accessLogSettings.destinationArn: {arn} is not a log group, and other destinations are not supported by the emulator"))
        })?;
        Ok(Some(AccessLog { log_group: group.trim_end_matches(":*").to_owned(), format: format.clone() }))
    }

    pub(super) fn check(&self, record: &ApiRecord, account_logs: bool) -> Result<(), ApiError> {
        let name = &self.stage_name;
        let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if name.is_empty() || name.len() > NAME_CHARS_MAX || !name.chars().all(legal) {
            return Err(invalid(format!(
                "stageName {name} must be 1 to {NAME_CHARS_MAX} letters, digits, hyphens or underscores"
            )));
        }
        if let Some(id) = &self.deployment_id
            && !record.deployments.contains_key(id)
        {
            return Err(not_found("Deployment", id));
        }
        let mut routes =
            self.default_route_settings.iter().chain(self.route_settings.iter().flatten().map(|(_, s)| s));
        if let Some(rate) =
            routes.find_map(|settings| settings.throttling_rate_limit.filter(|rate| *rate < 0.0))
        {
            return Err(invalid(format!("throttlingRateLimit: {rate} must not be negative")));
        }
        let mut levels =
            self.default_route_settings.iter().chain(self.route_settings.iter().flatten().map(|(_, s)| s));
        if (self.access_log_settings.is_some() || levels.any(RouteSettings::logs)) && !account_logs {
            return Err(invalid(
                "CloudWatch Logs role ARN must be set in account settings to enable logging",
            ));
        }
        for (key, value) in self.stage_variables.iter().flatten() {
            let legal = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#&=,".contains(c);
            if !value.chars().all(legal) {
                return Err(invalid(format!(
                    "Invalid stage variable value for {key}: letters, digits and -._~:/?#&=, are allowed"
                )));
            }
        }
        self.access_log().map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::apigateway::control::definition::Definition;
    use crate::services::apigateway::control::settings::Api;
    use serde_json::{Value, json};

    fn check(settings: Value) -> Result<(), String> {
        let api: Api = serde_json::from_value(json!({"name": "a", "protocolType": "WEBSOCKET"})).unwrap();
        let record = ApiRecord {
            definition: Definition::new(api),
            created: std::time::SystemTime::UNIX_EPOCH,
            deployments: std::collections::BTreeMap::new(),
            stages: std::collections::BTreeMap::new(),
        };
        let settings: StageSettings = serde_json::from_value(settings).unwrap();
        settings.check(&record, true).map_err(|error| error.message)
    }

    /// See docs/aws-behaviour.md#apigateway-quotas, decided, and #apigateway-logs.
    #[test]
    fn a_log_format_has_at_most_1024_characters() {
        let logging = |format: &str| {
            let destination = "arn:aws:logs:us-east-1:000000000000:log-group:g";
            check(
                json!({"stageName": "v1", "accessLogSettings": {"destinationArn": destination, "format": format}}),
            )
        };
        let id = "$context.requestId";
        assert_eq!(logging(id), Ok(()));
        assert_eq!(logging(&format!("{id}{}", "x".repeat(LOG_FORMAT_CHARS_MAX - id.len()))), Ok(()));
        assert!(logging(&format!("{id}{}", "x".repeat(LOG_FORMAT_CHARS_MAX))).unwrap_err().contains("1024"));
        assert!(logging("$context.connectionId").unwrap_err().contains("$context.requestId"));
    }

    /// See docs/aws-behaviour.md#apigateway-stages.
    #[test]
    fn a_stage_has_a_plain_name_and_plain_variables() {
        assert_eq!(check(json!({"stageName": "v1-a_B", "stageVariables": {"x": "a-b._~:/?#&=,1"}})), Ok(()));
        assert!(check(json!({"stageName": "$default"})).is_err());
        assert!(check(json!({"stageName": "x".repeat(NAME_CHARS_MAX + 1)})).is_err());
        assert!(check(json!({"stageName": "v1", "stageVariables": {"x": "a b"}})).unwrap_err().contains('x'));
    }
}
