//! A stage with a route of each kind, each of which answers.

use emulator::services::apigateway::websocket::selection::SelectionExpression;
use emulator::services::apigateway::websocket::stage::{AccessLog, Authorization, Integration, IntegrationResponse, KinesisAction, Passthrough, RequestModel, RequestModels, ResponseKey, Route, Stage, Target, Templates, Throttle};
use mapping_template::Template;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

pub const API_ID: &str = "abcdef1234";
pub const NAME: &str = "v1";
/// The stream of `$default`.
pub const STREAM: &str = "events";
/// The route that refuses every message.
pub const THROTTLED: &str = "throttled";

/// The access log's format.
const LOG_FORMAT: &str = "$context.eventType $context.routeKey $context.integration.status";
const EVERYTHING: Throttle = Throttle { rate_per_second: 1e12, burst: u32::MAX };
const NOTHING: Throttle = Throttle { rate_per_second: 0.0, burst: 0 };

pub fn stage() -> Stage {
    let message = include_str!("../../terraform/modules/gateway/templates/message.vtl");
    let message = message.replace("${stream_name}", STREAM);
    let kinesis =
        Target::Kinesis { action: KinesisAction::PutRecord, role_arn: "arn:aws:iam::0:role/r".into() };
    let many =
        Target::Kinesis { action: KinesisAction::PutRecords, role_arn: "arn:aws:iam::0:role/r".into() };
    let mock = || Target::Mock;
    let ok = Some(r#"{"statusCode":200}"#);
    let list =
        r##"#foreach($item in $input.path('$.list'))$util.escapeJavaScript($item)#end{"statusCode":200}"##;
    let status = r#"{"statusCode": $input.path('$.status')}"#;
    let routes = [
        route("$connect", mock(), ok),
        route("$disconnect", mock(), ok),
        route("$default", kinesis, Some(&message)),
        route("mock", mock(), ok),
        route("status", mock(), Some(status)),
        route("list", mock(), Some(list)),
        // The body itself is the request.
        route("many", many, None),
        Route { request_models: models(), ..route("model", mock(), ok) },
        Route { throttle: Some(NOTHING), ..route(THROTTLED, mock(), ok) },
    ];
    Stage {
        api_id: API_ID.into(),
        name: NAME.into(),
        route_selection_expression: expression("$request.body.action"),
        routes: routes.into_iter().map(|route| (route.key.clone(), Arc::new(route))).collect(),
        variables: BTreeMap::from([("colour".into(), "blue".into())]),
        default_throttle: EVERYTHING,
        access_log: Some(AccessLog { log_group: "access".into(), format: LOG_FORMAT.into() }),
        default_endpoint_disabled: false,
    }
}

fn route(key: &str, target: Target, template: Option<&str>) -> Route {
    let integration = Integration {
        id: key.into(),
        target,
        request_templates: template.map(templates).unwrap_or_default(),
        passthrough: Passthrough::WhenNoMatch,
        timeout_ms: 29_000,
        responses: vec![
            response(
                ResponseKey::Status(regex_lite::Regex::new("2\\d\\d").expect("a pattern")),
                r#"{"ack":"$input.path('$.SequenceNumber')"}"#,
            ),
            response(
                ResponseKey::Default,
                r#"{"nack":"$input.path('$.__type')","in":"$stageVariables.colour"}"#,
            ),
        ],
    };
    Route {
        key: key.into(),
        authorization: Authorization::None,
        request_models: RequestModels::default(),
        integration: Some(Arc::new(integration)),
        two_way: true,
        throttle: None,
    }
}

fn response(key: ResponseKey, template: &str) -> IntegrationResponse {
    IntegrationResponse { key, templates: templates(template), subprotocol: None }
}

fn templates(source: &str) -> Templates {
    let template = Template::parse(source).expect("a template");
    Templates { selection: None, by_key: [("$default".to_owned(), Arc::new(template))].into() }
}

fn models() -> RequestModels {
    let schema =
        json!({"type": "object", "required": ["n"], "properties": {"n": {"type": "integer", "minimum": 0}}});
    let schema = jsonschema::validator_for(&schema).expect("a schema");
    let model = RequestModel { name: "Numbered".into(), schema };
    RequestModels { selection: None, by_key: [("$default".to_owned(), model)].into() }
}

fn expression(text: &str) -> SelectionExpression {
    SelectionExpression::parse(text).expect("an expression")
}
