//! The backend checks against an emulator in this process, with the project's stack and no function.

use super::*;
use crate::entry::Entry;
use emulator::provision::compose;
use emulator::provision::stack::Stack;
use emulator::{Emulator, EmulatorOptions};
use std::collections::BTreeMap;
use std::path::Path;
use tokio::net::TcpListener;

const PATIENCE: Duration = Duration::from_secs(30);
/// For something that never arrives.
const SHORT: Duration = Duration::from_millis(300);

/// An emulator, its stack's outputs, and a caller.
async fn emulator() -> (Emulator, Deployed, Aws) {
    let folder = tempfile::tempdir().unwrap();
    let values = folder.path().join("none.tfvars");
    std::fs::write(&values, "functions = {}").unwrap();
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let stack = Stack::read(&project, &[values]).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let emulator = Emulator::start(listener, EmulatorOptions::default()).await.unwrap();
    let composed = compose(&emulator, &stack, &BTreeMap::new()).await.unwrap();
    let url = emulator.endpoint_url();
    let connections_endpoint = format!("{url}/_aws/execute-api/{}/{}", composed.api_id, stack.stage);
    let deployed = Deployed {
        entry: Entry::open_to_all(&connections_endpoint.replacen("http", "ws", 1)),
        connections_endpoint,
        stream_name: stack.stream_name(),
        probed_routes: BTreeMap::new(),
        rate_limit: stack.throttling.rate_limit,
    };
    let aws = crate::aws::developer(&url);
    (emulator, deployed, aws)
}

#[tokio::test]
async fn a_stack_that_works_passes() {
    let (_emulator, stack, aws) = emulator().await;
    let client = record(&aws, &stack, "run", PATIENCE).await.unwrap();
    let finding = connection(&aws, &stack, client, "run", PATIENCE).await.unwrap();
    assert_eq!(finding.differs, None, "{finding:?}");
}

#[tokio::test]
async fn a_message_that_enters_another_stream_fails() {
    let (_emulator, stack, aws) = emulator().await;
    aws.kinesis.create_stream().stream_name("other").shard_count(2).send().await.unwrap();
    let stack = Deployed { stream_name: "other".into(), ..stack };
    let error = loop {
        // A new stream cannot be read until it is active.
        match record(&aws, &stack, "run", SHORT).await.map(drop) {
            Err(error) if error.to_string().contains("ResourceInUse") => sleep(ASK_EVERY).await,
            result => break result.unwrap_err(),
        }
    };
    assert!(format!("{error:#}").contains("did not arrive in the stream"), "{error:#}");
}

#[tokio::test]
async fn another_stages_connections_fail() {
    let (_emulator, stack, aws) = emulator().await;
    let client = record(&aws, &stack, "run", PATIENCE).await.unwrap();
    let stack = Deployed { connections_endpoint: format!("{}x", stack.connections_endpoint), ..stack };
    let error = connection(&aws, &stack, client, "run", PATIENCE).await.unwrap_err();
    assert!(format!("{error:#}").contains("GET @connections is refused"), "{error:#}");
}
