//! Runs the integration of a route, and counts what came of it.

use crate::services::apigateway::websocket::context::MessageContext;
use crate::services::apigateway::websocket::deployed::Deployed;
use crate::services::apigateway::websocket::gateway::Gateway;
use crate::services::apigateway::websocket::integration::{self, Answer, IntegrationError};
use crate::services::apigateway::websocket::metrics::count;
use crate::services::apigateway::websocket::stage::{Integration, Route, Target};
use crate::services::apigateway::websocket::trace::Call;
use bytes::Bytes;
use std::time::Instant;

/// Runs a route's integration; answers what goes back to the client, if anything does.
///
/// # Errors
/// As of [`call`] and [`integration::reply`].
pub async fn run(
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
            integration::reply(&deployed.stage, integration, context, body, &answer)
                .map(|reply| Some(reply.body))
        }
        answer => answer.map(|_| None),
    };
    reply.inspect_err(|error| {
        count(&deployed.counters(&route.key).execution_errors);
        tracing::warn!(connection_id = context.connection.id, route = route.key, %error, "failed to handle a message");
    })
}

/// Calls an integration, and keeps what came of it for the log and the metrics.
///
/// # Errors
/// As of [`integration::call`].
pub async fn call(
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
    let (status, service_status, error, request_id) = match &answer {
        Ok(answer) => {
            (answer.status, answer.service_status, answer.error.clone(), answer.request_id.as_str())
        }
        Err(error) => (error.status(), error.service_status(), Some(error.to_string()), error.request_id()),
    };
    if answer.as_ref().is_ok_and(|answer| answer.status >= 400) {
        count(&counters.integration_errors);
    }
    context.trace.status = Some(status);
    context.trace.integration = Some(Call {
        status,
        service_status,
        latency_ms: latency.as_millis() as u64,
        error,
        request_id: request_id.to_owned(),
    });
    answer
}
