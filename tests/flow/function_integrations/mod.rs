//! AWS_PROXY and Lambda integrations.

mod events;
mod handshakes;
mod invocations;

use emulator::Emulator;
use serde_json::{Value, json};
use sluicegate_tests::api::{Api, empty_emulator, role};
use sluicegate_tests::client::Client;
use sluicegate_tests::{control, functions};

const FUNCTION_ROLE: &str = "arn:aws:iam::000000000000:role/function";
const INVOKING_ROLE: &str = "arn:aws:iam::000000000000:role/invoking";
const ERROR: &str = r#"{"message": "Internal server error", "connectionId":""#;

async fn emulator_with_roles() -> Emulator {
    let emulator = empty_emulator().await;
    role(&emulator, FUNCTION_ROLE, "lambda.amazonaws.com", &["logs:*"]).await;
    role(&emulator, INVOKING_ROLE, "apigateway.amazonaws.com", &["lambda:InvokeFunction"]).await;
    emulator
}

/// Creates a scripted function, whose environment determines what it does.
async fn function(emulator: &Emulator, name: &str, environment: Value) {
    functions::scripted(emulator, name, FUNCTION_ROLE, environment).await;
}

/// Creates an integration with a function and a role that may invoke it; returns its id.
async fn calling(api: &Api<'_>, kind: &str, function: &str, more: Value) -> String {
    let uri = format!(
        "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:{function}/invocations"
    );
    let mut settings =
        json!({"integrationType": kind, "integrationUri": uri, "credentialsArn": INVOKING_ROLE});
    if let (Value::Object(settings), Value::Object(more)) = (&mut settings, more) {
        settings.extend(more);
    }
    api.integration(settings).await
}

async fn proxy(api: &Api<'_>, function: &str) -> String {
    calling(api, "AWS_PROXY", function, json!({})).await
}

/// The events that a function has logged.
async fn events(emulator: &Emulator, function: &str) -> Vec<Value> {
    let logs = json!({"logGroupName": format!("/aws/lambda/{function}"), "filterPattern": "EVENT"});
    let logged = control::json(emulator, "Logs_20140328.FilterLogEvents", &logs).await;
    let lines = logged["events"].as_array().cloned().unwrap_or_default();
    let event = |line: &Value| serde_json::from_str(line["message"].as_str()?.strip_prefix("EVENT ")?).ok();
    lines.iter().filter_map(event).collect()
}

async fn status(uri: &str) -> u16 {
    match Client::try_connect(uri, &[]).await {
        Ok((_, response)) | Err(response) => response.status().as_u16(),
    }
}
