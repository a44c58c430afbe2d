//! An event source mapping's settings, with the limits of the Lambda API (facts E2).

use super::invalid;
use crate::aws_api::wire::ApiError;
use crate::function::mapping::config::{MappingConfig, StartingPosition};
use crate::function::mapping::filter::Filters;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::{Duration, UNIX_EPOCH};

const BATCH_SIZE_MAX: i64 = 10_000;
const BATCH_SIZE_DEFAULT: i64 = 100;
const BATCHING_WINDOW_S_MAX: i64 = 300;
const PARALLELIZATION_MAX: i64 = 10;
const RETRY_ATTEMPTS_MAX: i64 = 10_000;
const RECORD_AGE_S_MIN: i64 = 60;
const RECORD_AGE_S_MAX: i64 = 604_800;
/// Retries and record age without a limit.
const UNLIMITED: i64 = -1;

/// What a mapping was given, all that this plane supports.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct MappingSettings {
    /// 1 to 10,000 records.
    pub batch_size: Option<i64>,
    /// Whether it runs.
    pub enabled: Option<bool>,
    /// 0 to 300 seconds.
    pub maximum_batching_window_in_seconds: Option<i64>,
    /// 1 to 10.
    pub parallelization_factor: Option<i64>,
    /// Split a failed batch in two.
    pub bisect_batch_on_function_error: Option<bool>,
    /// -1, or 0 to 10,000.
    pub maximum_retry_attempts: Option<i64>,
    /// -1, or 60 to 604,800.
    pub maximum_record_age_in_seconds: Option<i64>,
    /// 0: windows are not supported.
    pub tumbling_window_in_seconds: Option<i64>,
    /// `ReportBatchItemFailures`
    pub function_response_types: Option<Vec<String>>,
    /// A queue for what was given up.
    pub destination_config: Option<DestinationConfig>,
    /// Which records the function sees.
    pub filter_criteria: Option<FilterCriteria>,
    /// `EventCount`; inert.
    pub metrics_config: Option<MetricsConfig>,
    /// Encrypts the filters; inert.
    #[serde(rename = "KMSKeyArn")]
    pub kms_key_arn: Option<String>,
}

/// `DestinationConfig`
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DestinationConfig {
    /// Where what was given up is reported.
    pub on_failure: Option<OnFailure>,
}

/// `OnFailure`
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct OnFailure {
    /// A queue's ARN; empty: nowhere.
    pub destination: Option<String>,
}

/// `FilterCriteria`
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct FilterCriteria {
    /// A record passes if any matches.
    #[serde(default)]
    pub filters: Vec<Filter>,
}

/// `Filter`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Filter {
    /// JSON text.
    pub pattern: String,
}

/// `MetricsConfig`
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct MetricsConfig {
    /// `EventCount`
    #[serde(default)]
    pub metrics: Vec<String>,
}

impl MappingSettings {
    /// Checks every range.
    ///
    /// # Errors
    /// `InvalidParameterValueException`.
    pub fn check(&self) -> Result<(), ApiError> {
        ranged("BatchSize", self.batch_size(), 1, BATCH_SIZE_MAX)?;
        ranged("MaximumBatchingWindowInSeconds", self.window_s(), 0, BATCHING_WINDOW_S_MAX)?;
        ranged("ParallelizationFactor", self.parallelization(), 1, PARALLELIZATION_MAX)?;
        ranged("MaximumRetryAttempts", self.retries(), UNLIMITED, RETRY_ATTEMPTS_MAX)?;
        if self.record_age_s() != UNLIMITED {
            ranged("MaximumRecordAgeInSeconds", self.record_age_s(), RECORD_AGE_S_MIN, RECORD_AGE_S_MAX)?;
        }
        if self.tumbling_window_in_seconds.unwrap_or(0) != 0 {
            return Err(invalid(
                "TumblingWindowInSeconds: tumbling windows are not supported by the local plane",
            ));
        }
        if let Some(other) =
            self.function_response_types.iter().flatten().find(|kind| *kind != "ReportBatchItemFailures")
        {
            return Err(invalid(format!("FunctionResponseTypes: {other} is not ReportBatchItemFailures")));
        }
        if let Some(other) = self
            .metrics_config
            .iter()
            .flat_map(|config| &config.metrics)
            .find(|metric| *metric != "EventCount")
        {
            return Err(invalid(format!(
                "MetricsConfig: {other} is not a metric of a Kinesis event source, EventCount is"
            )));
        }
        if let Some(arn) = self.on_failure_arn()
            && !arn.contains(":sqs:")
        {
            return Err(invalid(format!(
                "DestinationConfig.OnFailure: {arn} is not supported by the local plane, use an SQS queue"
            )));
        }
        Filters::parse(&self.patterns())
            .map_err(|error| invalid(format!("Invalid filter pattern definition. ({error})")))
            .map(drop)
    }

    /// The queue for what was given up.
    pub fn on_failure_arn(&self) -> Option<&str> {
        let on_failure = self.destination_config.as_ref()?.on_failure.as_ref()?;
        on_failure.destination.as_deref().filter(|arn| !arn.is_empty())
    }

    fn patterns(&self) -> Vec<String> {
        self.filter_criteria
            .iter()
            .flat_map(|criteria| &criteria.filters)
            .map(|filter| filter.pattern.clone())
            .collect()
    }

    fn batch_size(&self) -> i64 {
        self.batch_size.unwrap_or(BATCH_SIZE_DEFAULT)
    }

    fn window_s(&self) -> i64 {
        self.maximum_batching_window_in_seconds.unwrap_or(0)
    }

    fn parallelization(&self) -> i64 {
        self.parallelization_factor.unwrap_or(1)
    }

    fn retries(&self) -> i64 {
        self.maximum_retry_attempts.unwrap_or(UNLIMITED)
    }

    fn record_age_s(&self) -> i64 {
        self.maximum_record_age_in_seconds.unwrap_or(UNLIMITED)
    }

    /// Whether it runs.
    pub fn is_enabled(&self) -> bool {
        self.enabled.unwrap_or(true)
    }

    /// What the data plane is told; the settings must have passed [`Self::check`].
    pub fn config(
        &self,
        uuid: &str,
        function_name: &str,
        event_source_arn: &str,
        starting_position: StartingPosition,
    ) -> MappingConfig {
        let in_u32 = |value: i64| u32::try_from(value).unwrap_or(0);
        MappingConfig {
            uuid: uuid.to_owned(),
            function_name: function_name.to_owned(),
            event_source_arn: event_source_arn.to_owned(),
            batch_size: usize::try_from(self.batch_size()).unwrap_or(1),
            batching_window_s: in_u32(self.window_s()),
            parallelization_factor: in_u32(self.parallelization()).max(1),
            bisect_on_error: self.bisect_batch_on_function_error.unwrap_or(false),
            maximum_retry_attempts: u32::try_from(self.retries()).ok(),
            maximum_record_age_s: u32::try_from(self.record_age_s()).ok(),
            report_batch_item_failures: self
                .function_response_types
                .as_ref()
                .is_some_and(|types| !types.is_empty()),
            on_failure_arn: self.on_failure_arn().map(str::to_owned),
            filters: self.patterns(),
            starting_position,
            enabled: self.is_enabled(),
        }
    }

    /// The members of an EventSourceMappingConfiguration that settings decide.
    pub fn view(&self) -> Value {
        let on_failure = self.on_failure_arn().map(|arn| json!({"Destination": arn}));
        let filters = self.patterns();
        let filters: Vec<Value> = filters.into_iter().map(|pattern| json!({"Pattern": pattern})).collect();
        json!({
            "BatchSize": self.batch_size(),
            "MaximumBatchingWindowInSeconds": self.window_s(),
            "ParallelizationFactor": self.parallelization(),
            "BisectBatchOnFunctionError": self.bisect_batch_on_function_error.unwrap_or(false),
            "MaximumRetryAttempts": self.retries(),
            "MaximumRecordAgeInSeconds": self.record_age_s(),
            "TumblingWindowInSeconds": 0,
            "FunctionResponseTypes": self.function_response_types.clone().unwrap_or_default(),
            "DestinationConfig": {"OnFailure": on_failure.unwrap_or_else(|| json!({}))},
            "FilterCriteria": (!filters.is_empty()).then(|| json!({"Filters": filters})),
            "MetricsConfig": self.metrics_config,
            "KMSKeyArn": self.kms_key_arn,
        })
    }
}

/// `StartingPosition` and its timestamp.
///
/// # Errors
/// `InvalidParameterValueException`.
pub fn starting_position(name: Option<&str>, timestamp: Option<f64>) -> Result<StartingPosition, ApiError> {
    match (name, timestamp) {
        (Some("TRIM_HORIZON"), None) => Ok(StartingPosition::TrimHorizon),
        (Some("LATEST"), None) => Ok(StartingPosition::Latest),
        (Some("AT_TIMESTAMP"), Some(seconds)) if seconds.is_finite() && seconds >= 0.0 => {
            Ok(StartingPosition::AtTimestamp(UNIX_EPOCH + Duration::from_secs_f64(seconds)))
        }
        (Some("AT_TIMESTAMP"), _) => {
            Err(invalid("StartingPositionTimestamp must be given with StartingPosition AT_TIMESTAMP"))
        }
        (Some("TRIM_HORIZON" | "LATEST"), Some(_)) => {
            Err(invalid("StartingPositionTimestamp goes with StartingPosition AT_TIMESTAMP only"))
        }
        (Some(other), _) => {
            Err(invalid(format!("StartingPosition: {other} is none of TRIM_HORIZON, LATEST, AT_TIMESTAMP")))
        }
        (None, _) => Err(invalid(
            "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.",
        )),
    }
}

fn ranged(argument: &str, value: i64, min: i64, max: i64) -> Result<(), ApiError> {
    if (min..=max).contains(&value) {
        return Ok(());
    }
    Err(invalid(format!("{argument}: {value} must be between {min} and {max}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(settings: MappingSettings) -> bool {
        settings.check().is_err()
    }

    #[test]
    fn ranges_are_those_of_the_api() {
        let with = |change: fn(&mut MappingSettings)| {
            let mut settings = MappingSettings::default();
            change(&mut settings);
            settings
        };
        assert!(!refused(MappingSettings::default()));
        assert!(refused(with(|s| s.batch_size = Some(20_000))) && refused(with(|s| s.batch_size = Some(0))));
        assert!(refused(with(|s| s.maximum_record_age_in_seconds = Some(59))));
        assert!(!refused(with(|s| s.maximum_record_age_in_seconds = Some(60))));
        assert!(refused(with(|s| s.maximum_retry_attempts = Some(-2))));
        assert!(refused(with(|s| s.parallelization_factor = Some(11))));
        assert!(refused(with(|s| s.tumbling_window_in_seconds = Some(30))));
        assert!(refused(with(|s| s.maximum_batching_window_in_seconds = Some(301))));
    }

    #[test]
    fn unlimited_is_none_for_the_data_plane() {
        let config = MappingSettings::default().config("u", "f", "arn", StartingPosition::Latest);
        assert_eq!((config.maximum_retry_attempts, config.maximum_record_age_s), (None, None));
        assert_eq!(config.batch_size, 100);
    }

    #[test]
    fn a_timestamp_goes_with_its_position_alone() {
        assert!(starting_position(Some("AT_TIMESTAMP"), None).is_err());
        assert!(starting_position(Some("LATEST"), Some(1.0)).is_err());
        assert!(starting_position(None, None).is_err());
        assert!(starting_position(Some("AT_TIMESTAMP"), Some(1.5)).is_ok());
    }
}
