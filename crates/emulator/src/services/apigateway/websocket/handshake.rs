//! The handshake: from an HTTP upgrade to a connection, or to the status that refuses it
//! (docs/aws-behaviour.md#apigateway-handshake-status).

use super::connections::{CloseInfo, Connection, NewConnection};
use super::context::{EventType, MessageContext};
use super::deployed::Deployed;
use super::endpoint::Endpoint;
use super::gateway::Gateway;
use super::handshake_request::HandshakeRequest;
use super::limits::URL_CHARS_MAX;
use super::metrics::count;
use super::queue::Outbox;
use super::trace::Failure;
use super::{access_log, authorizer, header_names, ids, lifecycle, socket};
use crate::core::clock;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Version, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// The supported version of the protocol.
const VERSION: HeaderValue = HeaderValue::from_static("13");
/// Seconds after which a client may try again that arrived before its stage.
const RETRY_AFTER_S: u16 = 1;
/// Bytes of a handshake's key, before base64.
const KEY_BYTES: usize = 16;

/// Whether a request asks for a WebSocket.
pub fn is_upgrade(headers: &HeaderMap) -> bool {
    // A list may be spread over several headers.
    let has = |name, token: &str| {
        let mut values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        values.any(|value| value.split(',').any(|part| part.trim().eq_ignore_ascii_case(token)))
    };
    has(header::UPGRADE, "websocket") && has(header::CONNECTION, "upgrade")
}

impl Gateway {
    /// Answers a handshake, and serves the resulting connection on a task of its own.
    pub async fn upgrade(
        &self,
        host: &str,
        source_ip: IpAddr,
        mut request: Request<Incoming>,
    ) -> Response<Full<Bytes>> {
        let upgrade = hyper::upgrade::on(&mut request);
        let (parts, _) = request.into_parts();
        let now_ms = clock::now_ms();
        let (connection_id, request_id) = (ids::id(now_ms), ids::id(now_ms));
        let refuse = |status: StatusCode| refuse(status, &connection_id, &request_id);
        if self.shared.stop.is_cancelled() {
            return refuse(StatusCode::SERVICE_UNAVAILABLE);
        }
        if parts.uri.path_and_query().map_or(0, |path| path.as_str().len()) > URL_CHARS_MAX {
            return refuse(StatusCode::URI_TOO_LONG);
        }
        let endpoint = Endpoint::parse(host, parts.uri.path()).filter(|endpoint| endpoint.rest.is_empty());
        let Some(deployed) = endpoint.and_then(|endpoint| self.stage_at(&endpoint)) else {
            if self.shared.is_starting.load(Relaxed) {
                let mut response = refuse(StatusCode::SERVICE_UNAVAILABLE);
                response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER_S.into());
                return response;
            }
            tracing::warn!(target: "flow", hop = "refused handshake", path = parts.uri.path(), "no such stage");
            let mut response = refuse(StatusCode::FORBIDDEN);
            if let Ok(hint) = HeaderValue::from_str(&self.stages_hint()) {
                response.headers_mut().insert("x-sluicegate-hint", hint);
            }
            return response;
        };
        let Some(accept) = accept(&parts) else {
            let mut response = refuse(StatusCode::BAD_REQUEST);
            response.headers_mut().insert(header::SEC_WEBSOCKET_VERSION, VERSION);
            return response;
        };
        if !deployed.admits("$connect", now_ms) {
            count(&deployed.counters("$connect").client_errors);
            return refuse(StatusCode::TOO_MANY_REQUESTS);
        }
        let (connection, outbox) = Connection::new(NewConnection {
            id: connection_id.clone(),
            api_id: deployed.stage.api_id.clone(),
            stage: deployed.stage.name.clone(),
            domain_name: host.to_owned(),
            connected_at_ms: now_ms,
            source_ip,
            user_agent: user_agent(&parts.headers),
        });
        let subprotocol = match self.connect(&deployed, &connection, &parts, request_id.clone()).await {
            (101, subprotocol) => subprotocol,
            (status, _) => {
                return refuse(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
            }
        };
        // Functions may answer a CONNECT event before the client has read its 101: the queue keeps the message.
        self.shared.connections.insert(connection.clone());
        self.shared.tasks.spawn(serve(self.clone(), connection, outbox, upgrade));
        switch_protocols(accept, subprotocol)
    }

    /// Authorises a handshake and runs `$connect`. Returns its status and its subprotocol.
    async fn connect(
        &self,
        deployed: &Deployed,
        connection: &Connection,
        request: &Parts,
        request_id: String,
    ) -> (u16, Option<String>) {
        let stage = &deployed.stage;
        let counters = deployed.counters("$connect");
        let Some(route) = stage.routes.get("$connect") else {
            count(&counters.connects);
            return (101, None);
        };
        // The headers that AWS's front end adds.
        let port = connection.domain_name.rsplit_once(':').map_or("80", |(_, port)| port);
        let opening = HandshakeRequest::new(request)
            .with_header("X-Forwarded-For", connection.source_ip.to_string())
            .with_header("X-Forwarded-Port", port.to_owned())
            .with_header("X-Forwarded-Proto", "http".to_owned());
        let mut context = MessageContext::new(
            connection,
            EventType::Connect,
            &route.key,
            &self.shared.account.id,
            request_id,
            connection.connected_at_ms,
        );
        context.opening = Some(&opening);
        let authorized =
            authorizer::authorize(self, stage, &route.authorization, &mut context, request).await;
        let (status, subprotocol) = match authorized {
            Ok(()) => {
                count(&counters.connects);
                lifecycle::connect(self, deployed, route, &mut context).await
            }
            Err(refusal) => {
                tracing::warn!(target: "flow", hop = "refused handshake", connection_id = connection.id, reason = %refusal);
                count(if refusal.status() < 500 {
                    &counters.client_errors
                } else {
                    &counters.execution_errors
                });
                let message = message(refusal.status());
                context.trace.error =
                    Some(Failure { message, response_type: refusal.response_type(), validation: None });
                (refusal.status(), None)
            }
        };
        context.trace.status = Some(if status == 101 { 200 } else { status });
        access_log::write(self, stage, &context);
        (status, subprotocol)
    }
}

async fn serve(gateway: Gateway, connection: Arc<Connection>, outbox: Outbox, upgrade: OnUpgrade) {
    tracing::info!(target: "flow", hop = "connect", connection_id = connection.id, source_ip = %connection.source_ip);
    let ended = match upgrade.await {
        Ok(upgraded) => {
            let stop = gateway.shared.stop.clone();
            socket::serve(&gateway, &connection, TokioIo::new(upgraded), outbox, stop).await
        }
        Err(error) => {
            tracing::debug!(%error, "a client left during its handshake");
            CloseInfo::lost()
        }
    };
    forget(&gateway, &connection, &ended).await;
}

/// Runs `$disconnect` for a client that is gone.
pub(super) async fn forget(gateway: &Gateway, connection: &Arc<Connection>, ended: &CloseInfo) {
    gateway.shared.connections.remove(&connection.id);
    // Boxed, it is no part of an open connection.
    Box::pin(lifecycle::disconnect(gateway, connection, ended)).await;
}

fn switch_protocols(accept: HeaderValue, subprotocol: Option<String>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    if let Some(subprotocol) = subprotocol.and_then(|text| HeaderValue::try_from(text).ok()) {
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, subprotocol);
    }
    response
}

fn refuse(status: StatusCode, connection_id: &str, request_id: &str) -> Response<Full<Bytes>> {
    let message = message(status.as_u16());
    let body = format!(
        r#"{{"message": "{message}", "connectionId":"{connection_id}", "requestId":"{request_id}"}}"#
    );
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// What a refused client gets; the log has the details.
fn message(status: u16) -> &'static str {
    match status {
        500 => "Internal server error",
        other => {
            StatusCode::from_u16(other).ok().and_then(|status| status.canonical_reason()).unwrap_or_default()
        }
    }
}

/// `Sec-WebSocket-Accept` for a well-formed handshake (RFC 6455, 4.2.1).
fn accept(request: &Parts) -> Option<HeaderValue> {
    let only = |name| {
        let mut values = request.headers.get_all(name).iter();
        values.next().filter(|_| values.next().is_none())
    };
    let key = only(header::SEC_WEBSOCKET_KEY)?;
    let is_key = STANDARD.decode(key).is_ok_and(|key| key.len() == KEY_BYTES);
    let is_get = request.method == Method::GET && request.version == Version::HTTP_11;
    if !is_get || !is_key || only(header::SEC_WEBSOCKET_VERSION)? != VERSION {
        return None;
    }
    HeaderValue::from_str(&derive_accept_key(key.as_bytes())).ok()
}

fn user_agent(headers: &HeaderMap) -> Option<String> {
    headers.get(header::USER_AGENT).map(|agent| header_names::text(agent.as_bytes()))
}
