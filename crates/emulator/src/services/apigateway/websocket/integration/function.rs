//! Invokes a function with the event of an `AWS_PROXY` integration, or with what the request template renders.

use super::{Answer, IntegrationError, proxy};
use crate::services::apigateway::websocket::context::MessageContext;
use crate::services::apigateway::websocket::event;
use crate::services::apigateway::websocket::gateway::Gateway;
use crate::services::apigateway::websocket::invoke::{Callee, Unanswered, invoke};
use crate::services::apigateway::websocket::stage::{Function, Integration, Stage};
use crate::services::lambda::invocation::InvocationResult;
use bytes::Bytes;
use serde_json::Value;
use std::time::Duration;

/// What a function gets whose template renders nothing, as of Lambda's own Invoke.
const EMPTY_PAYLOAD: &[u8] = b"{}";

/// Sends the whole event; the function's answer has a status.
pub(super) async fn proxied(
    gateway: &Gateway,
    stage: &Stage,
    integration: &Integration,
    function: &Function,
    context: &MessageContext<'_>,
    body: &str,
) -> Result<Answer, IntegrationError> {
    let event = event::proxy(context, &stage.variables, body).to_string();
    let (ended, request_id) = call(gateway, stage, integration, function, context, event.into()).await?;
    let arn = || function.arn.clone();
    match ended {
        InvocationResult::Response(body) => {
            let answer =
                proxy::read(&body).map_err(|why| IntegrationError::Malformed { function: arn(), why })?;
            let proxy::ProxyAnswer { status, body, subprotocol } = answer;
            Ok(Answer { subprotocol, service_status: 200, ..Answer::new(status, body, request_id) })
        }
        InvocationResult::Error(error) => {
            Err(IntegrationError::FunctionFailed { function: arn(), message: message(&error), request_id })
        }
    }
}

/// Sends a payload; the function's answer is the body, and its status 200 whatever it is.
pub(super) async fn invoked(
    gateway: &Gateway,
    stage: &Stage,
    integration: &Integration,
    function: &Function,
    context: &MessageContext<'_>,
    payload: String,
) -> Result<Answer, IntegrationError> {
    let payload = if payload.is_empty() { Bytes::from_static(EMPTY_PAYLOAD) } else { payload.into() };
    if let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(&payload) {
        return Err(IntegrationError::NoPayload(integration.id.clone(), error.to_string()));
    }
    let (ended, request_id) = call(gateway, stage, integration, function, context, payload).await?;
    Ok(match ended {
        InvocationResult::Response(body) => Answer::new(200, body, request_id),
        InvocationResult::Error(body) => {
            let message = message(&body);
            let failed = Answer::new(200, body, request_id).with_error(message.clone());
            Answer { error_message: Some(message), ..failed }
        }
    })
}

async fn call(
    gateway: &Gateway,
    stage: &Stage,
    integration: &Integration,
    function: &Function,
    context: &MessageContext<'_>,
    payload: Bytes,
) -> Result<(InvocationResult, String), IntegrationError> {
    let request_id = uuid::Uuid::new_v4().to_string();
    let account = &gateway.shared.account;
    let callee = Callee {
        function_arn: &function.arn,
        credentials_arn: function.credentials_arn.as_deref(),
        source_arn: account.execute_api_arn(&stage.api_id, &stage.name, context.route_key),
    };
    let limit = Duration::from_millis(integration.timeout_ms);
    match invoke(gateway, &callee, &request_id, payload, limit).await {
        Ok(ended) => Ok((ended, request_id)),
        Err(Unanswered::Denied(denied)) => Err(denied.into()),
        Err(Unanswered::TooSlow(..)) => {
            Err(IntegrationError::Timeout(integration.id.clone(), integration.timeout_ms))
        }
        Err(Unanswered::NotReached(error)) => Err(error.into()),
    }
}

/// `errorMessage` of a function that failed.
fn message(error: &[u8]) -> String {
    let error: Value = serde_json::from_slice(error).unwrap_or_default();
    error["errorMessage"].as_str().unwrap_or_default().to_owned()
}
