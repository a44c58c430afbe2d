//! API Gateway: which integrations are made, how they read back, and which are refused by name.

use super::api_gateway::{served, websocket_api};
use super::{Api, ROLE};
use crate::services::apigateway::websocket::stage::{Function, Target};
use serde_json::{Value, json};

const FUNCTION: &str = "arn:aws:lambda:us-east-1:000000000000:function:echo";

fn uri(rest: &str) -> String {
    format!("arn:aws:apigateway:us-east-1:{rest}")
}

fn invocation(arn: &str) -> String {
    uri(&format!("lambda:path/2015-03-31/functions/{arn}/invocations"))
}

fn with(mut settings: Value, more: Value) -> Value {
    if let (Value::Object(settings), Value::Object(more)) = (&mut settings, more) {
        settings.extend(more);
    }
    settings
}

fn proxy() -> Value {
    json!({"integrationType": "AWS_PROXY", "integrationUri": invocation(FUNCTION)})
}

fn function() -> Value {
    json!({"integrationType": "AWS", "integrationUri": invocation(FUNCTION), "integrationMethod": "POST"})
}

fn queue() -> Value {
    json!({
        "integrationType": "AWS", "integrationUri": uri("sqs:path/000000000000/orders"),
        "integrationMethod": "POST", "credentialsArn": ROLE,
    })
}

/// docs/aws-behaviour.md#apigateway-integration-types
#[tokio::test]
async fn functions_and_queues_are_what_integrations_call() {
    let api = Api::new().await;
    let (id, ..) = websocket_api(&api).await;
    let (integrations, routes) = (format!("/v2/apis/{id}/integrations"), format!("/v2/apis/{id}/routes"));
    let form = json!({"integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"});
    let to = |arn: &str, role: Option<&str>, is_proxy: bool| {
        Target::Function(Function { arn: arn.into(), credentials_arn: role.map(Into::into), is_proxy })
    };
    let to_queue =
        Target::Queue { account_id: "000000000000".into(), name: "orders".into(), role_arn: ROLE.into() };
    let alias = format!("{FUNCTION}:live");
    let cases = [
        (proxy(), to(FUNCTION, None, true)),
        (
            with(proxy(), json!({"integrationMethod": "POST", "timeoutInMillis": 50})),
            to(FUNCTION, None, true),
        ),
        (with(proxy(), json!({"credentialsArn": ROLE})), to(FUNCTION, Some(ROLE), true)),
        (with(proxy(), json!({"integrationUri": invocation(&alias)})), to(&alias, None, true)),
        (with(proxy(), json!({"contentHandlingStrategy": "CONVERT_TO_TEXT"})), to(FUNCTION, None, true)),
        (function(), to(FUNCTION, None, false)),
        (with(function(), json!({"credentialsArn": ROLE})), to(FUNCTION, Some(ROLE), false)),
        (queue(), to_queue.clone()),
        (with(queue(), json!({"requestParameters": form})), to_queue.clone()),
        (with(queue(), json!({"contentHandlingStrategy": "CONVERT_TO_TEXT"})), to_queue),
    ];
    let mut expected = Vec::new();
    for (number, (settings, target)) in cases.into_iter().enumerate() {
        let made = api.made("POST", &integrations, settings.clone()).await;
        let integration_id = made["integrationId"].as_str().unwrap();
        let read = api.made("GET", &format!("{integrations}/{integration_id}"), Value::Null).await;
        assert_eq!(read, made);
        for (member, value) in settings.as_object().unwrap() {
            assert_eq!(read[member], *value, "{member}");
        }
        assert_eq!(read["integrationMethod"], "POST", "where it was left out, too");
        let key = format!("route{number}");
        let route = json!({"routeKey": key, "target": format!("integrations/{integration_id}")});
        api.made("POST", &routes, route).await;
        expected.push((key, target));
    }
    api.made("POST", &format!("/v2/apis/{id}/stages"), json!({"stageName": "v1", "autoDeploy": true})).await;
    let served = served(&api, &id).unwrap();
    for (key, target) in expected {
        assert_eq!(served.stage.routes[&key].integration.as_ref().unwrap().target, target, "{key}");
    }
}

/// docs/aws-behaviour.md#apigateway-integration-types
#[tokio::test]
async fn what_no_integration_can_call_is_refused_by_name() {
    let api = Api::new().await;
    let (id, ..) = websocket_api(&api).await;
    let integrations = format!("/v2/apis/{id}/integrations");
    let calling = |rest: &str| with(queue(), json!({"integrationUri": uri(rest)}));
    let of_type = |kind: &str| json!({"integrationType": kind, "integrationUri": "https://example.com"});
    let parameter = |name: &str, value: &str| json!({"requestParameters": {name: value}});
    let content_type = "integration.request.header.Content-Type";
    let asynchronous = "integration.request.header.X-Amz-Invocation-Type";
    let cases = [
        (of_type("HTTP"), "integrationType: HTTP"),
        (of_type("HTTP_PROXY"), "integrationType: HTTP_PROXY"),
        (calling("sns:path//"), "sns:path//"),
        (calling("sns:action/Publish"), "sns:action/Publish"),
        (calling("states:action/StartExecution"), "states:action/StartExecution"),
        (calling("events:action/PutEvents"), "events:action/PutEvents"),
        (calling("sqs:action/SendMessage"), "sqs:action/SendMessage"),
        (calling("sqs:path/orders"), "sqs:path/orders"),
        (calling("kinesis:action/ListStreams"), "kinesis:action/ListStreams"),
        (with(proxy(), json!({"integrationUri": FUNCTION})), "is not the invocation of a Lambda function"),
        (with(proxy(), json!({"integrationUri": null})), "is not the invocation of a Lambda function"),
        (
            with(queue(), json!({"integrationType": "AWS_PROXY"})),
            "is not the invocation of a Lambda function",
        ),
        (with(proxy(), json!({"integrationMethod": "GET"})), "integrationMethod: GET"),
        (with(queue(), json!({"integrationMethod": null})), "integrationMethod is required"),
        (with(queue(), json!({"credentialsArn": null})), "credentialsArn: the role"),
        (with(proxy(), json!({"credentialsArn": "arn:aws:iam::*:user/*"})), "arn:aws:iam::*:user/*"),
        (with(queue(), parameter(content_type, "'application/json'")), content_type),
        (with(function(), parameter(content_type, "'application/json'")), content_type),
        (with(function(), parameter(asynchronous, "'Event'")), asynchronous),
        (with(proxy(), json!({"payloadFormatVersion": "2.0"})), "payloadFormatVersion"),
        (with(proxy(), json!({"timeoutInMillis": 29_001})), "29000 ms"),
        (
            with(queue(), json!({"contentHandlingStrategy": "CONVERT_TO_BINARY"})),
            "CONVERT_TO_BINARY is not supported",
        ),
        (with(queue(), json!({"contentHandlingStrategy": "CONVERT"})), "CONVERT is no such strategy"),
    ];
    for (settings, named) in cases {
        let (_, message) = api.refused("POST", &integrations, settings).await;
        assert!(message.contains(named), "{message} does not name {named}");
    }
    let mock = api.made("POST", &integrations, json!({"integrationType": "MOCK"})).await;
    let responses =
        format!("{integrations}/{}/integrationresponses", mock["integrationId"].as_str().unwrap());
    let response = |strategy: &str| json!({"integrationResponseKey": format!("/{}/", strategy.len()), "contentHandlingStrategy": strategy});
    let (_, message) = api.refused("POST", &responses, response("CONVERT_TO_BINARY")).await;
    assert!(message.contains("CONVERT_TO_BINARY is not supported"), "{message}");
    let made = api.made("POST", &responses, response("CONVERT_TO_TEXT")).await;
    assert_eq!(made["contentHandlingStrategy"], "CONVERT_TO_TEXT");
}

#[tokio::test]
async fn another_region_is_refused_by_name() {
    let api = Api::new().await;
    let (id, ..) = websocket_api(&api).await;
    let elsewhere = |uri: &str| uri.replace("us-east-1", "eu-west-1");
    let own = "is in eu-west-1, and this emulator, which is in us-east-1, has no other region";
    for (collection, settings) in [
        (
            "integrations",
            with(queue(), json!({"integrationUri": elsewhere(&uri("sqs:path/000000000000/orders"))})),
        ),
        ("integrations", with(proxy(), json!({"integrationUri": invocation(&elsewhere(FUNCTION))}))),
        ("authorizers", json!({"authorizerUri": elsewhere(&invocation(FUNCTION))})),
    ] {
        let (_, message) = api.refused("POST", &format!("/v2/apis/{id}/{collection}"), settings).await;
        assert!(message.contains(own), "{message}");
    }
}

/// docs/aws-behaviour.md#apigateway-model-selection: any expression that reads a message or its context is one.
#[tokio::test]
async fn a_route_names_its_models_and_what_chooses_one() {
    let api = Api::new().await;
    let (id, ..) = websocket_api(&api).await;
    for (name, kind) in [("Objects", "object"), ("Lists", "array")] {
        let model = json!({"name": name, "schema": json!({"type": kind}).to_string()});
        api.made("POST", &format!("/v2/apis/{id}/models"), model).await;
    }
    let routes = format!("/v2/apis/{id}/routes");
    let route = |key: &str, expression: &str| {
        json!({
            "routeKey": key, "modelSelectionExpression": expression,
            "requestModels": {"lists": "Lists", "$default": "Objects"},
        })
    };
    let expressions = [
        "lists",
        "$default",
        "\\$default",
        "$request.body.action",
        "${request.body.service}/${request.body.kind}",
        "$request.body.list[0]['kind']",
        "$context.routeKey",
    ];
    for (number, expression) in expressions.iter().enumerate() {
        let made = api.made("POST", &routes, route(&format!("route{number}"), expression)).await;
        assert_eq!(made["modelSelectionExpression"], *expression);
    }
    for wrong in ["$unknown", "${request.body.a", "$request.body..a", "$stageVariables.x"] {
        let (_, message) = api.refused("POST", &routes, route("wrong", wrong)).await;
        assert!(message.contains("modelSelectionExpression: ") && message.contains(wrong), "{message}");
    }
    let (_, message) =
        api.refused("POST", &routes, json!({"routeKey": "x", "requestModels": {"y": "None"}})).await;
    assert!(message.contains("None"), "{message}");
    api.made("POST", &format!("/v2/apis/{id}/stages"), json!({"stageName": "v1", "autoDeploy": true})).await;
    let served = served(&api, &id).unwrap();
    let models = &served.stage.routes["route3"].request_models;
    assert!(models.selection.is_some());
    let names: Vec<_> = ["lists", "$default"].map(|key| models.by_key[key].name.as_str()).into();
    assert_eq!(names, ["Lists", "Objects"]);
    assert!(served.stage.routes["route1"].request_models.selection.is_none());
}
