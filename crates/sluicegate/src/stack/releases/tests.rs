//! Rollbacks and canaries against an emulator in this process.

use super::*;
use emulator::provision::compose;
use emulator::provision::stack::Stack;
use emulator::{Emulator, EmulatorOptions};
use serde_json::json;
use std::path::Path;
use tokio::net::TcpListener;

fn alias(version: &str, second: Option<(&str, f64)>) -> Alias {
    Alias { version: version.into(), second: second.map(|(version, share)| (version.into(), share)) }
}

#[test]
fn a_rollback_goes_to_the_version_before_or_ends_a_canary() {
    let on = |version: &str| alias(version, None);
    for (from, published, to, expected) in [
        (on("3"), vec![1, 2, 3], None, Ok(on("2"))),
        // Version 2 was deleted, and 4 published by a canary that failed.
        (on("3"), vec![1, 3, 4], None, Ok(on("1"))),
        (alias("3", Some(("4", 0.1))), vec![3, 4], None, Ok(on("3"))),
        (on("3"), vec![1, 2, 3], Some(1), Ok(on("1"))),
        (on("1"), vec![1, 2], None, Err("no version was published before 1")),
        (on("3"), vec![3], Some(2), Err("there is no version 2; there are [3]")),
        (on("$LATEST"), vec![1], None, Err("it is on $LATEST")),
    ] {
        let target = target(&from, &published, to).map_err(|error| error.to_string());
        assert_eq!(target, expected.map_err(str::to_owned), "{from:?} {published:?} {to:?}");
    }
}

/// A stack with one function, whose code is a script.
async fn emulator() -> (Emulator, String) {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let stack = Stack::read(&project, &[]).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let emulator = Emulator::start(listener, EmulatorOptions::default()).await.unwrap();
    let zips = BTreeMap::from([("echo".to_owned(), script("one"))]);
    let composed = compose(&emulator, &stack, &zips).await.unwrap();
    (emulator, composed.functions["echo"].clone())
}

fn script(text: &str) -> bytes::Bytes {
    emulator::package::package(text.as_bytes(), emulator::package::Packing::Stored).unwrap().into()
}

fn calls(emulator: &Emulator) -> Calls {
    let url = emulator.endpoint_url();
    let calls = Calls::new(move |name| match name {
        "AWS_ENDPOINT_URL" => Some(url.clone()),
        "AWS_REGION" => Some("us-east-1".into()),
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("developer".into()),
        _ => None,
    });
    calls.unwrap()
}
