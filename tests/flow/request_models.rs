//! The selection of a message's request model.

use serde_json::{Value, json};
use sluicegate_tests::api::{Api, default_response, empty_emulator};

const REFUSED: &str = r#"{"message" : "Bad request body", "#;

/// docs/aws-behaviour.md#apigateway-model-selection: by the value of the expression, then `$default`, otherwise none.
#[tokio::test(flavor = "multi_thread")]
async fn the_model_is_chosen_by_the_message() {
    let emulator = empty_emulator().await;
    let api = Api::create(&emulator).await;
    for (name, required) in [("Join", "room"), ("Leave", "reason"), ("Other", "kind")] {
        let schema = json!({"type": "object", "required": [required]}).to_string();
        api.post("models", json!({"name": name, "schema": schema})).await;
    }
    let mock = api.mock(200, default_response("ok")).await;
    let open = json!({"join": "Join", "leave": "Leave"});
    let closed = json!({"join": "Join", "chat/join": "Leave", "$default": "Other"});
    for (key, expression, models) in [
        ("open", "$request.body.do", &open),
        ("closed", "$request.body.do", &closed),
        ("joined", "${request.body.service}/${request.body.do}", &closed),
        ("nested", "$request.body.list[0].do", &open),
        ("static", "leave", &open),
        ("context", "$context.routeKey", &json!({"context": "Join"})),
    ] {
        let route = json!({
            "routeKey": key, "target": format!("integrations/{mock}"), "requestModels": models,
            "modelSelectionExpression": expression,
        });
        let route = api.post("routes", route).await["routeId"].as_str().expect("an id").to_owned();
        api.post(&format!("routes/{route}/routeresponses"), json!({"routeResponseKey": "$default"})).await;
    }
    api.deploy(json!({})).await;
    let mut client = api.client().await;
    for (route, message, passes) in [
        ("open", json!({"do": "join", "room": 1}), true),
        ("open", json!({"do": "join", "reason": 1}), false),
        ("open", json!({"do": "leave", "reason": 1}), true),
        ("open", json!({"do": "leave"}), false),
        ("open", json!({"do": "dance"}), true),
        ("open", json!({}), true),
        ("closed", json!({"do": "join", "room": 1}), true),
        ("closed", json!({"do": "dance"}), false),
        ("closed", json!({"do": "dance", "kind": 1}), true),
        ("closed", json!({"do": 7}), false),
        ("joined", json!({"service": "chat", "do": "join", "reason": 1}), true),
        ("joined", json!({"service": "chat", "do": "join", "room": 1}), false),
        ("joined", json!({"do": "join", "kind": 1}), true),
        ("nested", json!({"list": [{"do": "join"}]}), false),
        ("nested", json!({"list": [{"do": "join"}], "room": 1}), true),
        ("nested", json!({"list": []}), true),
        ("static", json!({"do": "join", "room": 1}), false),
        ("static", json!({"reason": 1}), true),
        ("context", json!({}), false),
        ("context", json!({"room": 1}), true),
    ] {
        let mut sent = message;
        sent["action"] = route.into();
        let answer = client.exchange(&sent).await;
        assert!(answer == "ok" || answer.starts_with(REFUSED), "{answer}");
        assert_eq!(answer == "ok", passes, "{sent}: {answer}");
    }
    // Text that is not JSON has no value to select by: a `$default` model rejects it, and without one it passes.
    api.route("$default", &mock, true).await;
    client.send("no json").await;
    assert_eq!(client.receive().await, "ok");
}

/// docs/aws-behaviour.md#apigateway-model-selection: messages to a proxy are not validated.
#[tokio::test(flavor = "multi_thread")]
async fn messages_to_a_proxy_are_not_validated() {
    let emulator = empty_emulator().await;
    let api = Api::create(&emulator).await;
    api.post("models", json!({"name": "Any", "schema": r#"{"required":["room"]}"#})).await;
    let uri = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:none/invocations";
    for (kind, refused) in [("AWS_PROXY", "Internal server error"), ("AWS", "Bad request body")] {
        let integration = api.integration(json!({"integrationType": kind, "integrationUri": uri})).await;
        let route = json!({
            "routeKey": kind, "target": format!("integrations/{integration}"), "requestModels": {"$default": "Any"},
        });
        api.post("routes", route).await;
        if kind == "AWS_PROXY" {
            api.deploy(json!({})).await;
        }
        let frame: Value =
            serde_json::from_str(&api.client().await.exchange(&json!({"action": kind})).await).expect("JSON");
        assert_eq!(frame["message"], refused, "{kind}");
    }
}
