//! The commands that call AWS, in a build without AWS's SDK: runs them in one that has it.
//!
//! The SDK would add half a minute to the build that `cargo run -- dev` waits for, and `dev` does not need it.

use anyhow::{Context as _, ensure};
use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;

/// The package's feature that adds these commands.
const FEATURE: &str = "sluicegate/operator";

/// Taken as they are: the full build parses them.
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub struct Args {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    _arguments: Vec<OsString>,
}

pub async fn run(_: Args) -> anyhow::Result<()> {
    run_again()
}

/// Replaces this program, if cargo runs it, by a full build with the same arguments.
pub fn run_again() -> anyhow::Result<()> {
    // Cargo sets it for what it runs.
    ensure!(
        std::env::var_os("CARGO").is_some(),
        "this build of sluicegate has no AWS SDK: use one built with `cargo build --release --features {FEATURE}`, as in a bundle"
    );
    if std::io::stderr().is_terminal() {
        eprintln!("running the build with AWS's SDK, whose first compilation takes a minute");
    }
    let error = nested_cargo::command(Path::new("."))
        .args(["run", "--quiet", "--features", FEATURE, "--"])
        .args(std::env::args_os().skip(1))
        .exec();
    Err(error).context("cannot start cargo")
}
