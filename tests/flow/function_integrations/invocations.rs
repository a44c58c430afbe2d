//! The permission to invoke a function, its timeout, and integrations without proxy.

use super::{ERROR, calling, emulator_with_roles, events, function, proxy, status};
use emulator::Emulator;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use sluicegate_tests::api::Api;
use sluicegate_tests::{control, eventually};

/// docs/aws-behaviour.md#apigateway-lambda-permission: without a role, the function's policy must allow the route.
#[tokio::test(flavor = "multi_thread")]
async fn a_route_needs_permission_to_invoke_a_function() {
    let emulator = emulator_with_roles().await;
    function(&emulator, "open", json!({"ANSWER": r#"{"body":"open"}"#})).await;
    let api = Api::create(&emulator).await;
    let open = calling(&api, "AWS_PROXY", "open", json!({"credentialsArn": null})).await;
    for key in ["$default", "chat"] {
        api.route(key, &open, true).await;
    }
    api.deploy(json!({})).await;
    let mut client = api.client().await;
    let policy = "/2015-03-31/functions/open/policy";
    for (source, default, chat) in [
        ("other/test/$default", false, false),
        ("{}/prod/*", false, false),
        ("{}/test/$connect", false, false),
        ("{}/authorizers/*", false, false),
        ("{}/test/$default", true, false),
        ("{}/*/chat", false, true),
        ("{}/*chat", false, true),
        ("{}/*/*", true, true),
        ("{}/*", true, true),
    ] {
        let source = source.replace("{}", &api.id);
        let permission = json!({
            "StatementId": "one", "Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com",
            "SourceArn": format!("arn:aws:execute-api:us-east-1:000000000000:{source}"),
        });
        let (added, answer) = control::rest(&emulator, "lambda", Method::POST, policy, &permission).await;
        assert_eq!(added, StatusCode::CREATED, "{answer}");
        for (action, allowed) in [("none", default), ("chat", chat)] {
            let answer = client.exchange(&json!({"action": action})).await;
            assert_eq!(answer == "open", allowed, "{source} for {action}: {answer}");
        }
        control::rest(&emulator, "lambda", Method::DELETE, &format!("{policy}/one"), &Value::Null).await;
    }
    let other_service = json!({
        "StatementId": "one", "Action": "lambda:InvokeFunction", "Principal": "events.amazonaws.com",
    });
    control::rest(&emulator, "lambda", Method::POST, policy, &other_service).await;
    let answer = client.exchange(&json!({"action": "chat"})).await;
    assert!(answer.starts_with(ERROR), "{answer}");
}

/// docs/aws-behaviour.md#apigateway-timeout-frame and #apigateway-reply-order: the client gets an error frame at the
/// timeout while the function goes on, and other messages do not wait.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_function_does_not_delay_other_messages() {
    let emulator = emulator_with_roles().await;
    function(&emulator, "slow", json!({"MISDEED": "sleep"})).await;
    function(&emulator, "quick", json!({"ANSWER": r#"{"body":"quick"}"#})).await;
    let api = Api::create(&emulator).await;
    api.route("slow", &proxy(&api, "slow").await, true).await;
    api.route("quick", &proxy(&api, "quick").await, true).await;
    let hasty = calling(&api, "AWS_PROXY", "slow", json!({"timeoutInMillis": 50})).await;
    api.route("hasty", &hasty, true).await;
    let connect = calling(&api, "AWS_PROXY", "slow", json!({"timeoutInMillis": 50})).await;
    api.deploy(json!({})).await;
    let mut client = api.client().await;
    client.send(r#"{"action":"slow"}"#).await;
    assert_eq!(client.exchange(&json!({"action": "quick"})).await, "quick");
    // The function's own timeout, at which it fails.
    let frame = client.receive().await;
    assert!(frame.starts_with(ERROR), "{frame}");
    let timed_out = |emulator: &Emulator| {
        let sample = "sluicegate_function_invocations_total{function=\"slow\",outcome=\"error\"} ";
        let page = emulator.metrics();
        page.lines().find_map(|line| line.strip_prefix(sample)).map(str::to_owned)
    };
    assert_eq!(timed_out(&emulator).as_deref(), Some("1"));
    let frame = client.exchange(&json!({"action": "hasty"})).await;
    assert!(frame.starts_with(r#"{"message": "Endpoint request timed out", "connectionId":""#), "{frame}");
    eventually("the function has run to its own timeout", || async {
        timed_out(&emulator).as_deref() == Some("2")
    })
    .await;
    api.route("$connect", &connect, false).await;
    assert_eq!(status(&api.uri()).await, 504);
}

/// docs/aws-behaviour.md#apigateway-error-message-key: the template renders the event, and integration responses map the
/// answer, by its error message if there is one.
#[tokio::test(flavor = "multi_thread")]
async fn without_proxy_the_template_renders_the_functions_event() {
    let emulator = emulator_with_roles().await;
    function(&emulator, "answers", json!({"ANSWER": r#"{"greeting":"hello","n":[1,2]}"#})).await;
    function(&emulator, "fails", json!({"FAILURE": "Not found: room"})).await;
    let api = Api::create(&emulator).await;
    let template = r#"{"room":$input.json('$.room'),"from":"$context.connectionId"}"#;
    let templates = json!({"requestTemplates": {"$default": template}});
    let keyed =
        |key: &str, text: &str| json!({"integrationResponseKey": key, "responseTemplates": {"t": text}});
    let not_found = "missing: $input.path('$.errorMessage')";
    for (route, name, responses, expected) in [
        ("mapped", "answers", vec![keyed("$default", "$input.path('$.greeting')")], "hello"),
        ("status", "answers", vec![keyed("/200/", "ok"), keyed("$default", "else")], "ok"),
        (
            "relayed",
            "answers",
            vec![json!({"integrationResponseKey": "$default"})],
            r#"{"greeting":"hello","n":[1,2]}"#,
        ),
        (
            "matched",
            "fails",
            vec![keyed("/Not found.*/", not_found), keyed("$default", "else")],
            "missing: Not found: room",
        ),
        ("unmatched", "fails", vec![keyed("/Denied.*/", "denied"), keyed("$default", "else")], "else"),
        ("no-status", "fails", vec![keyed("/200/", "ok"), keyed("$default", "else")], "else"),
    ] {
        let integration = calling(&api, "AWS", name, templates.clone()).await;
        for response in responses {
            api.post(&format!("integrations/{integration}/integrationresponses"), response).await;
        }
        api.route(route, &integration, true).await;
        if route == "mapped" {
            api.deploy(json!({})).await;
        }
        let answer = api.client().await.exchange(&json!({"action": route, "room": ["a"]})).await;
        assert_eq!(answer, expected, "{route}");
    }
    let event = &events(&emulator, "answers").await[0];
    assert_eq!(event["room"], json!(["a"]));
    assert!(event["from"].as_str().is_some_and(|id| id.len() == 16), "{event}");
    // Without a template the message itself is the event. A message that is not JSON does not invoke the function.
    api.route("plain", &calling(&api, "AWS", "answers", json!({})).await, false).await;
    let mut client = api.client().await;
    client.send(r#"{"action":"plain","n":7}"#).await;
    eventually("it has run", || async { events(&emulator, "answers").await.len() == 4 }).await;
    assert_eq!(events(&emulator, "answers").await[3], json!({"action": "plain", "n": 7}));
    let broken = json!({"requestTemplates": {"$default": "room $input.path('$.room')"}});
    api.route("broken", &calling(&api, "AWS", "answers", broken).await, false).await;
    let frame = client.exchange(&json!({"action": "broken"})).await;
    assert!(frame.starts_with(ERROR), "{frame}");
}
