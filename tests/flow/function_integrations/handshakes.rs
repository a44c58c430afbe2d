//! Functions on `$connect`.

use super::{calling, emulator_with_roles, function, proxy, status};
use serde_json::json;
use sluicegate_tests::api::Api;
use sluicegate_tests::client::Client;

/// docs/aws-behaviour.md#apigateway-handshake-2xx, #apigateway-handshake-other-status and #apigateway-connect-throws
#[tokio::test(flavor = "multi_thread")]
async fn a_proxied_connect_decides_the_status() {
    let emulator = emulator_with_roles().await;
    for (name, environment, expected) in [
        ("ok", json!({"ANSWER": r#"{"statusCode":200}"#}), 101),
        ("created", json!({"ANSWER": r#"{"statusCode":"201"}"#}), 101),
        ("bare", json!({"ANSWER": "{}"}), 101),
        ("moved", json!({"ANSWER": r#"{"statusCode":301}"#}), 301),
        ("unauthorized", json!({"ANSWER": r#"{"statusCode":401}"#}), 401),
        ("forbidden", json!({"ANSWER": r#"{"statusCode":403,"body":"no"}"#}), 403),
        ("absent", json!({"ANSWER": r#"{"statusCode":501}"#}), 501),
        ("throws", json!({"FAILURE": "no database"}), 502),
        ("nothing", json!({"ANSWER": "null"}), 502),
        ("strange", json!({"ANSWER": r#"{"statusCode":"fine"}"#}), 502),
        ("dies", json!({}), 502),
    ] {
        function(&emulator, name, environment).await;
        let api = Api::create(&emulator).await;
        api.route("$connect", &proxy(&api, name).await, false).await;
        assert_eq!(status(&api.deploy(json!({})).await).await, expected, "{name}");
    }
    let api = Api::create(&emulator).await;
    api.route("$connect", &proxy(&api, "nobody").await, false).await;
    assert_eq!(status(&api.deploy(json!({})).await).await, 500, "no such function");
}

/// docs/aws-behaviour.md#apigateway-subprotocol: by a header of the function's answer, in any case.
#[tokio::test(flavor = "multi_thread")]
async fn a_proxied_connect_chooses_the_subprotocol() {
    let emulator = emulator_with_roles().await;
    for (name, header) in [("usual", "Sec-WebSocket-Protocol"), ("lower", "sec-websocket-protocol")] {
        let answer = json!({"statusCode": 200, "headers": {header: "chat"}}).to_string();
        function(&emulator, name, json!({"ANSWER": answer})).await;
        let api = Api::create(&emulator).await;
        api.route("$connect", &proxy(&api, name).await, false).await;
        let uri = api.deploy(json!({})).await;
        let connected = Client::try_connect(&uri, &[("sec-websocket-protocol", "chat, other")]).await;
        let (_, response) = connected.unwrap_or_else(|refused| panic!("{refused:?}"));
        assert_eq!(response.headers()["sec-websocket-protocol"], "chat");
    }
}

/// docs/aws-behaviour.md#apigateway-connect-function-error: if the function fails, the handshake fails.
#[tokio::test(flavor = "multi_thread")]
async fn a_connect_without_proxy_connects_by_its_integration_response() {
    let emulator = emulator_with_roles().await;
    function(&emulator, "answers", json!({"ANSWER": r#"{"statusCode":403}"#})).await;
    function(&emulator, "fails", json!({"FAILURE": "no"})).await;
    for (name, key, expected) in [
        // The function's answer is a body, even if it looks like a proxy's.
        ("answers", Some("$default"), 101),
        ("answers", Some("/200/"), 101),
        ("answers", Some("/403/"), 500),
        ("answers", None, 500),
        ("fails", Some("$default"), 500),
        ("fails", Some("/no/"), 500),
    ] {
        let api = Api::create(&emulator).await;
        let integration = calling(&api, "AWS", name, json!({})).await;
        if let Some(key) = key {
            let path = format!("integrations/{integration}/integrationresponses");
            api.post(&path, json!({"integrationResponseKey": key})).await;
        }
        api.route("$connect", &integration, true).await;
        assert_eq!(status(&api.deploy(json!({})).await).await, expected, "{name} with {key:?}");
    }
}
