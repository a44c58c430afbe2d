//! The events of AWS_PROXY functions on each route, and the use of their answers.

use super::{ERROR, FUNCTION_ROLE, calling, emulator_with_roles, events, function, proxy};
use serde_json::json;
use sluicegate_tests::api::{Api, default_response};
use sluicegate_tests::client::Client;
use sluicegate_tests::eventually;

/// docs/aws-behaviour.md#apigateway-connect-event and #apigateway-proxy-events
#[tokio::test(flavor = "multi_thread")]
async fn a_proxied_function_gets_each_event_whole() {
    let emulator = emulator_with_roles().await;
    function(&emulator, "all", json!({"ANSWER": r#"{"statusCode":200,"body":"unheard"}"#})).await;
    let api = Api::create(&emulator).await;
    let all = proxy(&api, "all").await;
    for key in ["$connect", "$disconnect", "$default", "named"] {
        api.route(key, &all, false).await;
    }
    let end = api.mock(200, default_response("end")).await;
    api.route("end", &end, true).await;
    let uri = api.deploy(json!({"stageVariables": {"tier": "free"}})).await;
    let (mut client, _) = Client::try_connect(&format!("{uri}?token=a&token=b"), &[("x-room", "blue")])
        .await
        .unwrap_or_else(|refused| panic!("{refused:?}"));
    for message in ["not json", r#"{"action":"named","n":1}"#] {
        client.send(message).await;
    }
    // The route is one-way, so that the body of the function's answer is not sent.
    assert_eq!(client.exchange(&json!({"action": "end"})).await, "end");
    eventually("both messages are seen", || async { events(&emulator, "all").await.len() == 3 }).await;
    client.close().await;
    eventually("the end is seen", || async { events(&emulator, "all").await.len() == 4 }).await;

    let events = events(&emulator, "all").await;
    let of_route =
        |key: &str| events.iter().find(|event| event["requestContext"]["routeKey"] == key).expect("an event");
    let (connect, disconnect) = (of_route("$connect"), of_route("$disconnect"));
    assert_eq!(connect["requestContext"]["eventType"], "CONNECT");
    assert_eq!(connect["headers"]["x-room"], "blue");
    assert_eq!(connect["multiValueHeaders"]["X-Forwarded-For"], json!(["127.0.0.1"]));
    assert_eq!(connect["queryStringParameters"], json!({"token": "b"}));
    assert_eq!(connect["multiValueQueryStringParameters"], json!({"token": ["a", "b"]}));
    assert_eq!(connect.get("body"), None);
    for (key, body) in [("$default", "not json"), ("named", r#"{"action":"named","n":1}"#)] {
        let event = of_route(key);
        assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!(body), &json!(false)));
        assert_eq!(event["requestContext"]["eventType"], "MESSAGE");
        assert!(event["requestContext"]["messageId"].is_string(), "{event}");
        assert_eq!((event.get("headers"), event.get("queryStringParameters")), (None, None));
    }
    assert_eq!(disconnect["requestContext"]["eventType"], "DISCONNECT");
    assert_eq!(disconnect["requestContext"]["disconnectStatusCode"], 1005);
    assert_eq!(disconnect["headers"]["x-restapi"], "");
    let id = &connect["requestContext"]["connectionId"];
    for event in &events {
        let context = &event["requestContext"];
        assert_eq!((&context["connectionId"], &context["apiId"]), (id, &json!(api.id)));
        assert_eq!((&context["stage"], &event["stageVariables"]["tier"]), (&json!("test"), &json!("free")));
    }
}

/// docs/aws-behaviour.md#apigateway-proxy-reply: a two-way route sends the body unchanged.
#[tokio::test(flavor = "multi_thread")]
async fn a_two_way_route_answers_with_the_body() {
    let emulator = emulator_with_roles().await;
    let api = Api::create(&emulator).await;
    for (name, answer, expected) in [
        ("text", r#"{"statusCode":200,"body":"hello"}"#, "hello"),
        ("json", r#"{"statusCode":200,"body":"{\"a\": [1, \"é\"]}"}"#, r#"{"a": [1, "é"]}"#),
        ("encoded", r#"{"body":"aGVsbG8=","isBase64Encoded":true}"#, "hello"),
        ("empty", r#"{"statusCode":200}"#, ""),
        ("refusing", r#"{"statusCode":404,"body":"no such room"}"#, "no such room"),
        ("bare", "{}", ""),
    ] {
        function(&emulator, name, json!({"ANSWER": answer})).await;
        api.route(name, &proxy(&api, name).await, true).await;
        if name == "text" {
            api.deploy(json!({})).await;
        }
        assert_eq!(api.client().await.exchange(&json!({"action": name})).await, expected, "{name}");
    }
}

/// docs/aws-behaviour.md#apigateway-internal-server-error and #apigateway-proxy-status: a function that fails causes an
/// error frame, on one-way routes too; a status in its answer does not.
#[tokio::test(flavor = "multi_thread")]
async fn a_failed_function_causes_an_error_frame() {
    let emulator = emulator_with_roles().await;
    let api = Api::create(&emulator).await;
    let end = api.mock(200, default_response("end")).await;
    api.route("end", &end, true).await;
    api.deploy(json!({})).await;
    for (name, environment) in [
        ("throws", json!({"FAILURE": "no database"})),
        ("dies", json!({})),
        ("babbles", json!({"ANSWER": "\"fine\""})),
        ("nothing", json!({"ANSWER": "null"})),
        ("strange", json!({"ANSWER": r#"{"statusCode":200,"reply":"x"}"#})),
        ("overflows", json!({"MISDEED": "answer too large"})),
    ] {
        function(&emulator, name, environment).await;
        api.route(name, &proxy(&api, name).await, false).await;
        let mut client = api.client().await;
        let frame = client.exchange(&json!({"action": name})).await;
        assert!(frame.starts_with(ERROR) && frame.contains("\"requestId\":\""), "{name}: {frame}");
        assert_eq!(client.exchange(&json!({"action": "end"})).await, "end", "{name}: the connection lives");
    }
    // A function that does not exist, and one that the gateway may not invoke.
    api.route("absent", &proxy(&api, "absent").await, false).await;
    let denied = json!({"credentialsArn": FUNCTION_ROLE});
    api.route("denied", &calling(&api, "AWS_PROXY", "throws", denied).await, false).await;
    for name in ["absent", "denied"] {
        let frame = api.client().await.exchange(&json!({"action": name})).await;
        assert!(frame.starts_with(ERROR), "{name}: {frame}");
    }
    function(&emulator, "unhappy", json!({"ANSWER": r#"{"statusCode":500,"body":"x"}"#})).await;
    api.route("unhappy", &proxy(&api, "unhappy").await, false).await;
    let mut client = api.client().await;
    client.send(r#"{"action":"unhappy"}"#).await;
    eventually("it has run", || async { events(&emulator, "unhappy").await.len() == 1 }).await;
    assert_eq!(client.exchange(&json!({"action": "end"})).await, "end", "silence on a one-way route");
}
