//! `@connections`: POST sends to a client, GET describes its connection, DELETE closes it
//! (docs/aws-behaviour.md#apigateway-connections).

use super::connections::Connection;
use super::endpoint::{Endpoint, Misplaced};
use super::gateway::Gateway;
use super::ids;
use super::metrics::count;
use super::queue::{CloseReason, SendError};
use crate::core::clock;
use crate::core::identity;
use crate::fault_injection::Fault;
use crate::protocol::body::BodyError;
use bytes::Bytes;
use http::{HeaderValue, Method, Response, StatusCode, request::Parts};
use http_body_util::Full;
use serde_json::{Value, json};
use std::sync::Arc;

/// Why a call is refused. The caller, who has keys to this API, gets the message.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("Forbidden")]
    NoSuchStage,
    #[error("Forbidden")]
    Misplaced(Misplaced),
    #[error("Invalid connectionId: {0}")]
    Malformed(String),
    #[error("the connection is gone")]
    Gone,
    #[error("User: {0}")]
    Denied(#[from] identity::Denied),
    #[error("The security token included in the request is invalid.")]
    UnknownKey,
    #[error("{0}")]
    Body(#[from] BodyError),
    #[error("too much is waiting for the client to read")]
    BufferFull,
    #[error("Rate exceeded")]
    Throttled,
    #[error("Internal server error")]
    Internal,
    #[error("method {0} is not supported on a connection; use POST, GET or DELETE")]
    Method(Method),
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::NoSuchStage | Self::Misplaced(_) | Self::Denied(_) | Self::UnknownKey => {
                StatusCode::FORBIDDEN
            }
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::Gone => StatusCode::GONE,
            Self::Body(error) => error.code().0,
            Self::BufferFull | Self::Throttled => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
        }
    }

    /// Whether its answer has a body: 410 has none (docs/aws-behaviour.md#apigateway-gone).
    fn has_body(&self) -> bool {
        !matches!(self, Self::Gone)
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoSuchStage | Self::Misplaced(_) => "ForbiddenException",
            Self::Malformed(_) => "BadRequestException",
            Self::Gone => "GoneException",
            Self::Denied(_) => "AccessDeniedException",
            Self::UnknownKey => "UnrecognizedClientException",
            Self::Body(BodyError::TooLarge(_)) => "PayloadTooLargeException",
            Self::Body(error) => error.code().1,
            Self::BufferFull | Self::Throttled => "LimitExceededException",
            Self::Internal => "InternalServerErrorException",
            Self::Method(_) => "MethodNotAllowedException",
        }
    }
}

impl Gateway {
    /// Answers one `@connections` call; `body` may be a failure to read it.
    pub fn manage(
        &self,
        endpoint: &Endpoint,
        parts: &Parts,
        body: Result<Bytes, BodyError>,
    ) -> Response<Full<Bytes>> {
        match self.try_manage(endpoint, parts, body) {
            Ok(response) => response,
            Err(refusal) => {
                if let Refusal::Misplaced(why) = &refusal {
                    let path = parts.uri.path();
                    tracing::warn!(target: "flow", hop = "refused post", path, reason = %why, "no connection has this address");
                }
                let body = refusal.has_body().then(|| json!({"message": refusal.to_string()}));
                let mut response = answer(refusal.status(), body.as_ref());
                response.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(refusal.code()));
                response
            }
        }
    }

    /// The fault to inject into a call about this connection, if any.
    fn injected(&self, id: &str) -> Option<Refusal> {
        let triggers = |fault| self.shared.faults.trigger(fault, id).is_some();
        if triggers(Fault::Connections429) {
            Some(Refusal::Throttled)
        } else if triggers(Fault::Connections410) {
            Some(Refusal::Gone)
        } else {
            triggers(Fault::Connections500).then_some(Refusal::Internal)
        }
    }

    fn try_manage(
        &self,
        endpoint: &Endpoint,
        parts: &Parts,
        body: Result<Bytes, BodyError>,
    ) -> Result<Response<Full<Bytes>>, Refusal> {
        let id = endpoint.management().unwrap_or(Err(Misplaced::NoId)).map_err(Refusal::Misplaced)?;
        let deployed = self.stage_at(endpoint).ok_or(Refusal::NoSuchStage)?;
        let stage = &deployed.stage;
        let caller = identity::caller(&self.shared.permissions, parts).ok_or(Refusal::UnknownKey)?;
        let resource = self.shared.account.execute_api_arn(
            &stage.api_id,
            &stage.name,
            &format!("{}/@connections/{id}", parts.method),
        );
        self.shared.permissions.check(&caller, "execute-api:ManageConnections", &resource)?;
        if !ids::is_well_formed(id) {
            return Err(Refusal::Malformed(id.into()));
        }
        if let Some(refusal) = self.injected(id) {
            return Err(refusal);
        }
        let connection = self.shared.connections.get(&stage.api_id, &stage.name, id).ok_or(Refusal::Gone);
        match parts.method {
            Method::POST => {
                let message = body?;
                let bytes = message.len();
                connection?.send(message).map_err(|error| match error {
                    SendError::Gone => Refusal::Gone,
                    SendError::BufferFull => Refusal::BufferFull,
                })?;
                count(&self.shared.metrics.of_callbacks(&stage.api_id, &stage.name).messages);
                tracing::info!(target: "flow", hop = "post", connection_id = id, bytes);
                Ok(answer(StatusCode::OK, None))
            }
            Method::GET => Ok(answer(StatusCode::OK, Some(&describe(&connection?)))),
            Method::DELETE => {
                let connection = connection?;
                self.shared.connections.remove(id);
                connection.close(CloseReason::NORMAL);
                Ok(answer(StatusCode::NO_CONTENT, None))
            }
            ref other => Err(Refusal::Method(other.clone())),
        }
    }
}

fn describe(connection: &Arc<Connection>) -> Value {
    json!({
        "connectedAt": clock::iso_8601(connection.connected_at_ms),
        "identity": {
            "sourceIp": connection.source_ip.to_string(),
            "userAgent": connection.user_agent.as_deref().unwrap_or_default(),
        },
        "lastActiveAt": clock::iso_8601(connection.last_active_ms()),
    })
}

fn answer(status: StatusCode, body: Option<&Value>) -> Response<Full<Bytes>> {
    let text = body.map(Value::to_string).unwrap_or_default();
    let mut response = Response::new(Full::new(text.into()));
    *response.status_mut() = status;
    if body.is_some() {
        response
            .headers_mut()
            .insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    if let Ok(id) = HeaderValue::from_str(&uuid::Uuid::new_v4().to_string()) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}
