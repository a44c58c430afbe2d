//! The port: accepts connections and serves them.

pub mod answer;
pub mod app;
mod call_bytes;
pub mod guard;

use crate::core::open_files::{self, Room};
use crate::server::answer::{answer, page};
use crate::server::app::App;
use crate::services::apigateway::websocket;
use http::StatusCode;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use serde_json::json;
use std::convert::Infallible;
use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// While files are scarce, a client must send its request's head within this time.
const SCARCE_HEAD_MAX: Duration = Duration::from_secs(1);
/// What an HTTP/2 client may take to answer a ping.
const PING_MAX: Duration = Duration::from_secs(20);

/// Serves until `stop` is cancelled, then lets calls in flight finish until `cut` is.
pub async fn serve(app: Arc<App>, listener: TcpListener, stop: CancellationToken, cut: CancellationToken) {
    let calls = TaskTracker::new();
    loop {
        let (socket, peer, room) = tokio::select! {
            accepted = open_files::accept_client(&listener) => accepted,
            () = stop.cancelled() => break,
        };
        let _ = socket.set_nodelay(true);
        let (app, stop) = (app.clone(), stop.clone());
        let served = async move {
            // hyper's own limit begins with the first byte. Without this one, a client that sends none stays forever.
            let mut first = [0];
            let speaks = tokio::select! {
                spoken = timeout(head_max(room), socket.peek(&mut first)) => matches!(spoken, Ok(Ok(1..))),
                () = stop.cancelled() => false,
            };
            if speaks {
                serve_connection(app, socket, peer, room, stop).await;
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
        Room::Enough => websocket::limits::REQUEST_HEAD_MAX,
        Room::Scarce => SCARCE_HEAD_MAX,
    }
}

/// Serves one client until it or the emulator ends.
pub async fn serve_connection<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    app: Arc<App>,
    socket: S,
    peer: SocketAddr,
    room: Room,
    stop: CancellationToken,
) {
    let asked = CancellationToken::new();
    let first = asked.clone();
    let service = service_fn(move |request| {
        first.cancel();
        let app = app.clone();
        async move {
            if room == Room::Scarce && websocket::is_upgrade(request.headers()) {
                let message = "the emulator has too few open files left for another WebSocket: close some, or raise its limit (ulimit -n)";
                return Ok(page(StatusCode::SERVICE_UNAVAILABLE, &json!({ "message": message })));
            }
            Ok::<_, Infallible>(answer(&app, peer, request).await)
        }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(head_max(room));
    builder.http1().keep_alive(room == Room::Enough);
    // What `$connect`'s templates and functions see has the names as the client wrote them.
    builder.http1().preserve_header_case(true);
    // A client in the middle of an HTTP/2 head cannot answer a ping: nothing else may come in between.
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(head_max(room)).keep_alive_timeout(PING_MAX);
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(socket), service);
    tokio::pin!(connection);
    // hyper limits HTTP/1 heads only: not the bytes by which it knows the version, nor an HTTP/2 preface.
    let unasked = async {
        if timeout(head_max(room), asked.cancelled()).await.is_ok() {
            pending::<()>().await;
        }
    };
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = unasked => return tracing::debug!(%peer, "a connection brought no request in time"),
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, %peer, "a connection ended with an error");
    }
}

#[cfg(test)]
mod tests;
