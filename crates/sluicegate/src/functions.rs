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
    keys.iter()
        .map(|key| {
            let binary = nested_cargo::executable(&output.stdout, key);
            let binary = binary.with_context(|| format!("cargo built no binary called {key}: a function's crate, its binary and its key in the tfvars have the same name"))?;
            let modified = std::fs::metadata(&binary).and_then(|metadata| metadata.modified());
            let modified = modified.with_context(|| format!("cannot read {}", binary.display()))?;
            Ok(Built { key: key.clone(), binary, modified })
        })
        .collect()
}
