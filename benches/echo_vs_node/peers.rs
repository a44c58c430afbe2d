//! The two that are compared: built, and laid out as a function's code is.

use anyhow::{Context as _, ensure};
use serde_json::Value;
use sluicegate_benches::{machine, project};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

const NODE_ECHO: &str = "benches/peers/node-echo";
const BOOTSTRAP: &str = "bootstrap";

/// A function's code in a folder of its own.
pub struct Peer {
    /// The column's head.
    pub name: String,
    /// What exactly it is, with its versions.
    pub what: String,
    code: TempDir,
}

impl Peer {
    fn new(name: &str, what: String, built: &Path) -> anyhow::Result<Self> {
        let code = tempfile::Builder::new().prefix("sluicegate-bench-").tempdir()?;
        // The mode is copied too.
        std::fs::copy(built, code.path().join(BOOTSTRAP))
            .with_context(|| format!("cannot copy {}", built.display()))?;
        Ok(Self { name: name.into(), what, code })
    }

    /// The folder with the `bootstrap`.
    pub fn code(&self) -> &Path {
        self.code.path()
    }

    /// The `bootstrap` itself.
    pub fn bootstrap(&self) -> PathBuf {
        self.code().join(BOOTSTRAP)
    }
}

/// `functions/echo` as it is deployed: the `lambda` profile, its own features and no other crate's.
pub fn echo() -> anyhow::Result<Peer> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(project()).args(["build", "--profile", "lambda", "--package", "echo", "--bin", "echo"]);
    cargo.args(["--message-format", "json-render-diagnostics"]).stderr(std::process::Stdio::inherit());
    let output = cargo.output().context("cannot run cargo")?;
    ensure!(output.status.success(), "cargo could not build echo: its message is above");
    let binary = String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == "echo")
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .context("cargo does not name echo's binary")?;
    let bytes = std::fs::metadata(&binary)?.len() as f64;
    let what = format!("`functions/echo`, profile `lambda`, a `bootstrap` of {:.2} MB", bytes / 1e6);
    Peer::new("echo (Rust)", what, &binary)
}

/// `benches/peers/node-echo`, bundled into one script.
pub fn node() -> anyhow::Result<Peer> {
    let folder = project().join(NODE_ECHO);
    let sdk = folder.join("node_modules/@aws-sdk/client-apigatewaymanagementapi/package.json");
    let sdk = std::fs::read(sdk)
        .with_context(|| format!("the SDK for Node.js is not there: run `npm ci` in {NODE_ECHO}"))?;
    let sdk: Value = serde_json::from_slice(&sdk)?;
    let mut npm = Command::new("npm");
    let status =
        npm.current_dir(&folder).args(["run", "--silent", "bundle"]).status().context("cannot run npm")?;
    ensure!(status.success(), "esbuild could not bundle {NODE_ECHO}: its message is above");
    let bundle = folder.join("dist").join(BOOTSTRAP);
    let what = format!(
        "`{NODE_ECHO}`, Node.js {}, AWS SDK {}, a script of {:.2} MB",
        machine::version("node")?,
        sdk["version"].as_str().context("the SDK has no version")?,
        std::fs::metadata(&bundle)?.len() as f64 / 1e6,
    );
    Peer::new("reference (Node.js)", what, &bundle)
}
