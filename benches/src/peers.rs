//! Peers of other projects, as `benches/peers/install` installs them.

use crate::child::{Child, free_port, require, wait_for_port};
use crate::process::Process;
use crate::project;
use anyhow::{Context as _, ensure};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

const INSTALL: &str = "benches/peers/install";
const NODE_ECHO: &str = "benches/peers/node-echo";
const OFFLINE: &str = "benches/peers/serverless-offline";
const MINISTACK: &str = "benches/peers/ministack";
const LOCALSTACK: &str = "target/localstack-open";

/// The reference function on Node.js in one script, and the version of its SDK.
pub fn node_echo() -> anyhow::Result<(PathBuf, String)> {
    let folder = project().join(NODE_ECHO);
    let version = npm_version(&folder, "@aws-sdk/client-apigatewaymanagementapi")?;
    let mut npm = Command::new("npm");
    let status =
        npm.current_dir(&folder).args(["run", "--silent", "bundle"]).status().context("cannot run npm")?;
    ensure!(status.success(), "esbuild failed to bundle {NODE_ECHO}: see its output above");
    Ok((folder.join("dist/bootstrap"), version))
}

/// A WebSocket API on serverless-offline whose function echoes.
pub struct Offline {
    _child: Child,
    /// Its WebSocket.
    pub uri: String,
    /// A precise description.
    pub what: String,
}

pub fn offline() -> anyhow::Result<Offline> {
    let folder = project().join(OFFLINE);
    let version = npm_version(&folder, "serverless-offline")?;
    let (http, lambda, port) = (free_port()?, free_port()?, free_port()?);
    let mut command = Command::new(folder.join("node_modules/.bin/serverless"));
    command.current_dir(&folder).args(["offline", "start", "--noTimeout", "--host", "127.0.0.1"]);
    for (flag, port) in [("--httpPort", http), ("--lambdaPort", lambda), ("--websocketPort", port)] {
        command.args([flag, &port.to_string()]);
    }
    command
        .envs([("AWS_ACCESS_KEY_ID", "local"), ("AWS_SECRET_ACCESS_KEY", "local")])
        .envs([("SLS_NOTIFICATIONS_MODE", "off"), ("SLS_TELEMETRY_DISABLED", "1"), ("CI", "1")])
        .env("CALLBACK_ENDPOINT", format!("http://127.0.0.1:{port}"));
    let mut child = Child::spawn("serverless-offline", &mut command)?;
    wait_for_port(&mut child, port)?;
    let what = format!("serverless-offline {version}, its WebSocket API with a function that posts back");
    Ok(Offline { _child: child, uri: format!("ws://127.0.0.1:{port}/"), what })
}

/// A peer of the half behind the stream that runs.
pub struct Emulator {
    child: Child,
    pub port: u16,
    /// A precise description.
    pub what: String,
    /// Seconds from its start until it took calls.
    pub start_s: f64,
    // Gone after its processes.
    _folder: tempfile::TempDir,
}

/// Starts MiniStack.
pub fn ministack() -> anyhow::Result<Emulator> {
    let folder = project().join(MINISTACK).join("venv/bin");
    require(&folder.join("ministack"), INSTALL)?;
    let what = format!("MiniStack {}", pypi_version(&folder, "ministack")?);
    let port = free_port()?;
    let mut command = Command::new(folder.join("ministack"));
    command.env("GATEWAY_PORT", port.to_string()).env("BIND_HOST", "127.0.0.1");
    Emulator::start(what, &mut command, port, tempfile::tempdir()?)
}

/// Starts the open LocalStack, as `just test-localstack-open` does.
pub fn localstack() -> anyhow::Result<Emulator> {
    let folder = project().join(LOCALSTACK).join("venv/bin");
    require(&folder.join("python"), INSTALL)?;
    let version = pypi_version(&folder, "localstack-core")?;
    let what = format!("LocalStack {version}, the open one, with a runtime executor of ours");
    let (port, root) = (free_port()?, tempfile::tempdir()?);
    let mut command = Command::new(folder.join("python"));
    command.arg(project().join("tests/localstack/open/start.py"));
    command.arg(format!("127.0.0.1:{port}")).arg(root.path());
    Emulator::start(what, &mut command, port, root)
}

impl Emulator {
    fn start(
        what: String,
        command: &mut Command,
        port: u16,
        folder: tempfile::TempDir,
    ) -> anyhow::Result<Self> {
        let mut child = Child::spawn(&what, command)?;
        let start_s = wait_for_port(&mut child, port)?.as_secs_f64();
        Ok(Self { child, port, what, start_s, _folder: folder })
    }

    /// Resident memory now, in bytes, of the server and what it has started: a Kinesis engine, functions.
    pub fn resident_bytes(&mut self) -> anyhow::Result<u64> {
        self.child.alive()?;
        let server = self.child.process();
        let processes = [vec![server], server.children()?].concat();
        processes.into_iter().map(Process::resident_bytes).sum()
    }
}

fn pypi_version(folder: &Path, package: &str) -> anyhow::Result<String> {
    let mut python = Command::new(folder.join("python"));
    python.args(["-c", &format!("import importlib.metadata as m; print(m.version('{package}'))")]);
    let version = String::from_utf8(python.output().context("cannot run Python")?.stdout)?;
    Ok(version.trim().to_owned())
}

fn npm_version(folder: &Path, package: &str) -> anyhow::Result<String> {
    let manifest = folder.join("node_modules").join(package).join("package.json");
    require(&manifest, INSTALL)?;
    let manifest: Value = serde_json::from_slice(&std::fs::read(manifest)?)?;
    Ok(manifest["version"].as_str().context("a package has no version")?.to_owned())
}
