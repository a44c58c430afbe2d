//! The templates of Kinesis integrations (docs/aws-behaviour.md#template-kinesis).

use crate::common::render;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const REFERENCE: &str = r#"#set($payload = $input.json('$'))
#set($event = "{""payload"":$payload,""connectionId"":""$context.connectionId"",""requestTimeEpoch"":$context.requestTimeEpoch}")
{"StreamName": "events", "Data": "$util.base64Encode($event)", "PartitionKey": "$context.connectionId"}
"#;

/// The data of the record in a rendered `PutRecord` request.
fn record(rendered: &str) -> String {
    let request: serde_json::Value = serde_json::from_str(rendered).expect("the rendered request is JSON");
    assert_eq!(request["StreamName"], "events");
    assert_eq!(request["PartitionKey"], "Qyi07eCbtjMCJKw=");
    let data = request["Data"].as_str().expect("Data is a string");
    let bytes = STANDARD.decode(data).expect("Data is base64");
    String::from_utf8(bytes).expect("the record is text")
}

#[test]
fn reference_template() {
    assert_eq!(
        record(&render(REFERENCE, r#"{"msg":"Hello World!"}"#)),
        r#"{"payload":{"msg":"Hello World!"},"connectionId":"Qyi07eCbtjMCJKw=","requestTimeEpoch":1708326702790}"#
    );
}

#[test]
fn reference_template_with_a_body_that_is_not_json() {
    let event: serde_json::Value = serde_json::from_str(&record(&render(REFERENCE, "say \"hi\""))).unwrap();
    assert_eq!(event["payload"], "say \"hi\"");
}

#[test]
fn body_between_quotes_of_a_string() {
    // The recommended template of docs/aws-behaviour.md#template-kinesis; blanks before the brace are harmless.
    let template = "#set($d = \"{\"\"body\"\": $input.body, \"\"connectionId\"\":\"\"$context.connectionId\"\"}\")\n   {\"StreamName\":\"events\",\"Data\":\"$util.base64Encode($d)\",\"PartitionKey\":\"$context.connectionId\"}";
    assert_eq!(record(&render(template, "{ }")), r#"{"body": { }, "connectionId":"Qyi07eCbtjMCJKw="}"#);
}
