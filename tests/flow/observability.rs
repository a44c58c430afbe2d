//! Access logs in the stage's format, and the emulator's metrics.

use emulator::Emulator;
use http::Method;
use serde_json::{Value, json};
use sluicegate_tests::api::{Api, INTEGRATION_ROLE, empty_emulator, role};
use sluicegate_tests::{control, eventually};

const GROUP: &str = "/access";
const LOGGING_ROLE: &str = "arn:aws:iam::000000000000:role/logging";

/// An emulator with a log group for access logs.
async fn logging_emulator() -> Emulator {
    let emulator = empty_emulator().await;
    role(&emulator, LOGGING_ROLE, "apigateway.amazonaws.com", &["logs:*"]).await;
    let account =
        json!({"patchOperations": [{"op": "replace", "path": "/cloudwatchRoleArn", "value": LOGGING_ROLE}]});
    let (status, answer) = control::rest(&emulator, "apigateway", Method::PATCH, "/account", &account).await;
    assert!(status.is_success(), "{answer}");
    control::json(&emulator, "Logs_20140328.CreateLogGroup", &json!({"logGroupName": GROUP})).await;
    emulator
}

fn logging_to(format: &str) -> Value {
    let group = format!("arn:aws:logs:us-east-1:000000000000:log-group:{GROUP}");
    json!({"accessLogSettings": {"destinationArn": group, "format": format}})
}

async fn lines(emulator: &Emulator) -> Vec<String> {
    let answer =
        control::json(emulator, "Logs_20140328.FilterLogEvents", &json!({"logGroupName": GROUP})).await;
    let events = answer["events"].as_array().cloned().unwrap_or_default();
    events.iter().map(|event| event["message"].as_str().unwrap_or_default().to_owned()).collect()
}

/// docs/aws-behaviour.md#apigateway-logs: a line for each handshake, message and disconnection, including refused ones;
/// a variable without a value is `-`.
#[tokio::test(flavor = "multi_thread")]
async fn an_access_log_has_the_outcome_of_each_message() {
    let emulator = logging_emulator().await;
    role(&emulator, INTEGRATION_ROLE, "apigateway.amazonaws.com", &["kinesis:PutRecord"]).await;
    let api = Api::create(&emulator).await;
    let connect = api.mock(200, json!({"integrationResponseKey": "/200/"})).await;
    api.route("$connect", &connect, true).await;
    let disconnect = api.mock(200, json!({"integrationResponseKey": "/200/"})).await;
    api.route("$disconnect", &disconnect, false).await;
    let template = r#"{"StreamName":"none","Data":"eA==","PartitionKey":"p"}"#;
    let lost = api.kinesis("PutRecord", json!({"requestTemplates": {"$default": template}})).await;
    api.route("lost", &lost, false).await;
    let denied = json!({"requestTemplates": {"$default": template}, "credentialsArn": format!("{INTEGRATION_ROLE}-x")});
    let denied = api.kinesis("PutRecord", denied).await;
    api.route("denied", &denied, false).await;
    api.post("models", json!({"name": "Named", "schema": r#"{"required":["name"]}"#})).await;
    let modelled = json!({
        "routeKey": "modelled", "target": format!("integrations/{connect}"), "modelSelectionExpression": "$default",
        "requestModels": {"$default": "Named"},
    });
    api.post("routes", modelled).await;
    let format = "$context.requestId|$context.eventType|$context.routeKey|$context.status|$context.integration.status|$context.error.message|$context.error.responseType|$context.error.validationErrorString|$context.integration.error|$context.waf.status";
    api.deploy(logging_to(format)).await;
    let mut client = api.client().await;
    client.send(r#"{"action":"lost"}"#).await;
    for action in ["denied", "modelled", "nowhere"] {
        client.send(json!({"action": action}).to_string()).await;
        client.receive().await;
    }
    client.close().await;
    eventually("the last line is written", || async { lines(&emulator).await.len() == 6 }).await;
    let lines: Vec<Vec<String>> =
        lines(&emulator).await.iter().map(|line| line.split('|').skip(1).map(Into::into).collect()).collect();
    let of = |index: usize| lines[index].iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(of(0), ["CONNECT", "$connect", "200", "200", "-", "-", "-", "-", "-"]);
    assert_eq!(of(1)[..6], ["MESSAGE", "lost", "400", "400", "-", "-"]);
    assert!(of(1)[7].contains("Stream none"), "{:?}", of(1));
    assert_eq!(
        of(2)[..6],
        ["MESSAGE", "denied", "500", "500", "Internal server error", "INTEGRATION_FAILURE"]
    );
    assert!(of(2)[7].contains("sts:AssumeRole"), "{:?}", of(2));
    assert_eq!(of(3)[..6], ["MESSAGE", "modelled", "400", "-", "Bad request body", "BAD_REQUEST_BODY"]);
    assert!(of(3)[6].contains("name"), "{:?}", of(3));
    assert_eq!(of(4), ["MESSAGE", "-", "403", "-", "Forbidden", "ACCESS_DENIED", "-", "-", "-"]);
    assert_eq!(of(5), ["DISCONNECT", "$disconnect", "200", "200", "-", "-", "-", "-", "-"]);
}

/// See docs/aws-behaviour.md#apigateway-lifecycle.
#[tokio::test(flavor = "multi_thread")]
async fn a_disconnect_needs_no_integration_response() {
    let emulator = logging_emulator().await;
    let api = Api::create(&emulator).await;
    let template = json!({"statusCode": 204}).to_string();
    let mock = api.integration(json!({"integrationType": "MOCK", "requestTemplates": {"t": template}})).await;
    api.route("$disconnect", &mock, false).await;
    api.deploy(logging_to("$context.requestId $context.routeKey $context.status")).await;
    api.client().await.close().await;
    eventually("the line is written", || async { lines(&emulator).await.len() == 1 }).await;
    assert!(lines(&emulator).await[0].ends_with(" $disconnect 204"), "{:?}", lines(&emulator).await);
}

/// The value of the counter whose line starts with a text.
fn sample(page: &str, begins: &str) -> f64 {
    let lines: Vec<_> = page.lines().filter(|line| line.starts_with(begins)).collect();
    assert_eq!(lines.len(), 1, "{begins} in {page}");
    lines[0].rsplit(' ').next().and_then(|value| value.parse().ok()).expect("a number")
}

/// docs/aws-behaviour.md#apigateway-logs: CloudWatch's metrics of a WebSocket API, by API, stage and route.
#[tokio::test(flavor = "multi_thread")]
async fn the_metrics_of_a_websocket_api_are_counted_by_route() {
    let emulator = empty_emulator().await;
    role(&emulator, INTEGRATION_ROLE, "apigateway.amazonaws.com", &["kinesis:PutRecord"]).await;
    let api = Api::create(&emulator).await;
    let template = r#"{"StreamName":"none","Data":"eA==","PartitionKey":"p"}"#;
    let lost = api.kinesis("PutRecord", json!({"requestTemplates": {"$default": template}})).await;
    api.route("lost", &lost, false).await;
    let answer = json!({"integrationResponseKey": "/200/", "responseTemplates": {"t": "yes"}});
    let good = api.mock(200, answer.clone()).await;
    api.route("good", &good, true).await;
    let bad = api.mock(500, answer).await;
    api.route("bad", &bad, true).await;
    api.deploy(json!({})).await;
    let mut client = api.client().await;
    client.send(r#"{"action":"lost"}"#).await;
    for action in ["good", "good", "bad", "nowhere"] {
        client.send(json!({"action": action}).to_string()).await;
        client.receive().await;
    }
    let page = emulator.metrics();
    let of = |name: &str, route: &str| {
        let labels = format!(r#"{{api="{}",stage="test",route="{route}"}}"#, api.id);
        sample(&page, &format!("sluicegate_gateway_{name}{labels}"))
    };
    assert_eq!(of("connect_count_total", "$connect"), 1.0);
    assert_eq!((of("message_count_total", "lost"), of("message_count_total", "good")), (1.0, 4.0));
    assert_eq!((of("integration_error_total", "lost"), of("integration_error_total", "bad")), (1.0, 1.0));
    // The status 500 has no integration response, which is an execution error.
    assert_eq!((of("execution_error_total", "bad"), of("execution_error_total", "good")), (1.0, 0.0));
    assert_eq!(of("client_error_total", ""), 1.0);
    assert_eq!(of("integration_latency_seconds_count", "lost"), 1.0);
    assert_eq!(of("integration_latency_seconds_count", "good"), 0.0);
    let open = format!(r#"sluicegate_gateway_connections{{api="{}",stage="test"}}"#, api.id);
    assert_eq!(sample(&page, &open), 1.0);

    // The metrics survive a deployment, and are removed with their stage.
    api.post("deployments", json!({"stageName": "test"})).await;
    let connects = format!(
        r#"sluicegate_gateway_connect_count_total{{api="{}",stage="test",route="$connect"}}"#,
        api.id
    );
    assert_eq!(sample(&emulator.metrics(), &connects), 1.0);
    api.call(Method::DELETE, "stages/test", &Value::Null).await;
    eventually("the stage's counters are gone", || async { !emulator.metrics().contains(&api.id) }).await;
}

/// The page also has the metrics of the stream and of the mapping.
#[tokio::test(flavor = "multi_thread")]
async fn the_metrics_page_counts_the_whole_flow() {
    let emulator = sluicegate_tests::test_emulator::TestEmulator::start().await;
    let mut client = emulator.client().await;
    for n in 0..3 {
        client.send(n.to_string()).await;
        client.receive().await;
    }
    let page = emulator.emulator.metrics();
    assert_eq!(sample(&page, r#"sluicegate_stream_records_total{stream="sluicegate-events"}"#), 3.0);
    assert!(sample(&page, "sluicegate_stream_bytes_total{") > 0.0);
    assert!(sample(&page, r#"sluicegate_mapping_iterator_age_seconds{function="sluicegate-echo""#) >= 0.0);
    let invocations = |page: &str| {
        let name = "sluicegate_function_invocations_total";
        sample(page, &format!(r#"{name}{{function="sluicegate-echo",outcome="ok",version="1"}}"#))
    };
    eventually("the last invocation has ended", || async {
        invocations(&emulator.emulator.metrics()) >= 1.0
    })
    .await;
    let callbacks = format!(
        r#"sluicegate_gateway_message_count_total{{api="{}",stage="v1",route="@connections"}}"#,
        emulator.composed.api_id
    );
    assert_eq!(sample(&page, &callbacks), 3.0);
}
