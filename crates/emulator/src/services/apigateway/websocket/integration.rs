//! Calls integrations: the request template, the service, and the response template on the way back.

use super::context::MessageContext;
use super::gateway::Gateway;
use super::handshake_request::HandshakeRequest;
use super::selection::Subject;
use super::stage::{
    Integration, KinesisAction, ParameterValue, Passthrough, ResponseKey, Stage, Target, Templates,
};
use crate::core::identity::{Denied, Principal};
use crate::services::kinesis::{KinesisError, PutRecord, stream_of};
use bytes::Bytes;
use json_text::{Json, Kind};
use mapping_template::{RenderError, Scope, Template};
use serde_json::Value;
use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub body: Bytes,
    /// The error, for the log.
    pub error: Option<String>,
    /// The backend's id of the request.
    pub request_id: String,
}

/// What the client gets.
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
    /// The integration's role may not do this.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// A MOCK request template whose result has no `{"statusCode": number}`.
    #[error(
        "the request template of MOCK integration {0} does not render a JSON object with a numeric statusCode"
    )]
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
            Self::Timeout(..) => 504,
            _ => 500,
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
    let request = request(stage, integration, context, body)?;
    match &integration.target {
        Target::Mock => mock(integration, &request),
        Target::Kinesis { action, role_arn } => {
            let timeout = Duration::from_millis(integration.timeout_ms);
            tokio::time::timeout(timeout, put(gateway, *action, role_arn, &request))
                .await
                .map_err(|_| IntegrationError::Timeout(integration.id.clone(), integration.timeout_ms))?
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

/// The client's reply to a backend's answer, from the integration response that matches its status. Fails with
/// [`IntegrationError::NoResponse`] if none matches, or the error of a response template.
pub fn reply(
    stage: &Stage,
    integration: &Integration,
    context: &MessageContext<'_>,
    answer: &Answer,
) -> Result<Reply, IntegrationError> {
    let status = answer.status.to_string();
    let matches =
        |key: &ResponseKey| matches!(key, ResponseKey::Status(pattern) if pattern.is_match(&status));
    let is_default = |key: &ResponseKey| matches!(key, ResponseKey::Default);
    let responses = &integration.responses;
    let response = responses.iter().find(|response| matches(&response.key));
    let response = response
        .or_else(|| responses.iter().find(|response| is_default(&response.key)))
        .ok_or_else(|| IntegrationError::NoResponse(integration.id.clone(), answer.status))?;
    let subject = Subject { status: Some(answer.status), context: Some(context), ..Subject::default() };
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

/// The template that an expression's value names, else `$default`; without an expression, the only one
/// (docs/aws-behaviour.md#apigateway-template-selection).
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

fn mock(integration: &Integration, request: &str) -> Result<Answer, IntegrationError> {
    // With our own JSON reader: the template may have copied any of the client's JSON into the request.
    let status = Json::read(request).ok().and_then(|request| request.member("statusCode"));
    let status = status.and_then(|status| match status.kind() {
        Kind::Number(digits) => digits.parse().ok(),
        _ => None,
    });
    let status = status.ok_or_else(|| IntegrationError::MockStatus(integration.id.clone()))?;
    Ok(Answer { status, body: Bytes::new(), error: None, request_id: String::new() })
}

/// Acts as the integration's role on the stream in the rendered request.
async fn put(
    gateway: &Gateway,
    action: KinesisAction,
    role_arn: &str,
    request: &str,
) -> Result<Answer, IntegrationError> {
    let streams = &gateway.shared.streams;
    let (stream, put): (_, Result<Vec<u8>, KinesisError>) = match action {
        KinesisAction::PutRecord => {
            let record = PutRecord::read(request);
            let stream = record.stream();
            may(gateway, role_arn, "kinesis:PutRecord", stream.as_deref())?;
            let placed = streams.put_record(&record).await;
            (stream, placed.map(|placed| serde_json::to_vec(&placed).unwrap_or_default()))
        }
        KinesisAction::PutRecords => {
            let records: Value = serde_json::from_str(request).unwrap_or_default();
            let stream = stream_of(&records);
            may(gateway, role_arn, "kinesis:PutRecords", stream.as_deref())?;
            let placed = streams.put_records(&records).await;
            (stream, placed.map(|placed| placed.to_string().into_bytes()))
        }
    };
    let request_id = uuid::Uuid::new_v4().to_string();
    Ok(match put {
        Ok(body) => Answer { status: 200, body: body.into(), error: None, request_id },
        Err(error) => {
            // On a one-way route the client never learns of this (docs/aws-behaviour.md#template-kinesis), so the log
            // and the metric must show it.
            tracing::warn!(target: "flow", hop = "refused record", stream = stream.as_deref().unwrap_or("?"), %error);
            let body = error.to_json().to_string().into();
            Answer { status: error.status, body, error: Some(error.to_string()), request_id }
        }
    })
}

/// Whether the gateway may assume the role, and the role may use the stream.
fn may(gateway: &Gateway, role_arn: &str, action: &str, stream: Option<&str>) -> Result<(), Denied> {
    gateway.shared.permissions.assume("apigateway.amazonaws.com", role_arn)?;
    let resource = gateway.shared.account.stream_arn(stream.unwrap_or("*"));
    gateway.shared.permissions.check(&Principal::Role(role_arn.to_owned()), action, &resource)
}
