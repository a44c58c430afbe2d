//! A message's way through the gateway: throttle, route, model, integration, reply.

mod run;

pub use run::{call, run};

use super::connections::Connection;
use super::context::{EventType, MessageContext};
use super::deployed::Deployed;
use super::frames::ErrorFrame;
use super::gateway::Gateway;
use super::integration::IntegrationError;
use super::metrics::count;
use super::selection::Subject;
use super::stage::{Route, Stage};
use super::trace::Failure;
use super::{access_log, ids, model};
use crate::core::clock;
use bytes::Bytes;
use json_text::Json;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;

/// What came of a message.
#[derive(Default)]
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

/// What names a message, and when it came.
struct Ids {
    request_id: String,
    message_id: String,
    now_ms: u64,
}

impl Ids {
    fn context<'a>(
        self,
        gateway: &'a Gateway,
        connection: &'a Connection,
        route_key: &'a str,
    ) -> MessageContext<'a> {
        let account_id = &gateway.shared.account.id;
        let Self { request_id, message_id, now_ms } = self;
        let context =
            MessageContext::new(connection, EventType::Message, route_key, account_id, request_id, now_ms);
        MessageContext { message_id: Some(message_id), ..context }
    }
}

/// Handles a text message.
pub async fn message(gateway: &Gateway, connection: &Arc<Connection>, body: &str) -> Handled {
    let now_ms = clock::now_ms();
    let ids = Ids { request_id: ids::id(now_ms), message_id: ids::id(now_ms), now_ms };
    let Some(deployed) = gateway.deployed(&connection.api_id, &connection.stage) else {
        return Handled::refused(ErrorFrame::Forbidden.render(&connection.id, &ids.request_id));
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
    count(&deployed.counters(route_key).messages);

    let Some(route) = route else {
        let mut context = ids.context(gateway, connection, route_key);
        return settle(gateway, &deployed, Err(ErrorFrame::Forbidden.into()), &mut context);
    };
    // AWS logs no throttled requests (docs/aws-behaviour.md#apigateway-logs).
    if !deployed.admits(&route.key, now_ms) {
        count(&deployed.counters(route_key).client_errors);
        let context = ids.context(gateway, connection, route_key);
        return Handled::refused(refuse(ErrorFrame::TooManyRequests, &context));
    }
    let mut context = ids.context(gateway, connection, route_key);
    if let Some(violation) = model::violation(stage, route, &context, body) {
        let refused = Refused { frame: ErrorFrame::BadRequestBody, validation: Some(violation) };
        return settle(gateway, &deployed, Err(refused), &mut context);
    }
    tracing::info!(target: "flow", hop = "frame", connection_id = connection.id, route = route.key, bytes = body.len());
    if route.integration.as_ref().is_some_and(|integration| integration.calls_function()) {
        let ids = Ids {
            request_id: context.request_id,
            message_id: context.message_id.unwrap_or_default(),
            now_ms,
        };
        let (connection, route) = (connection.clone(), route.clone());
        let permit = connection.may_call().await;
        let call = FunctionCall {
            gateway: gateway.clone(),
            deployed,
            connection,
            route,
            ids,
            body: body.to_owned(),
        };
        gateway.shared.tasks.spawn(call.run(permit));
        return Handled::default();
    }
    let outcome = run(gateway, &deployed, route, &mut context, body).await.map_err(Refused::from);
    settle(gateway, &deployed, outcome, &mut context)
}

/// A message for a function. It runs in a task of its own: meanwhile the client's next frames are read, and its next message
/// does not wait for this one, as on AWS.
struct FunctionCall {
    gateway: Gateway,
    deployed: Arc<Deployed>,
    connection: Arc<Connection>,
    route: Arc<Route>,
    ids: Ids,
    body: String,
}

impl FunctionCall {
    async fn run(self, _permit: Option<OwnedSemaphorePermit>) {
        let Self { gateway, deployed, connection, route, ids, body } = self;
        let mut context = ids.context(&gateway, &connection, &route.key);
        let outcome = run(&gateway, &deployed, &route, &mut context, &body).await.map_err(Refused::from);
        let handled = settle(&gateway, &deployed, outcome, &mut context);
        if let Some(reply) = handled.reply {
            connection.reply(reply);
        }
    }
}

/// Logs and counts what came of a message.
fn settle(
    gateway: &Gateway,
    deployed: &Deployed,
    outcome: Result<Option<Bytes>, Refused>,
    context: &mut MessageContext<'_>,
) -> Handled {
    let counters = deployed.counters(context.route_key);
    let (reply, is_refused) = match outcome {
        Ok(reply) => (reply, false),
        Err(refused) => {
            let is_refused = refused.frame.is_of_client();
            if is_refused {
                count(&counters.client_errors);
            }
            (Some(refuse_logged(refused, context)), is_refused)
        }
    };
    access_log::write(gateway, &deployed.stage, context);
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

/// The route for a key. The lifecycle routes cannot be reached by a message that names them.
fn route<'a>(stage: &'a Stage, key: Option<&str>) -> Option<&'a Arc<Route>> {
    let chosen = key.filter(|key| !key.starts_with('$')).and_then(|key| stage.routes.get(key));
    chosen.or_else(|| stage.routes.get("$default"))
}

/// A refusal as the client sees it.
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
