//! Answers one request: first the guard, then WebSockets, `@connections`, AWS APIs and the emulator's own pages.

use crate::core::identity::proof::Unproven;
use crate::core::metrics;
use crate::fault_injection;
use crate::protocol::body;
use crate::protocol::exchange::{self, Protocol};
use crate::protocol::{ApiError, Service};
use crate::server::app::App;
use crate::server::call_bytes::call_bytes_max;
use crate::server::guard::{self, Admitted, PAGES_PREFIX, Purpose, Refusal};
use crate::services::apigateway::websocket::limits::MESSAGE_BYTES_MAX;
use crate::services::kinesis;
use axum::body::Body;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use serde_json::{Value, json};
use std::net::SocketAddr;

/// Bytes of a call to the emulator's own pages, at most.
const PAGE_BODY_BYTES_MAX: usize = 64 * 1_024;

pub async fn answer(app: &App, peer: SocketAddr, request: Request<Incoming>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let admitted = match app.guard.admit(&parts) {
        Ok(admitted) => admitted,
        Err(refusal) => return refuse(&parts, &refusal),
    };
    let mut answer = serve(app, peer, &admitted, parts, body).await;
    admitted.cors.apply(answer.headers_mut());
    answer
}

async fn serve(
    app: &App,
    peer: SocketAddr,
    admitted: &Admitted,
    parts: Parts,
    body: Incoming,
) -> Response<Body> {
    let host = admitted.host.as_str();
    match &admitted.purpose {
        Purpose::Handshake => {
            app.gateway.upgrade(host, peer.ip(), Request::from_parts(parts, body)).await.map(Body::new)
        }
        Purpose::Page(name) => serve_page(app, name, &parts, body).await,
        Purpose::Preflight => {
            let mut answer = Response::new(Body::empty());
            *answer.status_mut() = StatusCode::NO_CONTENT;
            *answer.headers_mut() = guard::preflight(&parts.headers);
            answer
        }
        Purpose::Connection(endpoint) => {
            let body = body::read(body, MESSAGE_BYTES_MAX).await;
            let bytes = body.as_deref().unwrap_or_default();
            match admitted.proof.verify(&parts, host, bytes) {
                Ok(()) => app.gateway.manage(endpoint, &parts, body).map(Body::new),
                Err(unproven) => refuse(&parts, &unproven.into()),
            }
        }
        Purpose::Call => match call(admitted, &parts, body).await {
            Ok(body) => app.call(Request::from_parts(parts, body)).await,
            Err(answer) => *answer,
        },
    }
}

/// The body of an AWS API call, or an error if it is too large or not what was signed.
async fn call(admitted: &Admitted, parts: &Parts, body: Incoming) -> Result<Bytes, Box<Response<Body>>> {
    let body = body::read(body, call_bytes_max(parts)).await.map_err(|error| {
        let (status, code) = error.code();
        Box::new(refuse_call(parts, ApiError::new(status, code, error.to_string())))
    })?;
    let proven = admitted.proof.verify(parts, &admitted.host, &body);
    proven.map_err(|unproven: Unproven| Box::new(refuse(parts, &unproven.into())))?;
    Ok(body)
}

/// Refuses in AWS's form where AWS has the same error, else in the emulator's own.
fn refuse(parts: &Parts, refusal: &Refusal) -> Response<Body> {
    let (status, message) = (refusal.status(), refusal.to_string());
    let Some((code, query_code)) = refusal.aws_code() else {
        tracing::warn!(path = parts.uri.path(), reason = message, "refused a request");
        return page(status, &json!({ "message": message }));
    };
    let error = ApiError::new(status, code, message).with_query_code(query_code);
    refuse_call(parts, error)
}

/// Refuses a call in its own protocol, which its head shows.
fn refuse_call(parts: &Parts, error: ApiError) -> Response<Body> {
    let target = parts.headers.get("x-amz-target").map(HeaderValue::as_bytes).unwrap_or_default();
    if target.starts_with(kinesis::TARGET_PREFIX.as_bytes()) {
        return kinesis::refuse_head(parts, error.status, error.code, &error.message);
    }
    let host = guard::host_of(parts).unwrap_or_default();
    let refused = match guard::purpose(parts, host) {
        // In API Gateway's form, as `@connections` itself answers.
        Purpose::Connection(_) => exchange::write(Service::ApiGateway, Protocol::RestJson, "", Err(error)),
        _ => exchange::refuse(parts, error),
    };
    refused.map(Body::new)
}

/// `/_sluicegate/health`, `metrics`, `state` and `faults`.
async fn serve_page(app: &App, name: &str, parts: &Parts, body: Incoming) -> Response<Body> {
    match (&parts.method, name) {
        (&Method::GET, "health") => {
            page(StatusCode::OK, &json!({"status": "running", "version": env!("CARGO_PKG_VERSION")}))
        }
        (&Method::GET, "state") => page(StatusCode::OK, &app.state().await),
        (&Method::GET, "metrics") => {
            let mut answer = Response::new(Body::from(app.metrics()));
            let headers = answer.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(metrics::CONTENT_TYPE));
            keep_from_other_pages(headers);
            answer
        }
        (method, fault_injection::PAGE) => match body::read(body, PAGE_BODY_BYTES_MAX).await {
            Ok(body) => {
                let (status, answer) = app.faults.page(method, &body);
                page(status, &answer)
            }
            Err(error) => page(error.code().0, &json!({"message": error.to_string()})),
        },
        _ => {
            let message =
                format!("there is no page {PAGES_PREFIX}{name}; there are health, metrics, state and faults");
            page(StatusCode::NOT_FOUND, &json!({ "message": message }))
        }
    }
}

/// An answer of one of the emulator's own pages.
pub fn page(status: StatusCode, body: &Value) -> Response<Body> {
    let mut answer = Response::new(Body::from(body.to_string()));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    keep_from_other_pages(headers);
    answer
}

/// Keeps other sites' pages from framing or embedding the answer, and browsers from guessing its type. The guard
/// refuses such requests already, but only if the browser names the sender; an old one, or one that thinks the address
/// insecure, may not.
fn keep_from_other_pages(headers: &mut HeaderMap) {
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
}
