//! The settings of an API's resources: exactly the members that a request may carry, all that this emulator supports.
//! What they must satisfy stands in the file of each resource.

use crate::protocol::tags::Tags;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Settings of an API.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Api {
    /// For people; need not be unique.
    pub name: String,
    /// `WEBSOCKET`
    pub protocol_type: String,
    /// Picks the route of a frame.
    pub route_selection_expression: Option<String>,
    /// Where an API key would stand; inert, since routes that need one are refused.
    pub api_key_selection_expression: Option<String>,
    /// For people.
    pub description: Option<String>,
    /// For people.
    pub version: Option<String>,
    /// Whether the default host answers 403.
    pub disable_execute_api_endpoint: Option<bool>,
    /// `ipv4` or `dualstack`; inert.
    pub ip_address_type: Option<String>,
    /// Tags.
    pub tags: Option<Tags>,
}

/// Settings of a route.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Route {
    /// What the route selection expression must equal.
    pub route_key: String,
    /// `integrations/{id}`
    pub target: Option<String>,
    /// `NONE`; on `$connect` also `AWS_IAM` and `CUSTOM`
    pub authorization_type: Option<String>,
    /// Which authorizer decides, where the type is `CUSTOM`; otherwise without effect.
    pub authorizer_id: Option<String>,
    /// `false`
    pub api_key_required: Option<bool>,
    /// Which request model applies to a message.
    pub model_selection_expression: Option<String>,
    /// Model names by label.
    pub request_models: Option<BTreeMap<String, String>>,
    /// `$default`
    pub route_response_selection_expression: Option<String>,
    /// For people.
    pub operation_name: Option<String>,
}

/// Settings of a route response.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RouteResponse {
    /// `$default`
    pub route_response_key: String,
    /// Documentation only; inert.
    pub model_selection_expression: Option<String>,
    /// Documentation only; inert.
    pub response_models: Option<BTreeMap<String, String>>,
}

/// Settings of an integration.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Integration {
    /// `AWS`, `AWS_PROXY` or `MOCK`
    pub integration_type: String,
    /// `INTERNET`
    pub connection_type: Option<String>,
    /// The role that the gateway acts as; a function may be called by leave of its own policy instead.
    pub credentials_arn: Option<String>,
    /// For people.
    pub description: Option<String>,
    /// `POST`, unless the type is `MOCK`.
    pub integration_method: Option<String>,
    /// `arn:{partition}:apigateway:{region}:…`, see [`super::uri`].
    pub integration_uri: Option<String>,
    /// What happens where no template matches.
    pub passthrough_behavior: Option<String>,
    /// `1.0`
    pub payload_format_version: Option<String>,
    /// Only the content type that the service is sent anyway.
    pub request_parameters: Option<BTreeMap<String, String>>,
    /// Mapping templates by key.
    pub request_templates: Option<BTreeMap<String, String>>,
    /// Chooses the template.
    pub template_selection_expression: Option<String>,
    /// `CONVERT_TO_TEXT`; inert.
    pub content_handling_strategy: Option<String>,
    /// 50 to 29,000.
    pub timeout_in_millis: Option<u64>,
}

/// Settings of an integration response.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IntegrationResponse {
    /// `$default`, or a regular expression over the status between slashes.
    pub integration_response_key: String,
    /// Headers of the handshake's answer: `route.response.header.Sec-WebSocket-Protocol` alone has a use.
    pub response_parameters: Option<BTreeMap<String, String>>,
    /// Mapping templates by key.
    pub response_templates: Option<BTreeMap<String, String>>,
    /// Chooses the template.
    pub template_selection_expression: Option<String>,
    /// `CONVERT_TO_TEXT`; inert.
    pub content_handling_strategy: Option<String>,
}

/// Settings of an authorizer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Authorizer {
    /// For people; unique within the API.
    pub name: String,
    /// `REQUEST`
    pub authorizer_type: String,
    /// `arn:{partition}:apigateway:{region}:lambda:path/2015-03-31/functions/{function's ARN}/invocations`
    pub authorizer_uri: Option<String>,
    /// The role that the gateway acts as; without one the function's own policy must allow it.
    pub authorizer_credentials_arn: Option<String>,
    /// What a handshake must carry for the function to be asked at all.
    pub identity_source: Option<Vec<String>>,
    /// HTTP APIs only, refused.
    pub authorizer_payload_format_version: Option<String>,
    /// HTTP APIs only: nothing is cached, so that 0 is all it can be.
    pub authorizer_result_ttl_in_seconds: Option<u32>,
}

/// Settings of a model.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Model {
    /// Letters and digits; unique in the API.
    pub name: String,
    /// `application/json`
    pub content_type: Option<String>,
    /// For people.
    pub description: Option<String>,
    /// A JSON schema, draft 4.
    pub schema: String,
}

/// What a stage was given.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StageSettings {
    /// Letters, digits, `-` and `_`.
    pub stage_name: String,
    /// Where accesses are logged.
    pub access_log_settings: Option<AccessLogSettings>,
    /// Whether every change of the API is deployed at once.
    pub auto_deploy: Option<bool>,
    /// For people.
    pub description: Option<String>,
    /// Which deployment it serves.
    pub deployment_id: Option<String>,
    /// Settings of every route that has none of its own.
    pub default_route_settings: Option<RouteSettings>,
    /// Settings by route key.
    pub route_settings: Option<BTreeMap<String, RouteSettings>>,
    /// `$stageVariables`
    pub stage_variables: Option<BTreeMap<String, String>>,
    /// Tags.
    pub tags: Option<Tags>,
}

/// Access logs.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccessLogSettings {
    /// A log group's ARN.
    pub destination_arn: Option<String>,
    /// A line with `$context` variables.
    pub format: Option<String>,
}

/// Settings of routes.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RouteSettings {
    /// Bodies in execution logs; inert.
    pub data_trace_enabled: Option<bool>,
    /// Metrics by route; inert.
    pub detailed_metrics_enabled: Option<bool>,
    /// `OFF`, `ERROR` or `INFO`: execution logs; inert.
    pub logging_level: Option<String>,
    /// The token bucket's size.
    pub throttling_burst_limit: Option<u32>,
    /// Tokens a second.
    pub throttling_rate_limit: Option<f64>,
}
