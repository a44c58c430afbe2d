//! API Gateway: editing, deploying, and what is refused.

use super::{Api, ROLE, at_most_one};
use crate::services::apigateway::websocket::Deployed;
use crate::services::apigateway::websocket::stage::{KinesisAction, ResponseKey, Target};
use serde_json::{Value, json};
use std::sync::Arc;

const URI: &str = "arn:aws:apigateway:us-east-1:kinesis:action/PutRecord";

/// An API with a `$default` route into Kinesis; ids of the API, the integration and the route.
pub(super) async fn websocket_api(api: &Api) -> (String, String, String) {
    let settings = json!({
        "name": "flow", "protocolType": "WEBSOCKET", "routeSelectionExpression": "$request.body.action",
        "description": "any", "tags": {"a": "b"},
    });
    let created = api.made("POST", "/v2/apis", settings).await;
    let id = created["apiId"].as_str().unwrap().to_owned();
    let integration = api.made("POST", &format!("/v2/apis/{id}/integrations"), integration("one")).await;
    let integration = integration["integrationId"].as_str().unwrap().to_owned();
    let route = json!({"routeKey": "$default", "target": format!("integrations/{integration}")});
    let route = api.made("POST", &format!("/v2/apis/{id}/routes"), route).await;
    (id, integration, route["routeId"].as_str().unwrap().to_owned())
}

fn integration(template: &str) -> Value {
    json!({
        "integrationType": "AWS", "integrationMethod": "POST", "integrationUri": URI, "credentialsArn": ROLE,
        "requestTemplates": {"default": template}, "templateSelectionExpression": "default",
        "passthroughBehavior": "NEVER",
    })
}

/// The served stage, if there is one: always this API's `v1`.
pub(super) fn served(api: &Api, api_id: &str) -> Option<Arc<Deployed>> {
    let served = at_most_one(api.emulator.app.gateway.stages())?;
    assert_eq!((served.stage.api_id.as_str(), served.stage.name.as_str()), (api_id, "v1"));
    Some(served)
}

/// Renders a stage's request template of `$default`.
fn template(served: &Deployed) -> String {
    let integration = served.stage.routes["$default"].integration.clone().unwrap();
    let template = &integration.request_templates.by_key["default"];
    let context = mapping_template::ContextTree::default();
    let scope = mapping_template::Scope::new("{}", &context);
    template.render(&scope).unwrap().text
}

#[tokio::test]
async fn an_edit_is_served_only_after_a_deployment() {
    let api = Api::new().await;
    let (id, integration_id, _) = websocket_api(&api).await;
    assert!(served(&api, &id).is_none());
    let first = api.made("POST", &format!("/v2/apis/{id}/deployments"), json!({})).await;
    let stage = json!({"stageName": "v1", "deploymentId": first["deploymentId"]});
    api.made("POST", &format!("/v2/apis/{id}/stages"), stage).await;
    let deployed = served(&api, &id).unwrap();
    assert_eq!(template(&deployed), "one");

    let edit = json!({"requestTemplates": {"default": "two"}});
    api.made("PATCH", &format!("/v2/apis/{id}/integrations/{integration_id}"), edit).await;
    assert!(Arc::ptr_eq(&served(&api, &id).unwrap(), &deployed));
    api.made("PATCH", &format!("/v2/apis/{id}/stages/v1"), json!({"stageVariables": {"x": "1"}})).await;
    let changed = served(&api, &id).unwrap();
    assert!(!Arc::ptr_eq(&changed, &deployed));
    assert_eq!((changed.stage.variables["x"].as_str(), template(&changed)), ("1", "one".to_owned()));

    let second = api.made("POST", &format!("/v2/apis/{id}/deployments"), json!({})).await;
    let edit = json!({"deploymentId": second["deploymentId"]});
    api.made("PATCH", &format!("/v2/apis/{id}/stages/v1"), edit).await;
    let redeployed = served(&api, &id).unwrap();
    assert!(!Arc::ptr_eq(&redeployed, &changed));
    assert_eq!(template(&redeployed), "two");
}

#[tokio::test]
async fn a_deployment_in_use_cannot_be_deleted() {
    let api = Api::new().await;
    let (id, ..) = websocket_api(&api).await;
    let deployment = api.made("POST", &format!("/v2/apis/{id}/deployments"), json!({})).await;
    let path = format!("/v2/apis/{id}/deployments/{}", deployment["deploymentId"].as_str().unwrap());
    let stage = json!({"stageName": "v1", "deploymentId": deployment["deploymentId"]});
    api.made("POST", &format!("/v2/apis/{id}/stages"), stage).await;
    let deployed = served(&api, &id).unwrap();
    let (_, message) = api.refused("DELETE", &path, Value::Null).await;
    assert_eq!(message, "Active stages pointing to this deployment must be moved or deleted");
    assert!(Arc::ptr_eq(&served(&api, &id).unwrap(), &deployed));
    api.made("DELETE", &format!("/v2/apis/{id}/stages/v1"), Value::Null).await;
    assert!(served(&api, &id).is_none());
    api.made("DELETE", &path, Value::Null).await;
    assert!(served(&api, &id).is_none());
}

#[tokio::test]
async fn a_stage_with_auto_deploy_follows_every_edit() {
    let api = Api::new().await;
    let (id, integration_id, route_id) = websocket_api(&api).await;
    api.made("POST", &format!("/v2/apis/{id}/stages"), json!({"stageName": "v1", "autoDeploy": true})).await;
    assert_eq!(template(&served(&api, &id).unwrap()), "one");
    let edit = json!({"requestTemplates": {"default": "two"}});
    api.made("PATCH", &format!("/v2/apis/{id}/integrations/{integration_id}"), edit).await;
    let deployed = served(&api, &id).unwrap();
    assert_eq!(template(&deployed), "two");
    let deployments = api.made("GET", &format!("/v2/apis/{id}/deployments"), Value::Null).await;
    assert_eq!(deployments["items"].as_array().unwrap().len(), 1);
    // Without routes nothing can be deployed: the stage stays as it is and has the reason in its status.
    api.made("DELETE", &format!("/v2/apis/{id}/routes/{route_id}"), Value::Null).await;
    let stage = api.made("GET", &format!("/v2/apis/{id}/stages/v1"), Value::Null).await;
    assert!(stage["lastDeploymentStatusMessage"].as_str().unwrap().contains("no routes exist"));
    assert!(Arc::ptr_eq(&served(&api, &id).unwrap(), &deployed));
}

#[tokio::test]
async fn what_is_published_is_what_was_configured() {
    let api = Api::new().await;
    let (id, integration, route) = websocket_api(&api).await;
    let path = format!("/v2/apis/{id}/integrations/{integration}/integrationresponses");
    let response = json!({"integrationResponseKey": "/200/", "responseTemplates": {"default": "ack"}});
    api.made("POST", &path, response).await;
    api.made("POST", &path, json!({"integrationResponseKey": "$default"})).await;
    let path = format!("/v2/apis/{id}/routes/{route}/routeresponses");
    api.made("POST", &path, json!({"routeResponseKey": "$default"})).await;
    let model = json!({"name": "Any", "schema": "{\"type\":\"object\"}"});
    api.made("POST", &format!("/v2/apis/{id}/models"), model).await;
    let edit = json!({"requestModels": {"$default": "Any"}, "modelSelectionExpression": "$default"});
    api.made("PATCH", &format!("/v2/apis/{id}/routes/{route}"), edit).await;
    let deployment = api.made("POST", &format!("/v2/apis/{id}/deployments"), json!({})).await;
    let stage = json!({
        "stageName": "v1", "deploymentId": deployment["deploymentId"],
        "defaultRouteSettings": {"throttlingRateLimit": 500.0, "throttlingBurstLimit": 20},
        "routeSettings": {"$default": {"throttlingRateLimit": 5.0}},
    });
    api.made("POST", &format!("/v2/apis/{id}/stages"), stage).await;

    let served = served(&api, &id).unwrap();
    let stage = &served.stage;
    let route = &stage.routes["$default"];
    assert!(route.two_way);
    let model = &route.request_models.by_key["$default"];
    assert!(model.schema.is_valid(&json!({})) && !model.schema.is_valid(&json!([])));
    assert_eq!(stage.default_throttle.burst, 20);
    assert_eq!(route.throttle.unwrap().rate_per_second.to_string(), "5");
    assert_eq!(route.throttle.unwrap().burst, 20);
    let integration = route.integration.as_ref().unwrap();
    let target = Target::Kinesis { action: KinesisAction::PutRecord, role_arn: ROLE.into() };
    assert_eq!((&integration.target, integration.timeout_ms), (&target, 29_000));
    assert!(matches!(integration.responses[0].key, ResponseKey::Default));
    assert!(matches!(integration.responses[1].key, ResponseKey::Status(_)));
}

#[tokio::test]
async fn deleting_a_part_of_a_stage_leaves_the_rest() {
    let api = Api::new().await;
    let (id, ..) = websocket_api(&api).await;
    api.role("logs", &["logs:*"], &["*"]).await;
    let role = "arn:aws:iam::000000000000:role/logs";
    let format = "$context.requestId";
    let destination = "arn:aws:logs:us-east-1:000000000000:log-group:/access";
    let stage = json!({
        "stageName": "v1", "accessLogSettings": {"destinationArn": destination, "format": format},
        "routeSettings": {"$default": {"throttlingRateLimit": 5.0}, "other": {}},
    });
    let stages = format!("/v2/apis/{id}/stages");
    let (_, message) = api.refused("POST", &stages, stage.clone()).await;
    assert_eq!(message, "CloudWatch Logs role ARN must be set in account settings to enable logging");
    let account =
        json!({"patchOperations": [{"op": "replace", "path": "/cloudwatchRoleArn", "value": role}]});
    api.made("PATCH", "/account", account).await;
    api.made("POST", &stages, stage).await;
    api.made("DELETE", &format!("{stages}/v1/routesettings/%24default"), Value::Null).await;
    api.made("DELETE", &format!("{stages}/v1/accesslogsettings"), Value::Null).await;
    let stage = api.made("GET", &format!("{stages}/v1"), Value::Null).await;
    assert_eq!((&stage["routeSettings"], &stage["accessLogSettings"]), (&json!({"other": {}}), &Value::Null));
}

#[tokio::test]
async fn what_an_update_sends_empty_is_removed() {
    let api = Api::new().await;
    let (id, ..) = websocket_api(&api).await;
    let updated =
        api.made("PATCH", &format!("/v2/apis/{id}"), json!({"description": "", "name": "new"})).await;
    assert_eq!((&updated["description"], &updated["name"]), (&Value::Null, &json!("new")));
    assert_eq!(updated["apiEndpoint"], format!("ws://127.0.0.1:4566/_aws/execute-api/{id}"));
}

#[tokio::test]
async fn what_is_not_supported_is_refused_by_name() {
    let api = Api::new().await;
    let (id, ..) = websocket_api(&api).await;
    let integrations = format!("/v2/apis/{id}/integrations");
    let mut proxy = integration("x");
    proxy["integrationType"] = "AWS_PROXY".into();
    let mut sqs = integration("x");
    sqs["integrationUri"] = "arn:aws:apigateway:us-east-1:sqs:action/SendMessage".into();
    let mut binary = integration("x");
    binary["contentHandlingStrategy"] = "CONVERT_TO_BINARY".into();
    let mut payload = integration("x");
    payload["payloadFormatVersion"] = "2.0".into();
    let mut slow = integration("x");
    slow["timeoutInMillis"] = 30_000.into();
    let mut template = integration("ok\n#if(");
    template["description"] = "broken".into();
    let mut selection = integration("x");
    selection["templateSelectionExpression"] = "$default".into();
    let cases = [
        (integrations.as_str(), proxy, "AWS_PROXY"),
        (&integrations, sqs, "sqs:action/SendMessage"),
        (&integrations, binary, "contentHandlingStrategy"),
        (&integrations, payload, "payloadFormatVersion"),
        (&integrations, slow, "50 ms and 29000 ms"),
        (&integrations, template, "line 2"),
        (&integrations, selection, "Unexpected variable in selection expression: $default"),
        ("/v2/domainnames", json!({"domainName": "x"}), "CreateDomainName"),
        ("/v2/domainnames/x/apimappings", json!({"apiId": id}), "CreateApiMapping"),
        (&format!("/v2/apis/{id}/routes"), json!({"routeKey": "$default"}), "already exists"),
        (
            &format!("/v2/apis/{id}/routes"),
            json!({"routeKey": "x", "target": "integrations/none"}),
            "integrations/none",
        ),
        ("/v2/apis", json!({"name": "h", "protocolType": "HTTP"}), "HTTP"),
    ];
    for (path, body, named) in cases {
        let (_, message) = api.refused("POST", path, body).await;
        assert!(message.contains(named), "{path}: {message} does not name {named}");
    }
}

/// See docs/aws-behaviour.md#apigateway-lifecycle.
#[tokio::test]
async fn a_route_key_may_not_begin_with_a_dollar() {
    let api = Api::new().await;
    let (id, ..) = websocket_api(&api).await;
    let routes = format!("/v2/apis/{id}/routes");
    let (_, message) = api.refused("POST", &routes, json!({"routeKey": "$mine"})).await;
    assert!(message.contains("$mine"), "{message}");
    for predefined in ["$connect", "$disconnect"] {
        api.made("POST", &routes, json!({"routeKey": predefined})).await;
    }
}

/// docs/aws-behaviour.md#apigateway-route-selection, decided.
#[tokio::test]
async fn an_api_needs_a_route_selection_expression() {
    let api = Api::new().await;
    let (_, message) =
        api.refused("POST", "/v2/apis", json!({"name": "x", "protocolType": "WEBSOCKET"})).await;
    assert!(message.contains("routeSelectionExpression is required"), "{message}");
}

/// docs/aws-behaviour.md#apigateway-two-way: `$default` is the only key of a route response, and the only response
/// selection expression of a route.
#[tokio::test]
async fn a_route_answers_by_default_alone() {
    let api = Api::new().await;
    let (id, _, route) = websocket_api(&api).await;
    let routes = format!("/v2/apis/{id}/routes");
    for expression in ["\\$default", "$request.body.x"] {
        let route = json!({"routeKey": "x", "routeResponseSelectionExpression": expression});
        let (_, message) = api.refused("POST", &routes, route).await;
        assert_eq!(message, "Currently, only $default is supported as a route response selection expression");
    }
    // What the provider sends when the argument is taken out of a configuration.
    let cleared = json!({"routeResponseSelectionExpression": ""});
    api.refused("PATCH", &format!("{routes}/{route}"), cleared).await;
    let responses = format!("{routes}/{route}/routeresponses");
    api.refused("POST", &responses, json!({"routeResponseKey": "x"})).await;
    api.made("POST", &responses, json!({"routeResponseKey": "$default"})).await;
}

/// See docs/aws-behaviour.md#apigateway-quotas.
#[tokio::test]
async fn an_api_has_at_most_ten_authorizers() {
    let api = Api::new().await;
    let (id, ..) = websocket_api(&api).await;
    let authorizer = |number: usize| {
        json!({
            "name": format!("a{number}"), "authorizerType": "REQUEST", "identitySource": [],
            "authorizerUri": "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:f/invocations",
        })
    };
    let path = format!("/v2/apis/{id}/authorizers");
    for number in 0..10 {
        api.made("POST", &path, authorizer(number)).await;
    }
    let (_, message) = api.refused("POST", &path, authorizer(10)).await;
    assert!(message.contains("Maximum number of Authorizers"), "{message}");
}
