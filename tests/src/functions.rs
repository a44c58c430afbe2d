//! The real functions, built once for all tests.

use bytes::Bytes;
use local::package::{Packing, package};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The project's folder.
///
/// # Panics
/// Where the tests lie outside of the repository.
pub fn project() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().expect("tests/ lies in the project").to_owned()
}

/// Every function's package by key, `authorizer`, `echo` and `relay` among them.
///
/// # Panics
/// Where a function does not compile; cargo's message is in the panic's.
pub fn packages() -> &'static BTreeMap<String, Bytes> {
    static PACKAGES: OnceLock<BTreeMap<String, Bytes>> = OnceLock::new();
    PACKAGES.get_or_init(|| {
        ["authorizer", "echo", "relay"].into_iter().map(|key| (key.to_owned(), build(key))).collect()
    })
}

fn build(key: &str) -> Bytes {
    let binary = std::fs::read(binary(key)).expect("the binary can be read");
    package(&binary, Packing::Stored).expect("a binary can be packed").into()
}

/// The path of a workspace's binary, built if it was not: a function's, or `sluicegate`.
///
/// # Panics
/// Where it does not compile; cargo's message is in the panic's.
pub fn binary(name: &str) -> PathBuf {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(project()).args([
        "build",
        "--bin",
        name,
        "--message-format",
        "json-render-diagnostics",
    ]);
    let output = cargo.output().expect("cargo runs");
    assert!(output.status.success(), "{name} does not compile:\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["target"]["name"] == name)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .expect("cargo names the binary that it built")
}
