//! A folder with the functions' zips, built for the CPU of this machine.

use super::base;
use super::choice::Target;
use crate::functions;
use anyhow::{Context as _, bail};
use std::process::Command;
use tempfile::TempDir;

/// The folder of zips in the output of `sluicegate bundle`.
const FUNCTIONS: &str = "functions";

/// Lambda's name of this machine's CPU.
pub fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "aarch64" => "arm64",
        other => other,
    }
}

/// Builds the zips as `functions/{key}.zip` in a folder. LocalStack runs functions on Amazon Linux, whose C library is
/// older than that of most machines, so it gets the builds for AWS. So does the emulator's image if ordinary builds do
/// not run in it. Otherwise the emulator gets the debug builds.
pub fn build(target: Target) -> anyhow::Result<TempDir> {
    let folder = tempfile::tempdir().context("cannot make a folder for the functions")?;
    let as_for_lambda = match target {
        Target::LocalStack => true,
        Target::Image => !base::runs_what_is_built_here(base::BOOKWORM),
        Target::Process | Target::Deployed => false,
    };
    if as_for_lambda {
        let mut bundle = Command::new(functions::binary("sluicegate"));
        bundle.current_dir(functions::project()).args(["bundle", "--functions-only", "--architecture"]);
        bundle.arg(architecture()).arg("--out").arg(folder.path());
        let status = bundle.status().context("cannot run sluicegate bundle")?;
        if !status.success() {
            bail!("sluicegate bundle failed ({status}): see its output above");
        }
        return Ok(folder);
    }
    std::fs::create_dir(folder.path().join(FUNCTIONS)).context("cannot make a folder for the functions")?;
    for (key, zip) in functions::packages() {
        let path = folder.path().join(FUNCTIONS).join(format!("{key}.zip"));
        std::fs::write(&path, zip).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(folder)
}
