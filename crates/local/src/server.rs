//! The one port: accepts connections and serves them.

use crate::answer::answer;
use crate::gateway;
use crate::open_files;
use crate::plane::Plane;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Serves until `stop` is cancelled, then lets calls in flight end.
pub async fn serve(plane: Plane, listener: TcpListener, stop: CancellationToken) {
    let calls = TaskTracker::new();
    loop {
        let (socket, peer) = tokio::select! {
            accepted = open_files::accept(&listener) => accepted,
            () = stop.cancelled() => break,
        };
        let _ = socket.set_nodelay(true);
        calls.spawn(serve_connection(plane.clone(), socket, peer, stop.clone()));
    }
    calls.close();
    calls.wait().await;
}

/// Serves one client until it or the plane ends.
pub async fn serve_connection<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    plane: Plane,
    socket: S,
    peer: SocketAddr,
    stop: CancellationToken,
) {
    // Its calls share it.
    let plane = Arc::new(plane);
    let service = service_fn(move |request| {
        let plane = plane.clone();
        async move { Ok::<_, Infallible>(answer(&plane, peer, request).await) }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(gateway::limits::REQUEST_HEAD_MAX);
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
