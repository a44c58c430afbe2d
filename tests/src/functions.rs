//! The real functions, built once for all tests.

use crate::control;
use base64::Engine as _;
use bytes::Bytes;
use emulator::Emulator;
use emulator::package::{Packing, package};
use http::Method;
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

pub fn project() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().expect("tests/ lies in the project").to_owned()
}

/// Every function's package by key.
pub fn packages() -> &'static BTreeMap<String, Bytes> {
    static PACKAGES: OnceLock<BTreeMap<String, Bytes>> = OnceLock::new();
    PACKAGES.get_or_init(|| {
        ["authorizer", "connect", "echo", "jwt-authorizer", "relay"]
            .into_iter()
            .map(|key| (key.to_owned(), zip(key)))
            .collect()
    })
}

/// The package of a function, from the workspace's binary.
pub fn zip(key: &str) -> Bytes {
    let binary = std::fs::read(binary(key)).expect("the binary can be read");
    package(&binary, Packing::Stored).expect("a binary can be packed").into()
}

/// Creates a function whose environment determines what it does: see `bin/scripted.rs`.
pub async fn scripted(emulator: &Emulator, name: &str, role_arn: &str, environment: Value) {
    let binary = tokio::task::spawn_blocking(|| binary("scripted")).await.expect("it is built");
    let zip = package(&std::fs::read(binary).expect("a binary"), Packing::Stored).expect("a zip");
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
    let create = json!({
        "FunctionName": name, "Role": role_arn, "Runtime": "provided.al2023", "Handler": "bootstrap",
        "Architectures": [architecture], "Environment": {"Variables": environment},
        "Code": {"ZipFile": base64::engine::general_purpose::STANDARD.encode(zip)},
    });
    let (status, answer) =
        control::rest(emulator, "lambda", Method::POST, "/2015-03-31/functions", &create).await;
    assert!(status.is_success(), "{answer}");
    control::function_is_settled(emulator, name).await;
}

/// The path of a binary of the workspace, which is a function or `sluicegate`. It is built once per process.
pub fn binary(name: &str) -> PathBuf {
    // Cargo takes seconds on a busy machine even if there is nothing to build, and it runs one build at a time.
    static BUILT: Mutex<BTreeMap<String, Arc<OnceLock<PathBuf>>>> = Mutex::new(BTreeMap::new());
    let built = Arc::clone(BUILT.lock().entry(name.to_owned()).or_default());
    built.get_or_init(|| build_binary(name)).clone()
}

fn build_binary(name: &str) -> PathBuf {
    let mut cargo = nested_cargo::command(&project());
    // With a test in the same call, cargo uses the features of `cargo test`, including those of dev-dependencies. Without
    // it, cargo would build some fifty crates a second time, such as the AWS SDKs and tokio.
    let arguments =
        ["build", "--bin", name, "--test", "ledger", "--message-format", "json-render-diagnostics"];
    cargo.args(arguments);
    let output = cargo.output().expect("cargo runs");
    assert!(output.status.success(), "{name} does not compile:\n{}", String::from_utf8_lossy(&output.stderr));
    nested_cargo::executable(&output.stdout, name).expect("cargo names the binary that it built")
}
