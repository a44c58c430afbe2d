//! Calls integrations: the request template, the service, and the response template on the way back.

mod function;
mod kinesis;
mod mock;
mod proxy;
mod queue;

use super::context::MessageContext;
use super::gateway::Gateway;
use super::handshake_request::HandshakeRequest;
use super::selection::Subject;
use super::stage::{
    Function, Integration, IntegrationResponse, ParameterValue, Passthrough, ResponseKey, Stage, Target,
    Templates,
};
use crate::core::identity::Denied;
use crate::services::lambda::invocation::InvokeError;
use bytes::Bytes;
use json_text::Json;
use mapping_template::{RenderError, Scope, Template};
use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status: of a proxied function, the one that it answered.
    pub status: u16,
    /// The status of the service that was called.
    pub service_status: u16,
    /// The body.
    pub body: Bytes,
    /// The error, for the log.
    pub error: Option<String>,
    /// `errorMessage` of a function that failed, which its integration responses are chosen by.
    pub error_message: Option<String>,
    /// The subprotocol that a proxied function chose.
    pub subprotocol: Option<String>,
    /// The backend's id of the request.
    pub request_id: String,
}

impl Answer {
    fn new(status: u16, body: impl Into<Bytes>, request_id: String) -> Self {
        Self {
            status,
            service_status: status,
            body: body.into(),
            error: None,
            error_message: None,
            subprotocol: None,
            request_id,
        }
    }

    fn with_error(self, error: String) -> Self {
        Self { error: Some(error), ..self }
    }

    /// What the key of an integration response is matched on.
    fn matched(&self) -> String {
        self.error_message.clone().unwrap_or_else(|| self.status.to_string())
    }
}

/// What goes back to the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The message's text.
    pub body: Bytes,
    /// The subprotocol of a handshake, if one is mapped.
    pub subprotocol: Option<String>,
}

/// Why an integration could not be called, or its answer not be mapped. Clients only see an internal server error; the
/// log gets this.
#[derive(Debug, thiserror::Error)]
pub enum IntegrationError {
    /// The template cannot be rendered for this message.
    #[error("the template of integration {integration} failed: {error}")]
    Template {
        integration: String,
        /// Where and why.
        error: RenderError,
    },
    /// No template matches, and the integration passes nothing through: 415.
    #[error("no request template of integration {0} matches, and its passthrough behaviour is NEVER")]
    UnsupportedMediaType(String),
    /// The integration's role may not do this, or the function's own policy does not let the gateway invoke it.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The function's code was not reached.
    #[error(transparent)]
    NotReached(#[from] InvokeError),
    /// What a function would be sent is no JSON.
    #[error("the request of integration {0} is not the JSON that a function is invoked with: {1}")]
    NoPayload(String, String),
    /// A proxied function failed.
    #[error("{function} failed: {message}")]
    FunctionFailed {
        /// Its ARN.
        function: String,
        /// Its `errorMessage`.
        message: String,
        /// The invocation's id.
        request_id: String,
    },
    /// A proxied function answered what is no answer of a proxy.
    #[error(
        "malformed Lambda proxy response of {function}: {why}; answer an object such as {{\"statusCode\": 200}}"
    )]
    Malformed {
        /// Its ARN.
        function: String,
        /// What is wrong.
        why: String,
    },
    /// A MOCK request template that renders no `{"statusCode": number}`.
    #[error("the request template of MOCK integration {0} renders no JSON object with a numeric statusCode")]
    MockStatus(String),
    #[error("integration {0} did not answer within {1} ms")]
    Timeout(String, u64),
    /// No integration response matches this status.
    #[error("integration {0} has no response for status {1}")]
    NoResponse(String, u16),
}

impl IntegrationError {
    /// The status for the log.
    pub fn status(&self) -> u16 {
        match self {
            Self::UnsupportedMediaType(_) => 415,
            Self::FunctionFailed { .. } | Self::Malformed { .. } => 502,
            Self::Timeout(..) => 504,
            _ => 500,
        }
    }

    /// The status of the handshake that it ends.
    pub fn handshake_status(&self) -> u16 {
        match self.status() {
            status @ 500.. => status,
            _ => 500,
        }
    }

    /// The status of the service that was called, as far as one was.
    pub fn service_status(&self) -> u16 {
        match self {
            Self::FunctionFailed { .. } | Self::Malformed { .. } => 200,
            _ => self.status(),
        }
    }

    /// The callee's id of the request, where it got one.
    pub fn request_id(&self) -> &str {
        match self {
            Self::FunctionFailed { request_id, .. } => request_id,
            _ => "",
        }
    }
}

/// Renders the request and calls the service. Fails with [`IntegrationError`]; a service's error is an [`Answer`].
pub async fn call(
    gateway: &Gateway,
    stage: &Stage,
    integration: &Integration,
    context: &MessageContext<'_>,
    body: &str,
) -> Result<Answer, IntegrationError> {
    if let Target::Function(function @ Function { is_proxy: true, .. }) = &integration.target {
        return function::proxied(gateway, stage, integration, function, context, body).await;
    }
    let request = request(stage, integration, context, body)?;
    let limit = Duration::from_millis(integration.timeout_ms);
    let too_slow = |_| IntegrationError::Timeout(integration.id.clone(), integration.timeout_ms);
    match &integration.target {
        Target::Mock => {
            let status = mock::status(&request);
            let status = status.ok_or_else(|| IntegrationError::MockStatus(integration.id.clone()))?;
            Ok(Answer::new(status, Bytes::new(), String::new()))
        }
        Target::Kinesis { action, role_arn } => {
            let put = kinesis::put(gateway, *action, role_arn, &request);
            tokio::time::timeout(limit, put).await.map_err(too_slow)?
        }
        Target::Queue { account_id, name, role_arn } => {
            let sent = queue::send(gateway, account_id, name, role_arn, &request);
            tokio::time::timeout(limit, sent).await.map_err(too_slow)?
        }
        Target::Function(function) => {
            function::invoked(gateway, stage, integration, function, context, request).await
        }
    }
}

/// The request for the service: the selected template's text, or the body itself.
fn request(
    stage: &Stage,
    integration: &Integration,
    context: &MessageContext<'_>,
    body: &str,
) -> Result<String, IntegrationError> {
    let json = if reads_body(&integration.request_templates) { Json::read(body).ok() } else { None };
    let subject = Subject { body: json, context: Some(context), ..Subject::default() };
    match select(&integration.request_templates, subject) {
        Some(template) => {
            let params = context.opening.map(HandshakeRequest::params).unwrap_or_default();
            let scope = Scope::new(body, context).with_params(&params).with_stage_variables(&stage.variables);
            render(integration, template, &scope)
        }
        None if passes_through(integration) => Ok(body.to_owned()),
        None => Err(IntegrationError::UnsupportedMediaType(integration.id.clone())),
    }
}

/// What the client gets for a backend's answer to a body: the integration response that matches it decides, or a proxied
/// function itself.
///
/// # Errors
/// [`IntegrationError::NoResponse`] where none matches, and what a response template fails with.
pub fn reply(
    stage: &Stage,
    integration: &Integration,
    context: &MessageContext<'_>,
    body: &str,
    answer: &Answer,
) -> Result<Reply, IntegrationError> {
    if integration.is_proxy() {
        return Ok(Reply { body: answer.body.clone(), subprotocol: answer.subprotocol.clone() });
    }
    let response = response(integration, answer)?;
    let json = if reads_body(&response.templates) { Json::read(body).ok() } else { None };
    let subject = Subject { body: json, status: Some(answer.status), context: Some(context) };
    let body = match select(&response.templates, subject) {
        Some(template) => {
            let body = String::from_utf8_lossy(&answer.body);
            let scope = Scope::new(&body, context).with_stage_variables(&stage.variables);
            render(integration, template, &scope)?.into()
        }
        None => answer.body.clone(),
    };
    let subprotocol = response.subprotocol.as_ref().and_then(|value| match value {
        ParameterValue::Static(text) => Some(text.clone()),
        ParameterValue::Context(path) => context.get(path).map(Into::into),
        ParameterValue::StageVariable(name) => stage.variables.get(name).cloned(),
    });
    Ok(Reply { body, subprotocol })
}

/// The integration response for an answer: by its status, or by the error of a function that failed.
fn response<'a>(
    integration: &'a Integration,
    answer: &Answer,
) -> Result<&'a IntegrationResponse, IntegrationError> {
    let matched = answer.matched();
    let matches =
        |key: &ResponseKey| matches!(key, ResponseKey::Status(pattern) if pattern.is_match(&matched));
    let is_default = |key: &ResponseKey| matches!(key, ResponseKey::Default);
    let responses = &integration.responses;
    let found = responses.iter().find(|response| matches(&response.key));
    found
        .or_else(|| responses.iter().find(|response| is_default(&response.key)))
        .ok_or_else(|| IntegrationError::NoResponse(integration.id.clone(), answer.status))
}

/// The template that an expression's value names, else the one called `$default`; without an expression, the
/// only one there is (docs/aws-behaviour.md#apigateway-template-selection).
fn select<'a>(templates: &'a Templates, subject: Subject<'_>) -> Option<&'a Template> {
    let named = match &templates.selection {
        Some(selection) => selection.evaluate(subject).and_then(|key| templates.by_key.get(&*key)),
        None if templates.by_key.len() == 1 => templates.by_key.values().next(),
        None => None,
    };
    named.or_else(|| templates.by_key.get("$default")).map(AsRef::as_ref)
}

fn reads_body(templates: &Templates) -> bool {
    templates.selection.as_ref().is_some_and(super::selection::SelectionExpression::reads_body)
}

fn passes_through(integration: &Integration) -> bool {
    match integration.passthrough {
        Passthrough::WhenNoMatch => true,
        Passthrough::WhenNoTemplates => integration.request_templates.by_key.is_empty(),
        Passthrough::Never => false,
    }
}

fn render(
    integration: &Integration,
    template: &Template,
    scope: &Scope<'_>,
) -> Result<String, IntegrationError> {
    let mut text = String::new();
    template
        .render_into(scope, &mut text)
        .map_err(|error| IntegrationError::Template { integration: integration.id.clone(), error })?;
    Ok(text)
}
