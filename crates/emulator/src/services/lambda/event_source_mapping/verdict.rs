//! What a function's answer says of its batch (docs/aws-behaviour.md#lambda-reports).

use super::batch::Verdict;
use crate::services::kinesis::Record;
use crate::services::lambda::invocation::Ended;
use serde_json::Value;
use std::sync::Arc;

/// Reads an answer. Without `ReportBatchItemFailures` any answer is success.
pub fn verdict(ended: &Ended, records: &[Arc<Record>], report_batch_item_failures: bool) -> Verdict {
    match ended {
        Ended::Error(_) => Verdict::Failed,
        Ended::Response(_) if !report_batch_item_failures => Verdict::Done,
        Ended::Response(body) => item_failures(body, records),
    }
}

fn item_failures(body: &[u8], records: &[Arc<Record>]) -> Verdict {
    if body.is_empty() {
        return Verdict::Done;
    }
    let Ok(answer) = serde_json::from_slice::<Value>(body) else { return Verdict::Malformed };
    let failures = match &answer {
        Value::Null => return Verdict::Done,
        Value::String(text) if text.is_empty() => return Verdict::Done,
        Value::Array(items) if items.is_empty() => return Verdict::Done,
        Value::Object(members) => match members.get("batchItemFailures") {
            None if members.is_empty() => return Verdict::Done,
            None => return Verdict::Malformed,
            Some(Value::Null) => return Verdict::Done,
            Some(Value::Array(failures)) => failures,
            Some(_) => return Verdict::Malformed,
        },
        _ => return Verdict::Malformed,
    };
    let mut first_left = records.len();
    for failure in failures {
        let identifier = failure.get("itemIdentifier").and_then(Value::as_str).unwrap_or_default();
        match records.iter().position(|record| record.sequence_number.as_ref() == identifier) {
            Some(index) => first_left = first_left.min(index),
            None => return Verdict::Malformed,
        }
    }
    match records.get(first_left) {
        Some(record) => Verdict::DoneBefore(record.sequence_number.clone()),
        None => Verdict::Done,
    }
}
