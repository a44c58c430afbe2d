//! The routes of messages and handshakes, on stages that the project's stack does not have: keys, `$connect`, throttles,
//! and an API with its endpoint disabled.

use http::StatusCode;
use serde_json::json;
use sluicegate_tests::api::{Api, default_response, empty_emulator};
use sluicegate_tests::client::Client;
use sluicegate_tests::sdk;

/// docs/aws-behaviour.md#apigateway-route-selection and #apigateway-error-frames: a message without a route is Forbidden,
/// and the connection stays open.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_without_a_route_is_forbidden() {
    let emulator = empty_emulator().await;
    let api = Api::create(&emulator).await;
    let mock = api.mock(200, default_response("here")).await;
    api.route("here", &mock, true).await;
    // There is no $connect: everybody may connect (docs/aws-behaviour.md#apigateway-lifecycle).
    api.deploy(json!({})).await;
    let mut client = api.client().await;
    for message in [json!({"action": "there"}), json!({}), json!({"action": "$connect"})] {
        let frame = client.exchange(&message).await;
        assert!(frame.starts_with(r#"{"message": "Forbidden", "connectionId":""#), "{frame}");
    }
    client.send("no json").await;
    assert!(client.receive().await.starts_with(r#"{"message": "Forbidden""#));
    assert_eq!(client.exchange(&json!({"action": "here"})).await, "here");
}

/// docs/aws-behaviour.md#apigateway-route-selection: only a value equal to a key selects its route. Other messages, and
/// text that is not JSON, go to `$default`.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_matches_no_key_goes_to_default() {
    let emulator = empty_emulator().await;
    let api = Api::create(&emulator).await;
    for key in ["$default", "join"] {
        let mock = api.mock(200, default_response(key.trim_start_matches('$'))).await;
        api.route(key, &mock, true).await;
    }
    api.deploy(json!({})).await;
    let mut client = api.client().await;
    assert_eq!(client.exchange(&json!({"action": "join"})).await, "join");
    for other in
        [json!({"action": "Join"}), json!({"action": ["join"]}), json!({"action": "$connect"}), json!(1)]
    {
        assert_eq!(client.exchange(&other).await, "default", "{other}");
    }
    client.send("no {json").await;
    assert_eq!(client.receive().await, "default");
}

/// docs/aws-behaviour.md#apigateway-frames: the gateway answers with a subprotocol if the response of the `$connect`
/// integration maps one.
#[tokio::test(flavor = "multi_thread")]
async fn a_subprotocol_is_answered_if_it_is_mapped() {
    let emulator = empty_emulator().await;
    let protocol = [("sec-websocket-protocol", "chat, other")];
    let api = Api::create(&emulator).await;
    let parameters = json!({"route.response.header.Sec-WebSocket-Protocol": "stageVariables.protocol"});
    let connect =
        api.mock(200, json!({"integrationResponseKey": "/200/", "responseParameters": parameters})).await;
    api.route("$connect", &connect, true).await;
    let uri = api.deploy(json!({"stageVariables": {"protocol": "chat"}})).await;
    let (_, response) =
        Client::try_connect(&uri, &protocol).await.unwrap_or_else(|refused| panic!("{refused:?}"));
    assert_eq!(response.headers()["sec-websocket-protocol"], "chat");

    // Without one, the client must fail the connection, as RFC 6455 requires and browsers do.
    let api = Api::create(&emulator).await;
    let connect = api.mock(200, json!({"integrationResponseKey": "/200/"})).await;
    api.route("$connect", &connect, true).await;
    let uri = api.deploy(json!({})).await;
    let failed = tokio::spawn(async move { Client::try_connect(&uri, &protocol).await.is_ok() }).await;
    assert!(failed.is_err(), "a client that asked for a subprotocol went on without one");
    let refused =
        json!({"integrationResponseKey": "/201/", "responseParameters": {"route.response.header.X": "'x'"}});
    let path = format!("integrations/{connect}/integrationresponses");
    assert_eq!(api.call(http::Method::POST, &path, &refused).await.0, StatusCode::BAD_REQUEST);
}

/// docs/aws-behaviour.md#apigateway-handshake-status and #template-input: only the template of `$connect` can read the
/// handshake, and its status decides.
#[tokio::test(flavor = "multi_thread")]
async fn connects_template_sees_the_handshake_and_decides_its_status() {
    let emulator = empty_emulator().await;
    let api = Api::create(&emulator).await;
    let template =
        "{\"statusCode\": #if($input.params('x-room') == \"\")400#else$input.params('status')#end}";
    let settings = json!({"integrationType": "MOCK", "requestTemplates": {"$default": template}});
    let connect = api.integration(settings).await;
    let responses = format!("integrations/{connect}/integrationresponses");
    api.post(&responses, json!({"integrationResponseKey": r"/[24]\d\d/"})).await;
    api.route("$connect", &connect, true).await;
    let later = api.mock(200, default_response("[$input.params('status')$!input.params('x-room')]")).await;
    api.route("$default", &later, true).await;
    let uri = api.deploy(json!({})).await;
    let status = |uri: String, headers: &'static [(&'static str, &'static str)]| async move {
        match Client::try_connect(&uri, headers).await {
            Ok((_, response)) | Err(response) => response.status().as_u16(),
        }
    };
    let room = &[("x-room", "blue")];
    assert_eq!(status(format!("{uri}?status=200"), room).await, 101);
    assert_eq!(status(format!("{uri}?status=201"), room).await, 101);
    assert_eq!(status(format!("{uri}?status=403"), room).await, 403);
    assert_eq!(status(format!("{uri}?status=200"), &[]).await, 400);
    // No integration response: the handshake fails.
    assert_eq!(status(format!("{uri}?status=500"), room).await, 500);
    let (mut client, _) =
        Client::try_connect(&format!("{uri}?status=200"), room).await.unwrap_or_else(|_| panic!());
    assert_eq!(client.exchange(&json!({})).await, "[]");
}

/// docs/aws-behaviour.md#apigateway-quotas: a route's token bucket is separate from the stage's.
#[tokio::test(flavor = "multi_thread")]
async fn a_route_has_its_own_throttle() {
    let emulator = empty_emulator().await;
    let api = Api::create(&emulator).await;
    for key in ["slow", "quick"] {
        let mock = api.mock(200, default_response(key)).await;
        api.route(key, &mock, true).await;
    }
    let slow = json!({"throttlingRateLimit": 0.001, "throttlingBurstLimit": 2});
    api.deploy(json!({"routeSettings": {"slow": slow}})).await;
    let mut client = api.client().await;
    let mut answers = Vec::new();
    for _ in 0..4 {
        answers.push(client.exchange(&json!({"action": "slow"})).await);
    }
    assert_eq!(&answers[..2], ["slow", "slow"]);
    assert!(
        answers[2..].iter().all(|answer| answer.starts_with(r#"{"message": "Too Many Requests""#)),
        "{answers:?}"
    );
    assert_eq!(client.exchange(&json!({"action": "quick"})).await, "quick");
}

/// docs/aws-behaviour.md#apigateway-quotas: a handshake over the rate is refused with 429.
#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_over_the_rate_is_refused() {
    let emulator = empty_emulator().await;
    let api = Api::create(&emulator).await;
    let mock = api.mock(200, default_response("x")).await;
    api.route("$default", &mock, true).await;
    let settings = json!({"throttlingRateLimit": 0.001, "throttlingBurstLimit": 1});
    let uri = api.deploy(json!({"defaultRouteSettings": settings})).await;
    let _first = api.client().await;
    let refused = Client::try_connect(&uri, &[]).await.expect_err("the second is refused");
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
}

/// docs/aws-behaviour.md#apigateway-stages: `DisableExecuteApiEndpoint` needs a deployment; then handshakes and
/// `@connections` are Forbidden.
#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_endpoint_answers_forbidden_once_it_is_deployed() {
    let emulator = empty_emulator().await;
    let api = Api::create(&emulator).await;
    let mock = api.mock(200, default_response("x")).await;
    api.route("$default", &mock, true).await;
    let deployment = api.post("deployments", json!({})).await["deploymentId"].clone();
    let uri = api.deploy(json!({"autoDeploy": false, "deploymentId": deployment})).await;
    let disable = json!({"disableExecuteApiEndpoint": true});
    let path = format!("/v2/apis/{}", api.id);
    sluicegate_tests::control::rest(&emulator, "apigateway", http::Method::PATCH, &path, &disable).await;
    assert!(Client::try_connect(&uri, &[]).await.is_ok(), "not deployed yet");
    api.post("deployments", json!({"stageName": "test"})).await;
    let refused = Client::try_connect(&uri, &[]).await.expect_err("refused");
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    let connections = sdk::connections(&uri.replacen("ws", "http", 1));
    let asked = connections.get_connection().connection_id("Qyi07eCbtjMCJKw=").send().await;
    assert!(asked.expect_err("refused").into_service_error().is_forbidden_exception());
}
