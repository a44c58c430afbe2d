//! What a stage serves: the immutable snapshot that a deployment leaves behind, compiled.
//!
//! The control plane builds a [`Stage`] whenever a stage or the deployment behind it changes, and hands it
//! to [`super::gateway::Gateway::publish`]. The data plane never looks at the resources themselves, so what was not
//! deployed cannot be served.

use super::identity_source::IdentitySource;
use super::selection::SelectionExpression;
use mapping_template::Template;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// A stage as clients meet it.
#[derive(Debug)]
pub struct Stage {
    /// The API's id.
    pub api_id: String,
    /// The stage's name, the first segment of the path.
    pub name: String,
    /// Picks the route key for a frame.
    pub route_selection_expression: SelectionExpression,
    /// Routes by key, `$connect`, `$disconnect` and `$default` among them.
    pub routes: HashMap<String, Arc<Route>>,
    /// `$stageVariables`.
    pub variables: BTreeMap<String, String>,
    /// Throttling of every route that has none of its own.
    pub default_throttle: Throttle,
    /// Where each handshake, frame and disconnection is logged, if anywhere.
    pub access_log: Option<AccessLog>,
    /// `DisableExecuteApiEndpoint`: the default host answers 403.
    pub default_endpoint_disabled: bool,
}

/// One route of a deployment.
#[derive(Debug)]
pub struct Route {
    /// The key that the selection expression must equal.
    pub key: String,
    /// `AuthorizationType`; anything but NONE stands on `$connect` alone.
    pub authorization: Authorization,
    /// Schemas of which a frame's body must satisfy one, if the route has request models.
    pub request_models: RequestModels,
    /// What the route's target names. A route without a target refuses its frames.
    pub integration: Option<Arc<Integration>>,
    /// Whether the integration's answer is sent back to the client (a `$default` route response exists).
    pub two_way: bool,
    /// Throttling of this route alone.
    pub throttle: Option<Throttle>,
}

/// How `$connect` is authorised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authorization {
    /// Everybody may connect.
    None,
    /// The caller's policies decide, who signs the handshake with SigV4.
    Iam,
    /// A Lambda REQUEST authorizer decides.
    Custom(Authorizer),
}

/// A Lambda REQUEST authorizer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorizer {
    /// Its id, which the ARN ends in that the function's policy may name.
    pub id: String,
    /// The function's ARN.
    pub function_arn: String,
    /// The role that invokes it; without one the function's own policy must allow the gateway to.
    pub credentials_arn: Option<String>,
    /// Each must be in the handshake, else 401 without asking the function.
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
    /// The model's name.
    pub name: String,
    /// Its JSON schema, compiled.
    pub schema: jsonschema::Validator,
}

/// What a route calls.
#[derive(Debug)]
pub struct Integration {
    /// The integration's id.
    pub id: String,
    /// What is called.
    pub target: Target,
    /// Templates by key, and how one is chosen.
    pub request_templates: Templates,
    /// What happens to a frame that no template matches.
    pub passthrough: Passthrough,
    /// Milliseconds that the target may take, 50 to 29,000.
    pub timeout_ms: u64,
    /// In the order of their keys; the first whose key matches the status answers.
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
    /// `arn:{partition}:apigateway:{region}:kinesis:action/{action}` with the role to act as.
    Kinesis {
        /// Which action.
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
    /// `action/PutRecord`
    PutRecord,
    /// `action/PutRecords`
    PutRecords,
}

/// Mapping templates by key, with the expression that chooses one.
#[derive(Debug, Default)]
pub struct Templates {
    /// `TemplateSelectionExpression`, if there is one.
    pub selection: Option<SelectionExpression>,
    /// Compiled templates by key.
    pub by_key: HashMap<String, Arc<Template>>,
}

/// `PassthroughBehavior`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passthrough {
    /// Unmatched bodies go on unchanged.
    WhenNoMatch,
    /// Bodies go on unchanged only where the integration has no template at all.
    WhenNoTemplates,
    /// Unmatched bodies are refused (415).
    Never,
}

/// One integration response.
#[derive(Debug)]
pub struct IntegrationResponse {
    /// Which statuses it answers for.
    pub key: ResponseKey,
    /// Its templates; none: the backend's body is relayed unchanged.
    pub templates: Templates,
    /// `Sec-WebSocket-Protocol` of the answer to a handshake.
    pub subprotocol: Option<ParameterValue>,
}

/// Where a response parameter's value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParameterValue {
    /// `'text'`
    Static(String),
    /// `context.{path}`
    Context(String),
    /// `stageVariables.{name}`
    StageVariable(String),
}

/// `IntegrationResponseKey`.
#[derive(Debug)]
pub enum ResponseKey {
    /// `$default`
    Default,
    /// `/…/`: a regular expression over the backend's status.
    Status(regex_lite::Regex),
}

/// A token bucket's settings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Throttle {
    /// Tokens a second.
    pub rate_per_second: f64,
    /// The bucket's size.
    pub burst: u32,
}

/// The account's own limits, which hold where a stage sets none (10,000 a second, burst 5,000).
impl Default for Throttle {
    fn default() -> Self {
        Self { rate_per_second: 10_000.0, burst: 5_000 }
    }
}

/// `AccessLogSettings`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessLog {
    /// The log group's name.
    pub log_group: String,
    /// A line with `$context` variables.
    pub format: String,
}
