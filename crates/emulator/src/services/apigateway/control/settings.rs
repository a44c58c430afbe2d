//! The settings of an API's resources: the members of their requests that this emulator supports. The file of each
//! resource checks them.

use crate::protocol::tags::Tags;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Api {
    /// Need not be unique.
    pub name: String,
    /// `WEBSOCKET`
    pub protocol_type: String,
    pub route_selection_expression: Option<String>,
    /// Where a request has its API key; without effect, since routes that need one are refused.
    pub api_key_selection_expression: Option<String>,
    pub description: Option<String>,
    pub version: Option<String>,
    /// Whether the default host answers 403.
    pub disable_execute_api_endpoint: Option<bool>,
    /// `ipv4` or `dualstack`; without effect.
    pub ip_address_type: Option<String>,
    pub tags: Option<Tags>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Route {
    /// The value of the route selection expression that picks it.
    pub route_key: String,
    /// `integrations/{id}`
    pub target: Option<String>,
    /// `NONE`; on `$connect` also `AWS_IAM` and `CUSTOM`
    pub authorization_type: Option<String>,
    /// Of the type `CUSTOM`; otherwise without effect.
    pub authorizer_id: Option<String>,
    /// `false`
    pub api_key_required: Option<bool>,
    /// Which request model applies to a message.
    pub model_selection_expression: Option<String>,
    /// Model names by label.
    pub request_models: Option<BTreeMap<String, String>>,
    /// `$default`
    pub route_response_selection_expression: Option<String>,
    pub operation_name: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RouteResponse {
    /// `$default`
    pub route_response_key: String,
    /// For documentation; without effect.
    pub model_selection_expression: Option<String>,
    /// For documentation; without effect.
    pub response_models: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Integration {
    /// `AWS`, `AWS_PROXY` or `MOCK`
    pub integration_type: String,
    /// `INTERNET`
    pub connection_type: Option<String>,
    /// The role that the gateway acts as; a function may be called by leave of its own policy instead.
    pub credentials_arn: Option<String>,
    pub description: Option<String>,
    /// `POST`, unless the type is `MOCK`.
    pub integration_method: Option<String>,
    /// `arn:{partition}:apigateway:{region}:…`, see `super::uri`.
    pub integration_uri: Option<String>,
    /// For messages that no template matches.
    pub passthrough_behavior: Option<String>,
    /// `1.0`
    pub payload_format_version: Option<String>,
    /// Only the content type that the service is sent anyway.
    pub request_parameters: Option<BTreeMap<String, String>>,
    pub request_templates: Option<BTreeMap<String, String>>,
    pub template_selection_expression: Option<String>,
    /// `CONVERT_TO_TEXT`; inert.
    pub content_handling_strategy: Option<String>,
    /// 50 to 29,000.
    pub timeout_in_millis: Option<u64>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IntegrationResponse {
    /// `$default`, or a regular expression for the status, between slashes.
    pub integration_response_key: String,
    /// Headers of the handshake's answer; only `route.response.header.Sec-WebSocket-Protocol` has an effect.
    pub response_parameters: Option<BTreeMap<String, String>>,
    pub response_templates: Option<BTreeMap<String, String>>,
    pub template_selection_expression: Option<String>,
    /// `CONVERT_TO_TEXT`; inert.
    pub content_handling_strategy: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Authorizer {
    /// Unique within the API.
    pub name: String,
    /// `REQUEST`
    pub authorizer_type: String,
    /// `arn:{partition}:apigateway:{region}:lambda:path/2015-03-31/functions/{function's ARN}/invocations`
    pub authorizer_uri: Option<String>,
    /// The role that the gateway assumes; without one the function's own policy must allow the call.
    pub authorizer_credentials_arn: Option<String>,
    /// What a handshake must have before the function is called.
    pub identity_source: Option<Vec<String>>,
    /// HTTP APIs only; refused.
    pub authorizer_payload_format_version: Option<String>,
    /// HTTP APIs only. Nothing is cached, so it can only be 0.
    pub authorizer_result_ttl_in_seconds: Option<u32>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Model {
    /// Letters and digits; unique in the API.
    pub name: String,
    /// `application/json`
    pub content_type: Option<String>,
    pub description: Option<String>,
    /// A JSON schema, draft 4.
    pub schema: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StageSettings {
    /// Letters, digits, `-` and `_`.
    pub stage_name: String,
    pub access_log_settings: Option<AccessLogSettings>,
    /// Whether every change of the API is deployed at once.
    pub auto_deploy: Option<bool>,
    pub description: Option<String>,
    pub deployment_id: Option<String>,
    /// For routes without settings of their own.
    pub default_route_settings: Option<RouteSettings>,
    /// By route key.
    pub route_settings: Option<BTreeMap<String, RouteSettings>>,
    /// `$stageVariables`
    pub stage_variables: Option<BTreeMap<String, String>>,
    pub tags: Option<Tags>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccessLogSettings {
    /// A log group's ARN.
    pub destination_arn: Option<String>,
    /// A line with `$context` variables.
    pub format: Option<String>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RouteSettings {
    /// Bodies in execution logs; without effect.
    pub data_trace_enabled: Option<bool>,
    /// Metrics by route; without effect.
    pub detailed_metrics_enabled: Option<bool>,
    /// `OFF`, `ERROR` or `INFO`: execution logs; without effect.
    pub logging_level: Option<String>,
    /// Size of the token bucket.
    pub throttling_burst_limit: Option<u32>,
    /// Tokens a second.
    pub throttling_rate_limit: Option<f64>,
}
