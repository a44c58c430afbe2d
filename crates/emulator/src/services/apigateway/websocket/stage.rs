//! What a stage serves: a deployment's immutable snapshot, compiled.
//!
//! The control plane builds a [`Stage`] whenever a stage or its deployment changes, and gives it to
//! [`super::gateway::Gateway::publish`]. The data plane never sees the resources themselves, so it can only serve what
//! was deployed.

use super::identity_source::IdentitySource;
use super::selection::SelectionExpression;
use mapping_template::Template;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// A stage as clients see it.
#[derive(Debug)]
pub struct Stage {
    pub api_id: String,
    /// The first segment of the path.
    pub name: String,
    /// Picks the route key of a message.
    pub route_selection_expression: SelectionExpression,
    /// Routes by key, including `$connect`, `$disconnect` and `$default`.
    pub routes: HashMap<String, Arc<Route>>,
    /// `$stageVariables`.
    pub variables: BTreeMap<String, String>,
    /// For routes without throttling of their own.
    pub default_throttle: Throttle,
    /// Where handshakes, messages and disconnections are logged, if anywhere.
    pub access_log: Option<AccessLog>,
    /// `DisableExecuteApiEndpoint`: the default host answers 403.
    pub default_endpoint_disabled: bool,
}

#[derive(Debug)]
pub struct Route {
    /// The value of the selection expression that picks it.
    pub key: String,
    /// `AuthorizationType`; only `$connect` has one other than NONE.
    pub authorization: Authorization,
    /// Schemas of which a frame's body must satisfy one, if the route has request models.
    pub request_models: RequestModels,
    /// What the route's target names. A route without a target refuses its frames.
    pub integration: Option<Arc<Integration>>,
    /// Whether the client gets the integration's answer (a `$default` route response exists).
    pub two_way: bool,
    pub throttle: Option<Throttle>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authorization {
    None,
    /// The policies of the caller, who signs the handshake with SigV4, decide.
    Iam,
    Custom(Authorizer),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorizer {
    /// Its id: the end of the ARN that the function's policy may name.
    pub id: String,
    pub function_arn: String,
    /// The role that invokes it; without one the function's own policy must allow it.
    pub credentials_arn: Option<String>,
    /// All must be in the handshake; else 401, without calling the function.
    pub identity_sources: Vec<IdentitySource>,
}

/// A route's request models by key, with the expression that chooses one for a message.
#[derive(Debug, Default)]
pub struct RequestModels {
    /// `ModelSelectionExpression`; without one, or where it comes to no key, the model is that of `$default`.
    pub selection: Option<SelectionExpression>,
    /// Compiled models by key.
    pub by_key: HashMap<String, RequestModel>,
}

/// A request model, compiled.
#[derive(Debug)]
pub struct RequestModel {
    pub name: String,
    pub schema: jsonschema::Validator,
}

#[derive(Debug)]
pub struct Integration {
    pub id: String,
    pub target: Target,
    pub request_templates: Templates,
    /// For messages that no template matches.
    pub passthrough: Passthrough,
    /// Timeout in milliseconds, 50 to 29,000.
    pub timeout_ms: u64,
    /// In the order of their keys; the first one that matches the status applies.
    pub responses: Vec<IntegrationResponse>,
}

impl Integration {
    /// Whether it calls a function. Those of one connection run at the same time, as on AWS.
    pub fn calls_function(&self) -> bool {
        matches!(self.target, Target::Function(_))
    }

    /// Whether it is a proxy: its backend's answer goes back as it is.
    pub fn is_proxy(&self) -> bool {
        matches!(self.target, Target::Function(Function { is_proxy: true, .. }))
    }
}

/// The integrations that this emulator can call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// `arn:{partition}:apigateway:{region}:kinesis:action/{action}`, and the role to assume.
    Kinesis {
        action: KinesisAction,
        /// `CredentialsArn`.
        role_arn: String,
    },
    /// `…:sqs:path/{account}/{queue}`, for SendMessage.
    Queue {
        /// The account in the path.
        account_id: String,
        /// The queue's name.
        name: String,
        /// `CredentialsArn`.
        role_arn: String,
    },
    /// A Lambda function.
    Function(Function),
    /// MOCK: the request template's `statusCode` picks the integration response.
    Mock,
}

/// A function that an integration invokes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its ARN.
    pub arn: String,
    /// The role that invokes it; without one the function's own policy must allow the gateway to.
    pub credentials_arn: Option<String>,
    /// `AWS_PROXY`: it is sent the whole event, and its answer has a status; otherwise it is sent what the request template
    /// renders.
    pub is_proxy: bool,
}

/// Actions of Kinesis that an integration may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KinesisAction {
    PutRecord,
    PutRecords,
}

/// Mapping templates by key, and the expression that picks one.
#[derive(Debug, Default)]
pub struct Templates {
    /// `TemplateSelectionExpression`.
    pub selection: Option<SelectionExpression>,
    pub by_key: HashMap<String, Arc<Template>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passthrough {
    /// Unmatched bodies are passed on.
    WhenNoMatch,
    /// Bodies are passed on only if the integration has no template at all.
    WhenNoTemplates,
    /// Unmatched bodies are refused (415).
    Never,
}

#[derive(Debug)]
pub struct IntegrationResponse {
    /// Which statuses it applies to.
    pub key: ResponseKey,
    /// Its templates; without any, the client gets the backend's body.
    pub templates: Templates,
    /// `Sec-WebSocket-Protocol` of a handshake's answer.
    pub subprotocol: Option<ParameterValue>,
}

/// The source of a response parameter's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParameterValue {
    /// `'text'`
    Static(String),
    /// `context.{path}`
    Context(String),
    /// `stageVariables.{name}`
    StageVariable(String),
}

#[derive(Debug)]
pub enum ResponseKey {
    /// `$default`
    Default,
    /// `/…/`: a regular expression over the backend's status.
    Status(regex_lite::Regex),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Throttle {
    /// Tokens a second.
    pub rate_per_second: f64,
    pub burst: u32,
}

/// The account's own limits, for stages that set none (10,000 a second, burst 5,000).
impl Default for Throttle {
    fn default() -> Self {
        Self { rate_per_second: 10_000.0, burst: 5_000 }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessLog {
    pub log_group: String,
    /// A line with `$context` variables.
    pub format: String,
}
