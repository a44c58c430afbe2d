//! docs/aws-behaviour.md#lambda-reports, each row a case.

use super::batch::BatchOutcome;
use super::outcome::outcome;
use crate::services::kinesis::Record;
use crate::services::lambda::invocation::InvocationResult;
use std::sync::Arc;

fn records() -> Vec<Arc<Record>> {
    let record = |number: u32| Record {
        sequence_number: number.to_string().into(),
        partition_key: "k".into(),
        data: String::new(),
        arrived_ms: 0,
    };
    (1..=3).map(|number| Arc::new(record(number))).collect()
}

fn of(body: &'static str) -> BatchOutcome {
    outcome(&InvocationResult::Response(body.into()), &records(), true)
}

#[test]
fn empty_answers_are_full_success() {
    for body in
        ["", "\"\"", "[]", "null", "{}", r#"{"batchItemFailures":[]}"#, r#"{"batchItemFailures":null}"#]
    {
        assert_eq!(of(body), BatchOutcome::Done, "{body}");
    }
}

#[test]
fn malformed_reports_are_full_failure() {
    for body in [
        r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#,
        r#"{"batchItemFailures":[{"itemIdentifier":null}]}"#,
        r#"{"batchItemFailures":[{"wrong":"1"}]}"#,
        r#"{"batchItemFailures":[{"itemIdentifier":"99"}]}"#,
        r#"{"batchItemFailures":"1"}"#,
        r#"{"somethingElse":1}"#,
        "not json",
    ] {
        assert_eq!(of(body), BatchOutcome::Malformed, "{body}");
    }
}

#[test]
fn the_lowest_reported_record_is_where_the_batch_goes_on() {
    let body = r#"{"batchItemFailures":[{"itemIdentifier":"3"},{"itemIdentifier":"2"}]}"#;
    assert_eq!(of(body), BatchOutcome::DoneBefore("2".into()));
}

#[test]
fn an_error_is_full_failure_and_without_reporting_any_answer_is_success() {
    let error = InvocationResult::Error("{}".into());
    assert_eq!(outcome(&error, &records(), true), BatchOutcome::Failed);
    assert_eq!(outcome(&error, &records(), false), BatchOutcome::Failed);
    assert_eq!(
        outcome(&InvocationResult::Response("not json".into()), &records(), false),
        BatchOutcome::Done
    );
}
