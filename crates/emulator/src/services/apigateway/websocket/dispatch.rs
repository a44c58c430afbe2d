//! A message's way through the gateway: throttle, route, model, integration, reply.

use super::connections::{CloseInfo, Connection};
use super::context::{EventType, MessageContext};
use super::deployed::Deployed;
use super::frames::ErrorFrame;
use super::gateway::Gateway;
use super::integration::{self, Answer, IntegrationError};
use super::metrics::count;
use super::model;
use super::selection::Subject;
use super::stage::{Integration, Route, Stage, Target};
use super::trace::{Call, Failure};
use super::{access_log, ids};
use crate::core::clock;
use bytes::Bytes;
use json_text::Json;
use std::sync::Arc;
use std::time::Instant;

/// The result for a message.
pub struct Handled {
    /// The frame for the client, if any.
    pub reply: Option<Bytes>,
    /// Whether it was refused and the client is at fault.
    pub is_refused: bool,
}

impl Handled {
    fn refused(frame: Bytes) -> Self {
        Self { reply: Some(frame), is_refused: true }
    }
}

pub async fn message(gateway: &Gateway, connection: &Arc<Connection>, body: &str) -> Handled {
    let now_ms = clock::now_ms();
    let request_id = ids::id(now_ms);
    let Some(deployed) = gateway.deployed(&connection.api_id, &connection.stage) else {
        return Handled::refused(ErrorFrame::Forbidden.render(&connection.id, &request_id));
    };
    let stage = &deployed.stage;
    let needs_json = stage.route_selection_expression.reads_body() && deployed.has_custom_routes;
    // Text that RFC 8259 does not allow goes to `$default` (docs/aws-behaviour.md#apigateway-route-selection); text
    // that it allows never gets there by accident.
    let json = if needs_json { Json::read(body).ok() } else { None };
    let subject = Subject { body: json, ..Subject::default() };
    let key = stage.route_selection_expression.evaluate(subject);
    let route = route(stage, key.as_deref());
    let route_key = route.map_or("", |route| route.key.as_str());
    let counters = deployed.counters(route_key);
    count(&counters.messages);

    let account_id = &gateway.shared.account.id;
    let mut context =
        MessageContext::new(connection, EventType::Message, route_key, account_id, request_id, now_ms);
    context.message_id = Some(ids::id(now_ms));
    let outcome = match route {
        None => Err(ErrorFrame::Forbidden.into()),
        // AWS does not log throttled requests (docs/aws-behaviour.md#apigateway-logs).
        Some(route) if !deployed.admits(&route.key, now_ms) => {
            count(&counters.client_errors);
            return Handled::refused(refuse(ErrorFrame::TooManyRequests, &context));
        }
        Some(route) => match violation(stage, route, body) {
            Some(violation) => {
                Err(Refused { frame: ErrorFrame::BadRequestBody, validation: Some(violation) })
            }
            None => {
                tracing::info!(target: "flow", hop = "frame", connection_id = connection.id, route = route.key, bytes = body.len());
                run(gateway, &deployed, route, &mut context, body).await.map_err(Refused::from)
            }
        },
    };
    let (reply, is_refused) = match outcome {
        Ok(reply) => (reply, false),
        Err(refused) => {
            let is_refused = refused.frame.is_of_client();
            if is_refused {
                count(&counters.client_errors);
            }
            (Some(refuse_logged(refused, &mut context)), is_refused)
        }
    };
    access_log::write(gateway, stage, &context);
    if reply.is_some() {
        count(&counters.messages);
    }
    Handled { reply, is_refused }
}

/// Records a refusal for the access log, and renders it for the client.
fn refuse_logged(refused: Refused, context: &mut MessageContext<'_>) -> Bytes {
    context.trace.status = Some(refused.frame.status());
    context.trace.error = Some(Failure {
        message: refused.frame.message(),
        response_type: refused.frame.response_type(),
        validation: refused.validation,
    });
    refuse(refused.frame, context)
}

/// Runs `$connect`'s integration, if there is such a route. Returns the handshake's status and its subprotocol.
pub async fn connect(
    gateway: &Gateway,
    deployed: &Deployed,
    route: &Route,
    context: &mut MessageContext<'_>,
) -> (u16, Option<String>) {
    let counters = deployed.counters(&route.key);
    let Some(integration) = &route.integration else { return (101, None) };
    let outcome = match call(gateway, deployed, integration, context, "").await {
        Ok(answer) => integration::reply(&deployed.stage, integration, context, &answer)
            .map(|reply| (answer.status, reply.subprotocol)),
        Err(error) => Err(error),
    };
    match outcome {
        Ok((200..=299, subprotocol)) => (101, subprotocol),
        Ok((status @ 400.., _)) => (status, None),
        Ok(_) => (500, None),
        Err(error) => {
            count(&counters.execution_errors);
            tracing::warn!(%error, "failed to handle $connect");
            (500, None)
        }
    }
}

/// Runs `$disconnect`, if there is such a route. Best effort, as on AWS: a failure is only logged.
pub async fn disconnect(gateway: &Gateway, connection: &Arc<Connection>, ended: &CloseInfo) {
    tracing::info!(target: "flow", hop = "disconnect", connection_id = connection.id, code = ended.status_code, reason = ended.reason);
    let Some(deployed) = gateway.deployed(&connection.api_id, &connection.stage) else { return };
    let Some(route) = deployed.stage.routes.get("$disconnect") else { return };
    let now_ms = clock::now_ms();
    let (account_id, request_id) = (&gateway.shared.account.id, ids::id(now_ms));
    let mut context =
        MessageContext::new(connection, EventType::Disconnect, &route.key, account_id, request_id, now_ms);
    if let Err(error) = run(gateway, &deployed, route, &mut context, "").await {
        tracing::warn!(connection_id = connection.id, %error, "failed to handle $disconnect");
    }
    access_log::write(gateway, &deployed.stage, &context);
}

/// The route for a key. Messages that name the lifecycle routes do not reach them.
fn route<'a>(stage: &'a Stage, key: Option<&str>) -> Option<&'a Arc<Route>> {
    let chosen = key.filter(|key| !key.starts_with('$')).and_then(|key| stage.routes.get(key));
    chosen.or_else(|| stage.routes.get("$default"))
}

/// Whether the route's request model refuses a message. The reason is only worked out for an access log.
fn violation(stage: &Stage, route: &Route, body: &str) -> Option<String> {
    let model = route.request_model.as_ref()?;
    // Every model refuses text that is not JSON: decided, docs/aws-behaviour.md#apigateway-text-that-is-not-json leaves
    // it open.
    let instance = match model::instance(body) {
        Ok(instance) => instance,
        Err(unusable) => return Some(format!("[{unusable}]")),
    };
    if model.schema.is_valid(&instance) {
        return None;
    }
    let reason = stage.access_log.as_ref().and_then(|_| model.schema.validate(&instance).err());
    Some(reason.map_or_else(String::new, |error| format!("[{error}]")))
}

async fn run(
    gateway: &Gateway,
    deployed: &Deployed,
    route: &Route,
    context: &mut MessageContext<'_>,
    body: &str,
) -> Result<Option<Bytes>, IntegrationError> {
    let Some(integration) = &route.integration else { return Ok(None) };
    let answer = call(gateway, deployed, integration, context, body).await;
    let reply = match answer {
        Ok(answer) if route.two_way => {
            integration::reply(&deployed.stage, integration, context, &answer).map(|reply| Some(reply.body))
        }
        answer => answer.map(|_| None),
    };
    reply.inspect_err(|error| {
        count(&deployed.counters(&route.key).execution_errors);
        tracing::warn!(connection_id = context.connection.id, route = route.key, %error, "failed to handle a message");
    })
}

/// Calls an integration, and records the result for the log and the metrics.
async fn call(
    gateway: &Gateway,
    deployed: &Deployed,
    integration: &Integration,
    context: &mut MessageContext<'_>,
    body: &str,
) -> Result<Answer, IntegrationError> {
    let begun = Instant::now();
    let answer = integration::call(gateway, &deployed.stage, integration, context, body).await;
    let latency = begun.elapsed();
    let counters = deployed.counters(context.route_key);
    // As on AWS, MOCK has no latency.
    if !matches!(integration.target, Target::Mock) {
        counters.observe_latency(latency);
    }
    let (status, error) = match &answer {
        Ok(answer) => (answer.status, answer.error.clone()),
        Err(error) => (error.status(), Some(error.to_string())),
    };
    if answer.as_ref().is_ok_and(|answer| answer.status >= 400) {
        count(&counters.integration_errors);
    }
    context.trace.status = Some(status);
    context.trace.integration = Some(Call {
        status,
        latency_ms: latency.as_millis() as u64,
        error,
        request_id: answer.as_ref().map(|answer| answer.request_id.clone()).unwrap_or_default(),
    });
    answer
}

/// A refusal in the client's form.
struct Refused {
    frame: ErrorFrame,
    validation: Option<String>,
}

impl From<ErrorFrame> for Refused {
    fn from(frame: ErrorFrame) -> Self {
        Self { frame, validation: None }
    }
}

impl From<IntegrationError> for Refused {
    fn from(error: IntegrationError) -> Self {
        match error {
            IntegrationError::Timeout(..) => ErrorFrame::EndpointRequestTimedOut.into(),
            _ => ErrorFrame::InternalServerError.into(),
        }
    }
}

fn refuse(frame: ErrorFrame, context: &MessageContext<'_>) -> Bytes {
    tracing::info!(target: "flow", hop = "refused frame", connection_id = context.connection.id, reason = ?frame);
    let id = match frame {
        ErrorFrame::BadRequestBody => context.message_id.as_deref().unwrap_or_default(),
        _ => &context.request_id,
    };
    frame.render(&context.connection.id, id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_integration_that_takes_too_long_is_told_as_a_timeout() {
        let refused = Refused::from(IntegrationError::Timeout("abc".into(), 50));
        let expected = r#"{"message": "Endpoint request timed out", "connectionId":"c", "requestId":"r"}"#;
        assert_eq!((refused.frame.render("c", "r"), refused.frame.status()), (expected.into(), 504));
        let refused = Refused::from(IntegrationError::NoResponse("abc".into(), 500));
        assert_eq!(refused.frame, ErrorFrame::InternalServerError);
    }
}
