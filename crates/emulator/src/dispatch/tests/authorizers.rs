//! Authorizers of `$connect`, and the resource policies of their functions.

use super::api_gateway::{served, websocket_api};
use super::lambda::with_function;
use super::{Api, ROLE};
use crate::core::identity::Permissions as _;
use crate::services::apigateway::websocket::identity_source::IdentitySource;
use crate::services::apigateway::websocket::stage::Authorization;
use http::StatusCode;
use serde_json::{Value, json};

const FUNCTION: &str = "arn:aws:lambda:us-east-1:000000000000:function:echo";

fn uri() -> String {
    format!("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations")
}

fn authorizer() -> Value {
    json!({
        "name": "guard", "authorizerType": "REQUEST", "authorizerUri": uri(),
        "identitySource": ["route.request.querystring.token"],
    })
}

/// See docs/aws-behaviour.md#apigateway-authorization.
#[tokio::test]
async fn an_authorizer_is_created_changed_served_and_deleted() {
    let api = Api::new().await;
    let (id, ..) = websocket_api(&api).await;
    let authorizers = format!("/v2/apis/{id}/authorizers");
    let created = api.made("POST", &authorizers, authorizer()).await;
    let authorizer_id = created["authorizerId"].as_str().unwrap().to_owned();
    let path = format!("{authorizers}/{authorizer_id}");
    let edit = json!({"identitySource": ["route.request.header.Auth"], "authorizerCredentialsArn": ROLE});
    api.made("PATCH", &path, edit).await;
    let read = api.made("GET", &path, Value::Null).await;
    assert_eq!(read["authorizerUri"], uri());
    assert_eq!(read["identitySource"], json!(["route.request.header.Auth"]));
    assert_eq!(api.made("GET", &authorizers, Value::Null).await["items"], json!([read]));

    let route = json!({"routeKey": "$connect", "authorizationType": "CUSTOM", "authorizerId": authorizer_id});
    let route = api.made("POST", &format!("/v2/apis/{id}/routes"), route).await;
    api.made("POST", &format!("/v2/apis/{id}/stages"), json!({"stageName": "v1", "autoDeploy": true})).await;
    let served = served(&api, &id).unwrap().stage.routes["$connect"].authorization.clone();
    let Authorization::Custom(served) = served else { panic!("{served:?} is no authorizer") };
    assert_eq!((served.function_arn.as_str(), served.credentials_arn.as_deref()), (FUNCTION, Some(ROLE)));
    assert_eq!(served.identity_sources, [IdentitySource::Header("Auth".into())]);

    let (status, message) = api.refused("DELETE", &path, Value::Null).await;
    assert_eq!((status, message.contains("$connect")), (StatusCode::CONFLICT, true), "{message}");
    let route = format!("/v2/apis/{id}/routes/{}", route["routeId"].as_str().unwrap());
    api.made("PATCH", &route, json!({"authorizationType": "NONE", "authorizerId": ""})).await;
    api.made("DELETE", &path, Value::Null).await;
    assert_eq!(api.refused("GET", &path, Value::Null).await.0, StatusCode::NOT_FOUND);
}

/// docs/aws-behaviour.md#apigateway-authorization: the forms of HTTP APIs are refused, and only `$connect` has
/// authorization.
#[tokio::test]
async fn what_is_for_http_apis_or_for_other_routes_is_refused() {
    let api = Api::new().await;
    let (id, ..) = websocket_api(&api).await;
    let (authorizers, routes) = (format!("/v2/apis/{id}/authorizers"), format!("/v2/apis/{id}/routes"));
    let with = |member: &str, value: Value| {
        let mut changed = authorizer();
        changed[member] = value;
        changed
    };
    let only_connect = "restricted to the $connect route only";
    let cases = [
        (&authorizers, with("authorizerType", json!("JWT")), "JWT"),
        (
            &authorizers,
            with("authorizerPayloadFormatVersion", json!("2.0")),
            "authorizerPayloadFormatVersion: 2.0",
        ),
        (&authorizers, with("authorizerResultTtlInSeconds", json!(300)), "caches no results"),
        (&authorizers, with("enableSimpleResponses", json!(true)), "enableSimpleResponses"),
        (&authorizers, with("identitySource", json!(["$request.header.Auth"])), "$request.header.Auth"),
        (&authorizers, with("authorizerUri", json!(FUNCTION)), "Invalid Authorizer URI"),
        (&routes, json!({"routeKey": "x", "authorizationType": "CUSTOM", "authorizerId": "a"}), only_connect),
        (&routes, json!({"routeKey": "x", "authorizationType": "AWS_IAM"}), only_connect),
        (&routes, json!({"routeKey": "$connect", "authorizationType": "CUSTOM"}), "authorizerId"),
        (&routes, json!({"routeKey": "$connect", "authorizationType": "JWT"}), "JWT"),
    ];
    for (path, body, named) in cases {
        let (_, message) = api.refused("POST", path, body).await;
        assert!(message.contains(named), "{path}: {message} does not name {named}");
    }
    // Observed: an authorizer's id without CUSTOM is ignored.
    let route = json!({"routeKey": "y", "authorizationType": "NONE", "authorizerId": "none"});
    api.made("POST", &routes, route).await;
    api.made("POST", &authorizers, authorizer()).await;
    assert_eq!(api.refused("POST", &authorizers, authorizer()).await.0, StatusCode::CONFLICT);
}

/// A function's resource policy names who may invoke it, and for which source.
#[tokio::test]
async fn a_functions_policy_lets_a_service_invoke_it_for_its_source() {
    let api = Api::new().await;
    with_function(&api).await;
    let policy = "/2015-03-31/functions/echo/policy";
    assert_eq!(api.refused("GET", policy, Value::Null).await.0, StatusCode::NOT_FOUND);
    let may = |source: &str| {
        api.emulator
            .app
            .aws_api
            .iam
            .check_service("apigateway.amazonaws.com", "lambda:InvokeFunction", FUNCTION, source)
            .is_ok()
    };
    let source = "arn:aws:execute-api:us-east-1:000000000000:abc/authorizers/xyz";
    assert!(!may(source));

    let permission = json!({
        "StatementId": "gateway", "Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com",
        "SourceArn": "arn:aws:execute-api:us-east-1:000000000000:abc/authorizers/*",
    });
    let added = api.made("POST", policy, permission.clone()).await;
    assert!(added["Statement"].as_str().unwrap().contains("\"Sid\":\"gateway\""));
    assert!(may(source) && !may("arn:aws:execute-api:us-east-1:000000000000:other/authorizers/xyz"));
    assert_eq!(api.refused("POST", policy, permission.clone()).await.0, StatusCode::CONFLICT);
    let read = api.made("GET", policy, Value::Null).await;
    let document: Value = serde_json::from_str(read["Policy"].as_str().unwrap()).unwrap();
    assert_eq!(document["Statement"][0]["Resource"], FUNCTION);

    api.made("DELETE", &format!("{policy}/gateway"), Value::Null).await;
    assert!(!may(source));
    assert_eq!(
        api.refused("DELETE", &format!("{policy}/gateway"), Value::Null).await.0,
        StatusCode::NOT_FOUND
    );
    for (member, value) in [("Action", "lambda:*"), ("Principal", "*"), ("PrincipalOrgID", "o-1")] {
        let mut wrong = permission.clone();
        wrong[member] = value.into();
        let (_, message) = api.refused("POST", policy, wrong).await;
        assert!(message.contains(member), "{message} does not name {member}");
    }
}
