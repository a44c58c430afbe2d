//! The states of a mapping, and when they end.

use http::Method;
use serde_json::{Value, json};
use sluicegate_tests::api::{empty_emulator, role};
use sluicegate_tests::source::Source;
use sluicegate_tests::{control, eventually, functions};

const ROLE: &str = "arn:aws:iam::000000000000:role/slow";

/// docs/aws-behaviour.md#lambda-mappings: a change is complete when invocations in flight have ended. The function never
/// answers, so that each invocation lasts until its timeout.
#[tokio::test(flavor = "multi_thread")]
async fn a_mappings_states_last_until_invocations_have_ended() {
    let emulator = empty_emulator().await;
    role(&emulator, ROLE, "lambda.amazonaws.com", &["kinesis:*", "logs:*"]).await;
    functions::scripted(&emulator, "slow", ROLE, json!({"MISDEED": "sleep"})).await;
    let source = Source::create(&emulator, "slowly", 1).await;
    let lines = async |of: &str| {
        let ask = json!({"logGroupName": "/aws/lambda/slow", "filterPattern": of});
        let found = control::json(&emulator, "Logs_20140328.FilterLogEvents", &ask).await;
        found["events"].as_array().map_or(0, Vec::len)
    };
    let begun = async |count: usize| {
        eventually("an invocation begins", || async { lines("START").await == count }).await;
    };

    let created = source.create_mapping("slow", json!({"BatchSize": 1, "MaximumRetryAttempts": 0})).await;
    assert_eq!(
        (&created["State"], &created["StateTransitionReason"]),
        (&json!("Creating"), &json!("User action"))
    );
    assert_eq!(created["LastProcessingResult"], "No records processed");
    let mapping = created["UUID"].as_str().expect("an id");
    source.mapping_is(mapping, "Enabled").await;

    source.put("k", "1").await;
    begun(1).await;
    assert_eq!(source.change(mapping, json!({"Enabled": false})).await, "Disabling");
    source.mapping_is(mapping, "Disabled").await;
    assert_eq!(lines("REPORT").await, 1, "it was in flight");

    source.put("k", "2").await;
    assert_eq!(source.change(mapping, json!({"Enabled": true})).await, "Enabling");
    begun(2).await;
    let reported = source.call_mapping(Method::GET, mapping, &Value::Null).await.1;
    assert_eq!(
        (&reported["State"], &reported["LastProcessingResult"]),
        (&json!("Enabled"), &json!("PROBLEM: Function call failed"))
    );
    assert_eq!(source.change(mapping, json!({"BatchSize": 2})).await, "Updating");
    source.mapping_is(mapping, "Enabled").await;
    assert_eq!(lines("REPORT").await, 2, "it was in flight under the old settings");

    source.put("k", "3").await;
    begun(3).await;
    let (_, deleted) = source.call_mapping(Method::DELETE, mapping, &Value::Null).await;
    assert_eq!(deleted["State"], "Deleting");
    let (refused, _) = source.call_mapping(Method::PUT, mapping, &json!({"BatchSize": 3})).await;
    assert!(refused.is_client_error(), "{refused}");
    eventually("the mapping is gone", || async {
        source.call_mapping(Method::GET, mapping, &Value::Null).await.0 == 404
    })
    .await;
    assert_eq!(lines("REPORT").await, 3, "it was in flight");
}
