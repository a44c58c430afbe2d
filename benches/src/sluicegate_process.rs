//! The release build of the emulator: `sluicegate serve` in its own process, with the project's stack.

use crate::child::{Child, free_port, wait_for_port};
use crate::emulator::Order;
use crate::kinesis::AwsClient;
use crate::process::Process;
use axum::body::Body;
use bytes::Bytes;
use emulator::core::account::Account;
use emulator::provision::{ControlPlane, compose};
use futures_util::future::BoxFuture;
use http::{Request, Response, StatusCode};
use std::path::Path;
use std::process::Command;
use tokio::sync::Mutex;

/// A running emulator.
pub struct SluicegateProcess {
    child: Child,
    /// Its WebSocket.
    pub uri: String,
    pub port: u16,
    /// Its stream's name.
    pub stream: String,
}

impl SluicegateProcess {
    /// Starts the program on a free port without write limits, and creates the stack through its control plane.
    pub async fn start(sluicegate: &Path, order: &Order) -> anyhow::Result<Self> {
        let port = free_port()?;
        let mut command = Command::new(sluicegate);
        command.args(["serve", "--quiet", "--no-write-limits", "--port", &port.to_string()]);
        let mut child = Child::spawn("sluicegate serve", &mut command)?;
        wait_for_port(&mut child, port)?;
        let remote = Remote {
            account: Account::default(),
            endpoint: format!("http://127.0.0.1:{port}"),
            client: Mutex::new(AwsClient::connect(port).await?),
        };
        let stack = order.stack()?;
        compose(&remote, &stack, &order.zips()?).await?;
        let uri = format!("ws://127.0.0.1:{port}/{}", stack.stage);
        Ok(Self { child, uri, port, stream: stack.stream_name() })
    }

    /// An error if it has ended.
    pub fn alive(&mut self) -> anyhow::Result<()> {
        self.child.alive()
    }

    /// Its process, without its functions' processes.
    pub fn process(&self) -> Process {
        self.child.process()
    }
}

/// The control plane of another process.
struct Remote {
    account: Account,
    endpoint: String,
    client: Mutex<AwsClient>,
}

impl ControlPlane for Remote {
    fn account(&self) -> &Account {
        &self.account
    }

    fn endpoint_url(&self) -> String {
        self.endpoint.clone()
    }

    fn call(&self, request: Request<Bytes>) -> BoxFuture<'_, Response<Body>> {
        Box::pin(async move {
            match self.client.lock().await.forward(request).await {
                Ok(response) => response.map(Body::new),
                Err(error) => {
                    let mut response = Response::new(Body::from(format!("{error:#}")));
                    *response.status_mut() = StatusCode::BAD_GATEWAY;
                    response
                }
            }
        })
    }
}
