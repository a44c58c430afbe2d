//! The library's data types and pure functions, by this service's names.

use crate::services::kinesis::error::KinesisError;
pub(crate) use ferrokinesis::actions::Operation;
use ferrokinesis::error::KinesisErrorResponse;
#[cfg(test)]
pub(crate) use ferrokinesis::event_stream as reference_event_stream;
pub(crate) use ferrokinesis::sequence::shard_ix_to_hex as shard_prefix;
pub(crate) use ferrokinesis::sequence::{self, SeqObj};
pub(crate) use ferrokinesis::shard_iterator::decode_shard_iterator;
pub(crate) use ferrokinesis::store::ThroughputReservation;
pub(crate) use ferrokinesis::types::{
    Consumer, ConsumerStatus, HashKeyRange, SequenceNumberRange, Shard, StoredRecord, StoredRecordRef,
    Stream, StreamMode, StreamStatus,
};
#[cfg(test)]
pub(crate) use ferrokinesis::types::{EpochSeconds, StreamBuilder};
use ferrokinesis::validation::{self, FieldDef, FieldType};
use serde_json::Value;

/// Bytes of a record's data, at most, whatever its stream allows (10 MiB).
pub(crate) const DATA_BYTES_MAX: usize = 10 * 1_024 * 1_024;
/// Hours that a stream may keep its records, at most; the library stops at a week.
const RETENTION_HOURS_MAX: f64 = 8_760.0;

/// The library's type and constraint checks, which its own dispatch skips. It answers without the members that it does
/// not know.
pub(crate) fn check(operation: Operation, request: &Value) -> Result<Value, KinesisError> {
    let mut rules = operation.validation_rules();
    for (name, rule) in &mut rules {
        correct(name, rule);
    }
    let rules: Vec<_> = rules.iter().map(|(name, rule)| (*name, rule)).collect();
    let request = validation::check_types(request, &rules)?;
    validation::check_validations(&request, &rules, None)?;
    Ok(request)
}

/// Limits that AWS has raised since.
fn correct(name: &str, rule: &mut FieldDef) {
    match name {
        "Data" => rule.length_less_than_or_equal = Some(DATA_BYTES_MAX),
        "RetentionPeriodHours" => rule.less_than_or_equal = Some(RETENTION_HOURS_MAX),
        _ => {}
    }
    if let FieldType::List { children } = &mut rule.field_type
        && let FieldType::Structure { children } = &mut children.field_type
    {
        children.iter_mut().for_each(|(name, rule)| correct(name, rule));
    }
}

/// The number at the end of a shard's id.
pub(crate) fn shard_index(shard_id: &str) -> i64 {
    shard_id.rsplit('-').next().and_then(|digits| digits.parse().ok()).unwrap_or_default()
}

/// Whether it still takes records.
pub(crate) fn is_open(shard: &Shard) -> bool {
    shard.sequence_number_range.ending_sequence_number.is_none()
}

impl From<KinesisErrorResponse> for KinesisError {
    fn from(error: KinesisErrorResponse) -> Self {
        Self {
            status: error.status_code,
            code: error.body.error_type,
            message: error.body.message.unwrap_or_default(),
        }
    }
}

impl From<KinesisError> for KinesisErrorResponse {
    fn from(error: KinesisError) -> Self {
        Self::new(error.status, &error.code, Some(&error.message))
    }
}
