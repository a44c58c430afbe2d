//! The one port: accepts connections and tells apart WebSockets, `@connections`, AWS APIs and the plane's own pages.

use crate::faults;
use crate::gateway::{self, Endpoint};
use crate::metrics;
use crate::open_files::{self, Room};
use crate::plane::Plane;
use axum::body::Body;
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use serde_json::json;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Bytes of an AWS API call's body, at most: a function's zip of 50 MB in base64, and some.
pub const API_BODY_BYTES_MAX: usize = 256 * 1_024 * 1_024;
/// Bytes of a call to the plane's own pages, at most.
const ADMIN_BODY_BYTES_MAX: usize = 64 * 1_024;
/// A client that has not sent its request's head in this time is let go while files are scarce.
const SCARCE_HEAD_MAX: Duration = Duration::from_secs(1);
/// Where the plane tells of itself.
pub const ADMIN_PREFIX: &str = "/_sluicegate/";

/// Serves until `stop` is cancelled, then lets calls in flight end, or cuts them off with `cut`.
pub async fn serve(plane: Plane, listener: TcpListener, stop: CancellationToken, cut: CancellationToken) {
    let calls = TaskTracker::new();
    loop {
        let (socket, peer, room) = tokio::select! {
            accepted = open_files::accept_client(&listener) => accepted,
            () = stop.cancelled() => break,
        };
        let _ = socket.set_nodelay(true);
        let (plane, stop) = (plane.clone(), stop.clone());
        let served = async move {
            // hyper's own limit begins with the first byte: without this one, who sends none stays for good.
            let mut first = [0];
            let speaks = tokio::select! {
                spoken = timeout(head_max(room), socket.peek(&mut first)) => matches!(spoken, Ok(Ok(1..))),
                () = stop.cancelled() => false,
            };
            if speaks {
                serve_connection(plane, socket, peer, room, stop).await;
            }
        };
        calls.spawn(cut.clone().run_until_cancelled_owned(served));
    }
    calls.close();
    calls.wait().await;
}

/// How long a client may take to send a request's head.
fn head_max(room: Room) -> Duration {
    match room {
        Room::Enough => gateway::limits::REQUEST_HEAD_MAX,
        Room::Scarce => SCARCE_HEAD_MAX,
    }
}

/// Serves one client until it or the plane ends.
pub async fn serve_connection<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    plane: Plane,
    socket: S,
    peer: SocketAddr,
    room: Room,
    stop: CancellationToken,
) {
    // Its calls share it.
    let plane = Arc::new(plane);
    let service = service_fn(move |request| {
        let plane = plane.clone();
        async move {
            if room == Room::Scarce && gateway::is_upgrade(request.headers()) {
                let message = "the emulator has too few files left for another WebSocket";
                return Ok(page(StatusCode::SERVICE_UNAVAILABLE, json!({"message": message})));
            }
            Ok::<_, Infallible>(answer(&plane, peer, request).await)
        }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(head_max(room));
    builder.http1().keep_alive(room == Room::Enough);
    builder.http2().timer(TokioTimer::new());
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(socket), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, %peer, "a connection ended badly");
    }
}

async fn answer(plane: &Plane, peer: SocketAddr, request: Request<Incoming>) -> Response<Body> {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let host =
        host.or_else(|| request.uri().authority().map(http::uri::Authority::as_str)).unwrap_or_default();
    let host = host.to_owned();
    if gateway::is_upgrade(request.headers()) {
        return plane.gateway.upgrade(&host, peer.ip(), request).await.map(Body::new);
    }
    let path = request.uri().path();
    if let Some(name) = path.strip_prefix(ADMIN_PREFIX).map(str::to_owned) {
        return admin(plane, &name, request).await;
    }
    if let Some(endpoint) = Endpoint::parse(&host, path).filter(|endpoint| endpoint.connection_id().is_some())
    {
        let (parts, body) = request.into_parts();
        return plane.gateway.manage(&endpoint, &parts, body).await.map(Body::new);
    }
    let (parts, body) = request.into_parts();
    let Ok(body) = Limited::new(body, API_BODY_BYTES_MAX).collect().await else {
        return page(StatusCode::PAYLOAD_TOO_LARGE, json!({"message": "the request is too large"}));
    };
    plane.call(Request::from_parts(parts, body.to_bytes())).await
}

/// `/_sluicegate/health`, `metrics`, `state` and `faults`.
async fn admin(plane: &Plane, name: &str, request: Request<Incoming>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    match (&parts.method, name) {
        (&Method::GET, "health") => {
            page(StatusCode::OK, json!({"status": "running", "version": env!("CARGO_PKG_VERSION")}))
        }
        (&Method::GET, "state") => page(StatusCode::OK, plane.state().await),
        (&Method::GET, "metrics") => {
            let mut response = Response::new(Body::from(plane.metrics()));
            response
                .headers_mut()
                .insert(header::CONTENT_TYPE, HeaderValue::from_static(metrics::CONTENT_TYPE));
            response
        }
        (method, faults::PAGE) => {
            let Ok(body) = Limited::new(body, ADMIN_BODY_BYTES_MAX).collect().await else {
                return page(StatusCode::PAYLOAD_TOO_LARGE, json!({"message": "the request is too large"}));
            };
            let (status, answer) = plane.faults().page(method, &body.to_bytes());
            page(status, answer)
        }
        _ => page(
            StatusCode::NOT_FOUND,
            json!({"message": format!("there is no page {ADMIN_PREFIX}{name}; there are health, metrics, state and faults")}),
        ),
    }
}

fn page(status: StatusCode, body: serde_json::Value) -> Response<Body> {
    let mut response = Response::new(Body::new(Full::new(Bytes::from(body.to_string()))));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
