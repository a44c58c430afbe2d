//! Building functions for this machine.

use anyhow::{Context as _, bail};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use tokio::process::Command;

#[derive(Debug, Clone)]
pub struct Built {
    /// The function's key: its crate, its binary, its entry in the tfvars.
    pub key: String,
    pub binary: PathBuf,
    /// When it was last written; a build without changes does not rewrite it.
    pub modified: SystemTime,
}

/// Builds functions with cargo, which prints to the terminal.
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
        bail!("cargo failed to build {}: see its output above", keys.join(", "));
    }
    keys.iter()
        .map(|key| {
            let binary = nested_cargo::executable(&output.stdout, key);
            let binary = binary.with_context(|| format!("cargo built no binary named {key}: use the same name for the function's crate, its binary and its key in the tfvars"))?;
            let modified = std::fs::metadata(&binary).and_then(|metadata| metadata.modified());
            let modified = modified.with_context(|| format!("cannot read {}", binary.display()))?;
            Ok(Built { key: key.clone(), binary, modified })
        })
        .collect()
}
