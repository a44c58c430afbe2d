//! An event source mapping's settings, with AWS's defaults (docs/aws-behaviour.md#lambda-mappings).

use crate::services::lambda::event_source_mapping::config::{MappingConfig, StartingPosition};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const BATCH_SIZE_DEFAULT: i64 = 100;
/// No limit, for retries and record age.
pub(super) const UNLIMITED: i64 = -1;

/// The settings of a mapping that this emulator supports.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct MappingSettings {
    /// 1 to 10,000 records.
    pub batch_size: Option<i64>,
    pub enabled: Option<bool>,
    /// 0 to 300 seconds.
    pub maximum_batching_window_in_seconds: Option<i64>,
    /// 1 to 10.
    pub parallelization_factor: Option<i64>,
    /// Whether a failed batch is split in two.
    pub bisect_batch_on_function_error: Option<bool>,
    /// -1, or 0 to 10,000.
    pub maximum_retry_attempts: Option<i64>,
    /// -1, or 60 to 604,800.
    pub maximum_record_age_in_seconds: Option<i64>,
    /// 0: windows are not supported.
    pub tumbling_window_in_seconds: Option<i64>,
    /// `ReportBatchItemFailures`
    pub function_response_types: Option<Vec<String>>,
    /// A queue for given-up records.
    pub destination_config: Option<DestinationConfig>,
    /// Which records the function sees.
    pub filter_criteria: Option<FilterCriteria>,
    /// `EventCount`; without effect.
    pub metrics_config: Option<MetricsConfig>,
    /// Encrypts the filters; without effect.
    #[serde(rename = "KMSKeyArn")]
    pub kms_key_arn: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DestinationConfig {
    /// Where given-up records are reported.
    pub on_failure: Option<OnFailure>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct OnFailure {
    /// A queue's ARN; empty: none.
    pub destination: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct FilterCriteria {
    /// A record needs to match only one.
    #[serde(default)]
    pub filters: Vec<Filter>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Filter {
    /// JSON text.
    pub pattern: String,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct MetricsConfig {
    /// `EventCount`
    #[serde(default)]
    pub metrics: Vec<String>,
}

impl MappingSettings {
    /// The queue for given-up records.
    pub fn on_failure_arn(&self) -> Option<&str> {
        let on_failure = self.destination_config.as_ref()?.on_failure.as_ref()?;
        on_failure.destination.as_deref().filter(|arn| !arn.is_empty())
    }

    pub(super) fn patterns(&self) -> Vec<String> {
        self.filter_criteria
            .iter()
            .flat_map(|criteria| &criteria.filters)
            .map(|filter| filter.pattern.clone())
            .collect()
    }

    pub(super) fn batch_size(&self) -> i64 {
        self.batch_size.unwrap_or(BATCH_SIZE_DEFAULT)
    }

    pub(super) fn window_s(&self) -> i64 {
        self.maximum_batching_window_in_seconds.unwrap_or(0)
    }

    pub(super) fn parallelization(&self) -> i64 {
        self.parallelization_factor.unwrap_or(1)
    }

    pub(super) fn retries(&self) -> i64 {
        self.maximum_retry_attempts.unwrap_or(UNLIMITED)
    }

    pub(super) fn record_age_s(&self) -> i64 {
        self.maximum_record_age_in_seconds.unwrap_or(UNLIMITED)
    }

    pub fn is_enabled(&self) -> bool {
        self.enabled.unwrap_or(true)
    }

    /// The settings for the data plane; they must have passed `check`.
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

    /// The members of an EventSourceMappingConfiguration that come from settings.
    pub fn view(&self) -> Value {
        let on_failure = self.on_failure_arn().map(|arn| json!({"Destination": arn}));
        let metrics = self.metrics_config.as_ref().filter(|config| !config.metrics.is_empty());
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
            "MetricsConfig": metrics,
            "KMSKeyArn": self.kms_key_arn,
        })
    }
}
