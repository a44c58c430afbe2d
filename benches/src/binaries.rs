//! Builds programs of this workspace as released, with a bundle's profiles and features.

use crate::project;
use anyhow::{Context as _, ensure};
use std::path::PathBuf;
use std::process::Stdio;

/// `functions/echo` as deployed.
pub fn echo() -> anyhow::Result<PathBuf> {
    build("lambda", "echo")
}

/// The release build of the `sluicegate` command.
pub fn sluicegate() -> anyhow::Result<PathBuf> {
    build("release", "sluicegate")
}

/// A package's program, which has the same name.
fn build(profile: &str, name: &str) -> anyhow::Result<PathBuf> {
    let mut cargo = nested_cargo::command(&project());
    cargo.args(["build", "--profile", profile, "--package", name, "--bin", name]);
    cargo.args(["--message-format", "json-render-diagnostics"]).stderr(Stdio::inherit());
    let output = cargo.output().context("cannot run cargo")?;
    ensure!(output.status.success(), "cargo failed to build {name}: see its output above");
    nested_cargo::executable(&output.stdout, name)
        .with_context(|| format!("cargo does not name the binary of {name}"))
}
