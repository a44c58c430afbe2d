//! JSON that RFC 8259 allows and many parsers reject takes the same way as other JSON: it is routed by its `action`, passes
//! the filter of the route's function, and comes back unchanged.

use emulator::EmulatorOptions;
use serde_json::json;
use sluicegate_tests::api::{Api, default_response, empty_emulator, role};
use sluicegate_tests::source::Source;
use sluicegate_tests::test_emulator::TestEmulator;
use sluicegate_tests::{eventually, functions};

/// The filter of echo's mapping passes only messages of the route `greeter`, so that each answer shows the right route.
#[tokio::test(flavor = "multi_thread")]
async fn odd_json_is_routed_and_passes_the_filter() {
    let emulator =
        TestEmulator::with(r#"functions = { echo = { routes = ["greeter"] } }"#, EmulatorOptions::default())
            .await;
    let mut client = emulator.client().await;
    let deep = |levels: usize| {
        format!(r#"{{"action":"greeter","x":{}1{}}}"#, "[".repeat(levels), "]".repeat(levels))
    };
    for message in [
        r#"{"action":"greeter","x":"\ud83d"}"#,
        r#"{"action":"greeter","x":1e400}"#,
        &deep(130),
        r#"{"\udc00":"\udc00\ud83d","action":"greeter"}"#,
        r#"{"x":-1.5E-99999999999999999999,"action":"greeter"}"#,
        r#"{"n":12345678901234567890123456789012345678901234567890,"action":"\u0067reeter"}"#,
        r#"{"action":"other","action":"greeter","":[{"\"":"\\\/\u0000"}]}"#,
        &deep(511),
    ] {
        client.send(message).await;
        let answer = client.receive().await;
        assert!(answer == message, "{message:.200} was answered with {answer:.200}");
    }
    // Deeper than the stack's request model can validate: an error frame, and not another route.
    client.send(deep(15_000)).await;
    assert!(client.receive().await.starts_with(r#"{"message" : "Bad request body""#));
    // A lone surrogate is not the replacement character, and matches no route.
    client.send("{\"action\":\"\\ud83d\"}").await;
    client.send(r#"{"action":"greeter","last":true}"#).await;
    assert_eq!(client.receive().await, r#"{"action":"greeter","last":true}"#);
    let page = emulator.emulator.metrics();
    assert!(page.contains(r#"reason="no_match"} 1"#), "{page}");
}

/// A model also validates values that its validator cannot represent. A message that it rejects gets an error frame, and
/// the connection stays open.
#[tokio::test(flavor = "multi_thread")]
async fn odd_json_is_validated_by_a_request_model() {
    let emulator = empty_emulator().await;
    let api = Api::create(&emulator).await;
    let schema = json!({"type": "object", "required": ["action"], "properties": {"x": {"type": ["string", "number", "array"]}}});
    let model = json!({"name": "Any", "contentType": "application/json", "schema": schema.to_string()});
    api.post("models", model).await;
    for key in ["$default", "here"] {
        let mock = api.mock(200, default_response(key.trim_start_matches('$'))).await;
        let route = json!({
            "routeKey": key, "target": format!("integrations/{mock}"),
            "requestModels": {"$default": "Any"}, "modelSelectionExpression": "$default",
        });
        let id = api.post("routes", route).await["routeId"].as_str().expect("an id").to_owned();
        api.post(&format!("routes/{id}/routeresponses"), json!({"routeResponseKey": "$default"})).await;
    }
    api.deploy(json!({})).await;
    let mut client = api.client().await;
    let deep =
        |levels: usize| format!(r#"{{"action":"here","x":{}{}}}"#, "[".repeat(levels), "]".repeat(levels));
    for (message, expected) in [
        (r#"{"action":"here","x":"\ud83d"}"#, "here"),
        (r#"{"action":"here","x":1e400}"#, "here"),
        (&deep(130), "here"),
        (&deep(511), "here"),
        (&deep(512), r#"{"message" : "Bad request body""#),
        (r#"{"action":"here","x":null}"#, r#"{"message" : "Bad request body""#),
        (r#"{"action":"here""#, r#"{"message" : "Bad request body""#),
    ] {
        client.send(message).await;
        let answer = client.receive().await;
        assert!(answer.starts_with(expected), "{message:.100} was answered with {answer}");
    }
}

/// docs/aws-behaviour.md#lambda-filters: a filter for data drops records that are not JSON, as on AWS; the emulator counts
/// them.
#[tokio::test(flavor = "multi_thread")]
async fn records_that_are_not_json_are_counted() {
    const ROLE: &str = "arn:aws:iam::000000000000:role/counted";
    let emulator = empty_emulator().await;
    role(&emulator, ROLE, "lambda.amazonaws.com", &["kinesis:*", "logs:*"]).await;
    functions::scripted(&emulator, "counted", ROLE, json!({})).await;
    let source = Source::create(&emulator, "counted", 1).await;
    let filter = json!({"Filters": [{"Pattern": r#"{"data": {"k": ["v"]}}"#}]});
    source.map("counted", json!({"FilterCriteria": filter})).await;
    for data in [r#"{"k": "v"#, r#"{"k": "v", "x": "\ud83d"}"#, "plain", r#"{"k": "other"}"#] {
        source.put("k", data).await;
    }
    let sample = |reason: &str| {
        let page = emulator.metrics();
        let line = page.lines().find(|line| {
            line.starts_with("sluicegate_mapping_filtered_records_total{") && line.contains(reason)
        });
        line.and_then(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).unwrap_or_default()
    };
    eventually("three records are dropped", || async { sample("not_json") == 2 && sample("no_match") == 1 })
        .await;
}

/// The same parser reads the request of a MOCK and the key of a template selection.
#[tokio::test(flavor = "multi_thread")]
async fn odd_json_in_a_mock_request_and_a_template_selection() {
    let emulator = empty_emulator().await;
    let api = Api::create(&emulator).await;
    let template = |status: u16| format!(r#"{{"client": $input.json('$'), "statusCode": {status}}}"#);
    let settings = json!({
        "integrationType": "MOCK", "templateSelectionExpression": "$request.body.kind",
        "requestTemplates": {"a": template(200), "$default": template(201)},
    });
    let id = api.integration(settings).await;
    for (key, text) in [("/200/", "chosen"), ("/201/", "default")] {
        let response = json!({"integrationResponseKey": key, "responseTemplates": {"$default": text}});
        api.post(&format!("integrations/{id}/integrationresponses"), response).await;
    }
    api.route("$default", &id, true).await;
    api.deploy(json!({})).await;
    let mut client = api.client().await;
    for (message, expected) in [
        (r#"{"kind":"a","x":"\ud83d"}"#, "chosen"),
        (r#"{"x":1e400,"kind":"a"}"#, "chosen"),
        (r#"{"kind":"\ud83d"}"#, "default"),
        ("not json", "default"),
    ] {
        client.send(message).await;
        assert_eq!(client.receive().await, expected, "{message}");
    }
}
