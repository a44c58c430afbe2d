//! The handshake: from an HTTP upgrade to a connection, or to the status that refuses it (facts A4).

use super::connections::{Connection, NewConnection};
use super::endpoint::Endpoint;
use super::limits::URL_CHARS_MAX;
use super::{Gateway, dispatch, ids, socket};
use crate::clock;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use std::net::IpAddr;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// Whether a request asks for a WebSocket.
pub fn is_upgrade(headers: &HeaderMap) -> bool {
    let has = |name, token: &str| {
        let value = headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).unwrap_or_default();
        value.split(',').any(|part| part.trim().eq_ignore_ascii_case(token))
    };
    has(header::UPGRADE, "websocket") && has(header::CONNECTION, "upgrade")
}

impl Gateway {
    /// Answers a handshake, and serves the connection that comes of it on a task of its own.
    pub async fn upgrade(
        &self,
        host: &str,
        source_ip: IpAddr,
        mut request: Request<Incoming>,
    ) -> Response<Full<Bytes>> {
        let now_ms = clock::now_ms();
        let (connection_id, request_id) = (ids::id(now_ms), ids::id(now_ms));
        let refuse = |status: StatusCode, message: &str| {
            let body = format!(
                r#"{{"message": "{message}", "connectionId":"{connection_id}", "requestId":"{request_id}"}}"#
            );
            let mut response = Response::new(Full::new(body.into()));
            *response.status_mut() = status;
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            response
        };
        if self.stop.is_cancelled() {
            return refuse(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable");
        }
        let uri_chars = request.uri().path_and_query().map_or(0, |path| path.as_str().len());
        if uri_chars > URL_CHARS_MAX {
            return refuse(StatusCode::URI_TOO_LONG, "URI too long");
        }
        let endpoint = Endpoint::parse(host, request.uri().path());
        let stage = endpoint
            .filter(|endpoint| endpoint.rest.is_empty())
            .and_then(|endpoint| self.stage_at(&endpoint));
        let Some(stage) = stage else {
            tracing::warn!(target: "flow", hop = "refused handshake", path = request.uri().path(), "no such stage");
            let hint = self.stages_hint();
            let mut response = refuse(StatusCode::FORBIDDEN, "Forbidden");
            if let Ok(hint) = HeaderValue::from_str(&hint) {
                response.headers_mut().insert("x-sluicegate-hint", hint);
            }
            return response;
        };
        let Some(accept) = accept(request.headers()) else {
            return refuse(StatusCode::BAD_REQUEST, "Bad Request");
        };
        let Some(deployed) = self.deployed(&stage.api_id, &stage.name) else {
            return refuse(StatusCode::FORBIDDEN, "Forbidden");
        };
        if !deployed.admits("$connect", now_ms) {
            return refuse(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests");
        }
        let (connection, queue) = Connection::new(NewConnection {
            id: connection_id.clone(),
            api_id: stage.api_id.clone(),
            stage: stage.name.clone(),
            domain_name: host.to_owned(),
            connected_at_ms: now_ms,
            source_ip,
            user_agent: text(request.headers(), header::USER_AGENT),
        });
        match dispatch::connect(self, &deployed, &connection).await {
            101 => {}
            status => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                return refuse(status, status.canonical_reason().unwrap_or_default());
            }
        }
        // Functions may answer a CONNECT event before the client has read its 101: the queue holds it.
        self.connections.insert(connection.clone());
        let upgrade = hyper::upgrade::on(&mut request);
        self.tasks.spawn(serve(self.clone(), connection, queue, upgrade));

        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
        response
    }
}

async fn serve(
    gateway: Gateway,
    connection: Arc<Connection>,
    queue: mpsc::Receiver<super::connections::Outgoing>,
    upgrade: OnUpgrade,
) {
    tracing::info!(target: "flow", hop = "connect", connection_id = connection.id, source_ip = %connection.source_ip);
    let ended = match upgrade.await {
        Ok(upgraded) => {
            let stop = gateway.stop.child_token();
            socket::serve(&gateway, &connection, TokioIo::new(upgraded), queue, stop).await
        }
        Err(error) => {
            tracing::debug!(%error, "a client left during its handshake");
            socket::Ended { status_code: 1006, reason: String::new() }
        }
    };
    gateway.connections.remove(&connection.id);
    dispatch::disconnect(&gateway, &connection, &ended).await;
}

/// `Sec-WebSocket-Accept` for a well-formed handshake of version 13.
fn accept(headers: &HeaderMap) -> Option<HeaderValue> {
    let is_version_13 = headers.get(header::SEC_WEBSOCKET_VERSION).is_some_and(|version| version == "13");
    let key = headers.get(header::SEC_WEBSOCKET_KEY)?;
    // 16 bytes in base64, as RFC 6455 asks.
    let is_key = key.len() == 24;
    if !is_version_13 || !is_key {
        return None;
    }
    HeaderValue::from_str(&derive_accept_key(key.as_bytes())).ok()
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(Into::into)
}
