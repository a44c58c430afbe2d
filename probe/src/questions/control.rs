//! What API Gateway's control plane refuses, and in which words. What it accepts is removed with its API.

use super::{How, Question, Special};

const fn create(
    id: &'static str,
    asks: &'static str,
    rows: &'static [&'static str],
    api: &'static str,
    path: &'static str,
    body: &'static str,
) -> Question {
    Question { id, asks, rows, how: How::Create { api, path, body } }
}

pub(super) const QUESTIONS: &[Question] = &[
    create(
        "selection-required",
        "does a WebSocket API need a route selection expression?",
        &["gateway/selection-required"],
        "main",
        "/v2/apis",
        r#"{"name":"sluicegate-probe-selection","protocolType":"WEBSOCKET"}"#,
    ),
    create(
        "route-response-expression",
        "is a route response selection expression other than $default refused?",
        &["gateway/route-response-key"],
        "strict",
        "/v2/apis/{}/routes",
        r#"{"routeKey":"expression","routeResponseSelectionExpression":"\\$default"}"#,
    ),
    create(
        "payload-format",
        "is PayloadFormatVersion 2.0 refused for an integration?",
        &["gateway/payload-format"],
        "strict",
        "/v2/apis/{}/integrations",
        r#"{"integrationType":"MOCK","payloadFormatVersion":"2.0"}"#,
    ),
    create(
        "template-plain-default",
        "is plain $default refused as a template selection expression?",
        &["gateway/template-plain-default"],
        "strict",
        "/v2/apis/{}/integrations",
        r#"{"integrationType":"MOCK","templateSelectionExpression":"$default","requestTemplates":{"$default":"{}"}}"#,
    ),
    create(
        "stage-name",
        "is a stage called $default refused?",
        &["gateway/stage-name"],
        "strict",
        "/v2/apis/{}/stages",
        r#"{"stageName":"$default"}"#,
    ),
    create(
        "authorization-elsewhere",
        "in which words is authorization refused on a route other than $connect?",
        &["gateway/authorization-connect"],
        "strict",
        "/v2/apis/{}/routes",
        r#"{"routeKey":"elsewhere","authorizationType":"AWS_IAM"}"#,
    ),
    create(
        "authorizer-id-ignored",
        "is an authorizer's id without CUSTOM ignored?",
        &["gateway/authorizer-id-ignored"],
        "strict",
        "/v2/apis/{}/routes",
        r#"{"routeKey":"ignored","authorizationType":"NONE","authorizerId":"abcdef"}"#,
    ),
    create(
        "identity-source-http",
        "is an identity source of HTTP APIs refused?",
        &["gateway/http-forms"],
        "strict",
        "/v2/apis/{}/authorizers",
        r#"{"name":"http","authorizerType":"REQUEST","identitySource":["$request.header.Auth"],"authorizerUri":"arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/arn:aws:lambda:{region}:{account}:function:nobodys/invocations"}"#,
    ),
    Question {
        id: "empty-response-expression",
        asks: "does an update to the empty string remove a route's response selection expression?",
        rows: &["gateway/empty-response-expression"],
        how: How::Special(Special::EmptyExpression),
    },
    Question {
        id: "execution-log-group",
        asks: "what is the name of the log group of a WebSocket stage's execution logs?",
        rows: &["gateway/execution-log-group"],
        how: How::Special(Special::ExecutionLogGroup),
    },
    Question {
        id: "mapped-stage",
        asks: "can a stage be deleted that a custom domain's mapping points at, as a rename of it would?",
        rows: &["gateway/mapped-stage"],
        how: How::Special(Special::MappedStage),
    },
];
