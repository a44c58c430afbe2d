//! Issue 16, B: a client that can connect finds every function ready.

use emulator::provision::compose;
use emulator::provision::stack::Stack;
use emulator::{Emulator, EmulatorOptions};
use http::{StatusCode, header};
use sluicegate_tests::client::Client;
use sluicegate_tests::functions::{packages, project};
use tokio::net::TcpListener;

/// Starts of an emulator, each with a client that connects before it is ready.
const STARTS: usize = 20;

/// Reconnects at once each time that it is refused, and sends a message as soon as it is connected. Returns how often it
/// was refused, and the answer.
async fn reconnect(uri: String) -> (usize, String) {
    let mut refused = 0;
    loop {
        match Client::try_connect(&uri, &[]).await {
            Ok((mut client, _)) => {
                client.send(r#"{"first":true}"#).await;
                return (refused, client.receive().await);
            }
            Err(refusal) => {
                assert_eq!(refusal.status(), StatusCode::SERVICE_UNAVAILABLE);
                assert_eq!(refusal.headers()[header::RETRY_AFTER], "1");
                refused += 1;
            }
        }
    }
}

/// Starts like `dev`, whose port is open before its stack is complete.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_message_of_an_early_client_is_answered() {
    let stack = Stack::read(&project(), &[]).expect("the stack is well defined");
    let packages = tokio::task::spawn_blocking(packages).await.expect("the functions are built");
    let mut refused = 0;
    for _ in 0..STARTS {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let uri = format!("ws://{}/{}", listener.local_addr().expect("its address"), stack.stage);
        let client = tokio::spawn(reconnect(uri.clone()));
        let options = EmulatorOptions { is_starting: true, ..EmulatorOptions::default() };
        let emulator = Emulator::start(listener, options).await.expect("the emulator starts");
        compose(&emulator, &stack, packages).await.expect("the control plane takes the stack");
        let (early, answer) = client.await.expect("the first message is answered");
        assert_eq!(answer, r#"{"first":true}"#);
        refused += early;
        let lost = Client::try_connect(&format!("{uri}-of-nobody"), &[]).await.expect_err("no such stage");
        assert_eq!(lost.status(), StatusCode::FORBIDDEN, "as on AWS, once everything is there");
        emulator.stop().await;
    }
    assert!(refused > 0, "no client came early");
}
