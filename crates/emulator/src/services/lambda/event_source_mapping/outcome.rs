//! A batch's outcome from the function's answer (docs/aws-behaviour.md#lambda-reports).

use super::batch::BatchOutcome;
use crate::services::kinesis::Record;
use crate::services::lambda::invocation::InvocationResult;
use serde_json::Value;
use std::sync::Arc;

/// Reads an answer. Without `ReportBatchItemFailures` every answer is a success.
pub fn outcome(
    ended: &InvocationResult,
    records: &[Arc<Record>],
    report_batch_item_failures: bool,
) -> BatchOutcome {
    match ended {
        InvocationResult::Error(_) => BatchOutcome::Failed,
        InvocationResult::Response(_) if !report_batch_item_failures => BatchOutcome::Done,
        InvocationResult::Response(body) => item_failures(body, records),
    }
}

fn item_failures(body: &[u8], records: &[Arc<Record>]) -> BatchOutcome {
    if body.is_empty() {
        return BatchOutcome::Done;
    }
    let Ok(answer) = serde_json::from_slice::<Value>(body) else { return BatchOutcome::Malformed };
    let failures = match &answer {
        Value::Null => return BatchOutcome::Done,
        Value::String(text) if text.is_empty() => return BatchOutcome::Done,
        Value::Array(items) if items.is_empty() => return BatchOutcome::Done,
        Value::Object(members) => match members.get("batchItemFailures") {
            None if members.is_empty() => return BatchOutcome::Done,
            None => return BatchOutcome::Malformed,
            Some(Value::Null) => return BatchOutcome::Done,
            Some(Value::Array(failures)) => failures,
            Some(_) => return BatchOutcome::Malformed,
        },
        _ => return BatchOutcome::Malformed,
    };
    let mut first_left = records.len();
    for failure in failures {
        let identifier = failure.get("itemIdentifier").and_then(Value::as_str).unwrap_or_default();
        match records.iter().position(|record| record.sequence_number.as_ref() == identifier) {
            Some(index) => first_left = first_left.min(index),
            None => return BatchOutcome::Malformed,
        }
    }
    match records.get(first_left) {
        Some(record) => BatchOutcome::DoneBefore(record.sequence_number.clone()),
        None => BatchOutcome::Done,
    }
}
