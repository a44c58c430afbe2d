//! Checks an event source mapping's settings against the limits of the Lambda API
//! (docs/aws-behaviour.md#lambda-mappings).

use super::invalid;
use super::mapping_settings::{MappingSettings, UNLIMITED};
use super::reference::validation;
use crate::protocol::ApiError;
use crate::services::lambda::event_source_mapping::config::StartingPosition;
use crate::services::lambda::event_source_mapping::filter::Filters;
use std::time::{Duration, UNIX_EPOCH};

const BATCH_SIZE_MAX: i64 = 10_000;
const BATCHING_WINDOW_S_MAX: i64 = 300;
const PARALLELIZATION_MAX: i64 = 10;
const RETRY_ATTEMPTS_MAX: i64 = 10_000;
const RECORD_AGE_S_MIN: i64 = 60;
const RECORD_AGE_S_MAX: i64 = 604_800;

impl MappingSettings {
    /// Checks every range. Fails with `InvalidParameterValueException`.
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
                "TumblingWindowInSeconds: tumbling windows are not supported by the emulator",
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
                "DestinationConfig.OnFailure: {arn} is not supported by the emulator, use an SQS queue"
            )));
        }
        Filters::parse(&self.patterns())
            .map_err(|error| invalid(format!("Invalid filter pattern definition. ({error})")))
            .map(drop)
    }
}

/// `StartingPosition` and its timestamp. Fails with `InvalidParameterValueException`.
pub fn starting_position(name: Option<&str>, timestamp: Option<f64>) -> Result<StartingPosition, ApiError> {
    match (name, timestamp) {
        (Some("TRIM_HORIZON"), None) => Ok(StartingPosition::TrimHorizon),
        (Some("LATEST"), None) => Ok(StartingPosition::Latest),
        (Some("AT_TIMESTAMP"), Some(seconds)) => {
            let since = Duration::try_from_secs_f64(seconds).ok();
            let time = since.and_then(|since| UNIX_EPOCH.checked_add(since));
            let time =
                time.ok_or_else(|| invalid(format!("StartingPositionTimestamp: {seconds} is not a time")))?;
            Ok(StartingPosition::AtTimestamp(time))
        }
        (Some("AT_TIMESTAMP"), _) => {
            Err(invalid("StartingPositionTimestamp must be given with StartingPosition AT_TIMESTAMP"))
        }
        (Some("TRIM_HORIZON" | "LATEST"), Some(_)) => {
            Err(invalid("StartingPositionTimestamp goes with StartingPosition AT_TIMESTAMP only"))
        }
        (Some(other), _) => Err(validation(&[format!(
            "Value '{other}' at 'startingPosition' failed to satisfy constraint: Member must satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]"
        )])),
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
        assert!(starting_position(Some("AT_TIMESTAMP"), Some(-1.0)).is_err());
        assert!(starting_position(Some("AT_TIMESTAMP"), Some(1e300)).is_err());
    }
}
