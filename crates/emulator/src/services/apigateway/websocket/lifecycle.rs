//! `$connect` and `$disconnect`: what runs before a connection is established, and when it has ended.

use super::connections::{CloseInfo, Connection};
use super::context::{EventType, MessageContext};
use super::deployed::Deployed;
use super::dispatch::{call, run};
use super::gateway::Gateway;
use super::integration::{self, Answer};
use super::metrics::count;
use super::stage::{Integration, Route};
use super::{access_log, ids};
use crate::core::clock;
use std::sync::Arc;

/// Runs `$connect`'s integration, if there is such a route. Answers the status of the handshake, and its
/// subprotocol.
pub async fn connect(
    gateway: &Gateway,
    deployed: &Deployed,
    route: &Route,
    context: &mut MessageContext<'_>,
) -> (u16, Option<String>) {
    let counters = deployed.counters(&route.key);
    let Some(integration) = &route.integration else { return (101, None) };
    let outcome = match call(gateway, deployed, integration, context, "").await {
        Ok(answer) => integration::reply(&deployed.stage, integration, context, "", &answer)
            .map(|reply| (handshake_status(integration, &answer), reply.subprotocol)),
        Err(error) => Err(error),
    };
    match outcome {
        Ok((101, subprotocol)) => (101, subprotocol),
        Ok((status, _)) => (status, None),
        Err(error) => {
            count(&counters.execution_errors);
            tracing::warn!(connection_id = context.connection.id, %error, "failed to handle $connect");
            (error.handshake_status(), None)
        }
    }
}

/// The status of a handshake by `$connect`'s answer (docs/aws-behaviour.md#apigateway-handshake-status).
fn handshake_status(integration: &Integration, answer: &Answer) -> u16 {
    match answer.status {
        // A function that failed must not let in whom it was to look at: decided,
        // docs/aws-behaviour.md#apigateway-connect-function-error.
        _ if answer.error_message.is_some() => 500,
        200..=299 => 101,
        status @ 400.. => status,
        status @ 300.. if integration.is_proxy() => status,
        _ => 500,
    }
}

/// Runs `$disconnect`, if there is such a route. Best effort, as on AWS: nobody hears of a failure.
pub async fn disconnect(gateway: &Gateway, connection: &Arc<Connection>, ended: &CloseInfo) {
    tracing::info!(target: "flow", hop = "disconnect", connection_id = connection.id, code = ended.status_code, reason = ended.reason);
    let Some(deployed) = gateway.deployed(&connection.api_id, &connection.stage) else { return };
    let Some(route) = deployed.stage.routes.get("$disconnect") else { return };
    let now_ms = clock::now_ms();
    let (account_id, request_id) = (&gateway.shared.account.id, ids::id(now_ms));
    let mut context =
        MessageContext::new(connection, EventType::Disconnect, &route.key, account_id, request_id, now_ms);
    context.ended = Some(ended);
    if let Err(error) = run(gateway, &deployed, route, &mut context, "").await {
        tracing::warn!(connection_id = connection.id, %error, "failed to handle $disconnect");
    }
    access_log::write(gateway, &deployed.stage, &context);
}
