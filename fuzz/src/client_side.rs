//! The gateway from the client's side, on a runtime whose clock advances when nobody has anything to do.

use crate::lines::Lines;
use crate::stage::{self, API_ID, NAME, STREAM};
use emulator::services::apigateway::websocket::{Gateway, Timers};
use emulator::services::kinesis::{Streams, TARGET_PREFIX};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::DuplexStream;
use tokio::runtime::Runtime;
use tokio::time::timeout;

/// Virtual time that one client may take, at most: many times a connection's lifetime here.
const PATIENCE: Duration = Duration::from_secs(600);
const TIMERS: Timers = Timers { idle: Duration::from_secs(10), lifetime: Duration::from_secs(20) };

/// A gateway with a stage and a stream.
pub struct ClientSide {
    runtime: Runtime,
    gateway: Gateway,
    lines: Arc<Lines>,
}

impl ClientSide {
    pub fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        let runtime = runtime.expect("a runtime");
        let lines = Arc::<Lines>::default();
        let gateway = runtime.block_on(gateway(lines.clone()));
        Self { runtime, gateway, lines }
    }

    /// The gateway's access log.
    pub fn lines(&self) -> &Lines {
        &self.lines
    }

    /// Serves one client until both are done.
    pub fn visit<T>(&self, server: DuplexStream, client: impl Future<Output = T>) -> T {
        let attended = async { tokio::join!(self.gateway.attend(API_ID, NAME, server), client).1 };
        let visited = self.runtime.block_on(async { timeout(PATIENCE, attended).await });
        assert_eq!(self.gateway.connection_count(), 0, "a connection is left");
        visited.expect("it never ends")
    }
}

async fn gateway(lines: Arc<Lines>) -> Gateway {
    let (gateway, streams) = Gateway::alone(lines, TIMERS).await;
    create_stream(&streams).await;
    // Nothing here lasts until its retention ends.
    streams.shutdown();
    gateway.publish(stage::stage());
    gateway
}

async fn create_stream(streams: &Streams) {
    let request = http::Request::post("/")
        .header("x-amz-target", format!("{TARGET_PREFIX}CreateStream"))
        .header("content-type", "application/x-amz-json-1.1");
    let (parts, ()) = request.body(()).expect("a request").into_parts();
    let body = format!(r#"{{"StreamName":"{STREAM}","ShardCount":2}}"#);
    let answer = streams.handle(parts, body.into()).await;
    assert!(answer.status().is_success(), "{answer:?}");
    // Until it is active.
    tokio::time::sleep(Duration::from_secs(1)).await;
}
