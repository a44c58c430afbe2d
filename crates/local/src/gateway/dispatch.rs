//! One message's way through the gateway: throttle, route, model, integration, reply.

use super::Gateway;
use super::connections::Connection;
use super::context::{EventType, MessageContext};
use super::frames::ErrorFrame;
use super::integration::{self, IntegrationError};
use super::selection::Subject;
use super::socket::Ended;
use super::stage::{Route, Stage};
use super::{Deployed, ids};
use crate::clock;
use bytes::Bytes;
use serde_json::Value;
use std::sync::Arc;

/// Handles a text message. Answers the frame that goes back to the client, if any.
pub async fn message(gateway: &Gateway, connection: &Arc<Connection>, body: &str) -> Option<Bytes> {
    let now_ms = clock::now_ms();
    let request_id = ids::id(now_ms);
    let refuse = |frame: ErrorFrame| {
        tracing::info!(target: "flow", hop = "refused frame", connection_id = connection.id, reason = ?frame);
        Some(frame.render(&connection.id, &request_id))
    };
    let Some(deployed) = gateway.deployed(&connection.api_id, &connection.stage) else {
        return refuse(ErrorFrame::Forbidden);
    };
    let stage = &deployed.stage;

    let needs_json = stage.route_selection_expression.reads_body() && stage.routes.len() > 1;
    let json: Option<Value> = if needs_json { serde_json::from_str(body).ok() } else { None };
    let subject = Subject { body: json.as_ref(), ..Subject::default() };
    let key = stage.route_selection_expression.evaluate(subject);
    let Some(route) = route(stage, &key) else { return refuse(ErrorFrame::Forbidden) };
    if !deployed.admits(&route.key, now_ms) {
        return refuse(ErrorFrame::TooManyRequests);
    }
    if !satisfies_model(route, body, json.as_ref()) {
        return refuse(ErrorFrame::BadRequestBody);
    }
    tracing::info!(target: "flow", hop = "frame", connection_id = connection.id, route = route.key, bytes = body.len());

    let mut context = context(gateway, connection, route, EventType::Message, request_id.clone(), now_ms);
    context.message_id = Some(ids::id(now_ms));
    let outcome = run(gateway, &deployed, route, &mut context, body).await;
    super::access_log::write(gateway, stage, &context);
    match outcome {
        Ok(reply) => reply,
        Err(error) => {
            tracing::warn!(connection_id = connection.id, route = route.key, %error, "failed to handle a message");
            let frame = match error {
                IntegrationError::Timeout(..) => ErrorFrame::EndpointRequestTimedOut,
                _ => ErrorFrame::InternalServerError,
            };
            refuse(frame)
        }
    }
}

/// Runs `$connect`, if there is such a route. Answers the status of the handshake.
pub async fn connect(gateway: &Gateway, deployed: &Deployed, connection: &Connection) -> u16 {
    let Some(route) = deployed.stage.routes.get("$connect") else { return 101 };
    let now_ms = clock::now_ms();
    let request_id = ids::id(now_ms);
    let mut context = context(gateway, connection, route, EventType::Connect, request_id, now_ms);
    let outcome = match &route.integration {
        None => Ok(200),
        Some(integration) => {
            let answer = integration::call(gateway, &deployed.stage, integration, &context, "").await;
            answer.and_then(|answer| {
                integration::reply(&deployed.stage, integration, &context, &answer).map(|_| answer.status)
            })
        }
    };
    let status = match outcome {
        Ok(200..=299) => 101,
        Ok(status @ 400..) => status,
        Ok(_) => 500,
        Err(error) => {
            tracing::warn!(%error, "failed to handle $connect");
            500
        }
    };
    context.status = Some(if status == 101 { 200 } else { status });
    super::access_log::write(gateway, &deployed.stage, &context);
    status
}

/// Runs `$disconnect`, if there is such a route. Best effort, as on AWS: nobody hears of a failure.
pub async fn disconnect(gateway: &Gateway, connection: &Arc<Connection>, ended: &Ended) {
    tracing::info!(target: "flow", hop = "disconnect", connection_id = connection.id, code = ended.status_code, reason = ended.reason);
    let Some(deployed) = gateway.deployed(&connection.api_id, &connection.stage) else { return };
    let Some(route) = deployed.stage.routes.get("$disconnect") else { return };
    let now_ms = clock::now_ms();
    let mut context = context(gateway, connection, route, EventType::Disconnect, ids::id(now_ms), now_ms);
    if let Err(error) = run(gateway, &deployed, route, &mut context, "").await {
        tracing::warn!(connection_id = connection.id, %error, "failed to handle $disconnect");
    }
    super::access_log::write(gateway, &deployed.stage, &context);
}

/// The route for a key. The lifecycle routes cannot be reached by a message that names them.
fn route<'a>(stage: &'a Stage, key: &str) -> Option<&'a Arc<Route>> {
    let chosen = if key.starts_with('$') { None } else { stage.routes.get(key) };
    chosen.or_else(|| stage.routes.get("$default"))
}

fn satisfies_model(route: &Route, body: &str, json: Option<&Value>) -> bool {
    let Some(model) = &route.request_model else { return true };
    match json {
        Some(json) => model.schema.is_valid(json),
        // Text that is no JSON at all is refused by any model: decided, the facts leave it open.
        None => serde_json::from_str(body).is_ok_and(|json| model.schema.is_valid(&json)),
    }
}

async fn run(
    gateway: &Gateway,
    deployed: &Deployed,
    route: &Route,
    context: &mut MessageContext<'_>,
    body: &str,
) -> Result<Option<Bytes>, IntegrationError> {
    let Some(integration) = &route.integration else { return Ok(None) };
    let answer = integration::call(gateway, &deployed.stage, integration, context, body).await?;
    context.status = Some(answer.status);
    if !route.two_way {
        return Ok(None);
    }
    integration::reply(&deployed.stage, integration, context, &answer).map(Some)
}

fn context<'a>(
    gateway: &'a Gateway,
    connection: &'a Connection,
    route: &'a Route,
    event_type: EventType,
    request_id: String,
    request_time_ms: u64,
) -> MessageContext<'a> {
    MessageContext {
        connection,
        event_type,
        route_key: &route.key,
        account_id: &gateway.account.id,
        request_id,
        message_id: None,
        request_time_ms,
        status: None,
    }
}
