//! Building functions for this machine.

use anyhow::{Context as _, bail};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use tokio::process::Command;

/// A function's freshly built binary.
#[derive(Debug, Clone)]
pub struct Built {
    /// The function's key: its crate, its binary, its entry in the tfvars.
    pub key: String,
    /// The binary.
    pub binary: PathBuf,
    /// When it was last written: a build that changed nothing leaves it alone.
    pub modified: SystemTime,
}

/// Builds functions with cargo, whose own output goes to the terminal.
///
/// # Errors
/// Where one does not compile, or is no binary of the workspace; cargo has said why by then.
pub async fn build(project: &Path, keys: &[String]) -> anyhow::Result<Vec<Built>> {
    let mut command = Command::from(nested_cargo::command(project));
    command.arg("build").kill_on_drop(true);
    for key in keys {
        command.args(["--bin", key]);
    }
    command.args(["--message-format", "json-render-diagnostics"]).stdout(std::process::Stdio::piped());
    let output =
        command.spawn().context("cannot run cargo")?.wait_with_output().await.context("cannot run cargo")?;
    if !output.status.success() {
        bail!("cargo could not build {}: its message is above", keys.join(", "));
    }
    let artifacts = String::from_utf8_lossy(&output.stdout);
    keys.iter()
        .map(|key| {
            let binary = artifacts.lines().find_map(|line| executable(line, key));
            let binary = binary.with_context(|| format!("cargo built no binary called {key}: a function's crate, its binary and its key in the tfvars have the same name"))?;
            let modified = std::fs::metadata(&binary).and_then(|metadata| metadata.modified());
            let modified = modified.with_context(|| format!("cannot read {}", binary.display()))?;
            Ok(Built { key: key.clone(), binary, modified })
        })
        .collect()
}

/// The path of a binary, in one line of cargo's JSON messages.
fn executable(line: &str, name: &str) -> Option<PathBuf> {
    let message: serde_json::Value = serde_json::from_str(line).ok()?;
    let is_it = message["reason"] == "compiler-artifact" && message["target"]["name"] == name;
    is_it.then(|| message["executable"].as_str().map(PathBuf::from)).flatten()
}
