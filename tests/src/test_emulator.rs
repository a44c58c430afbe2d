//! An emulator in this process, on a free port, with a stack deployed to it.

use crate::client::Client;
use crate::endpoint::{Endpoint, TargetKind};
use crate::functions::{packages, project};
use crate::sdk::Caller;
use emulator::provision::stack::Stack;
use emulator::provision::{Composed, compose};
use emulator::{Emulator, EmulatorOptions};
use std::io::Write as _;
use tokio::net::TcpListener;

/// An emulator with a stack. It stops with the test's runtime.
pub struct TestEmulator {
    pub emulator: Emulator,
    /// The deployed stack.
    pub stack: Stack,
    /// The addresses of the deployed stack.
    pub composed: Composed,
}

impl TestEmulator {
    /// Deploys the project's stack.
    pub async fn start() -> Self {
        Self::with("", EmulatorOptions::default()).await
    }

    /// Deploys the project's stack with values replaced, as by a `-var-file`.
    pub async fn with(tfvars: &str, options: EmulatorOptions) -> Self {
        let mut values = tempfile::Builder::new().suffix(".tfvars").tempfile().expect("a temporary file");
        values.write_all(tfvars.as_bytes()).expect("the values are written");
        let stack = Stack::read(&project(), &[values.path().to_owned()]).expect("the stack is well defined");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let emulator = Emulator::start(listener, options).await.expect("the emulator starts");
        let packages = tokio::task::spawn_blocking(packages).await.expect("the functions are built");
        let composed = compose(&emulator, &stack, packages).await.expect("the control plane takes the stack");
        Self { emulator, stack, composed }
    }

    /// `ws://127.0.0.1:{port}/{stage}`
    pub fn uri(&self) -> String {
        format!("ws://{}/{}", self.emulator.address(), self.stack.stage)
    }

    pub async fn client(&self) -> Client {
        Client::connect(&self.uri()).await
    }

    /// The callback endpoint that the functions get.
    pub fn connections_endpoint(&self) -> String {
        format!(
            "{}/_aws/execute-api/{}/{}",
            self.emulator.endpoint_url(),
            self.composed.api_id,
            self.stack.stage
        )
    }

    /// The stack for the flow suite, with addresses in the form of Terraform's outputs.
    pub fn endpoint(&self) -> Endpoint {
        let connections_endpoint = self.connections_endpoint();
        Endpoint {
            emulator: TargetKind::Local,
            websocket_uri: connections_endpoint.replacen("http", "ws", 1),
            aws_endpoint: Some(self.emulator.endpoint_url()),
            connections_endpoint,
            stream_name: self.stack.stream_name(),
            caller: Caller::developer(),
        }
    }
}
