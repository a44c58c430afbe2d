//! Runs the tools that build a bundle, and finds their versions.

use super::environment;
use super::sbom::Metadata;
use anyhow::{Context as _, bail};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What brings both.
pub const INSTALL_CARGO_LAMBDA: &str = "install them with `pip install cargo-lambda ziglang`";

/// A command that sees only the build's environment.
pub fn isolated(program: impl AsRef<std::ffi::OsStr>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).env_clear().envs(environment::of(std::env::vars_os()));
    command
}

pub fn cargo(project: &Path) -> Command {
    isolated(nested_cargo::program(), project)
}

/// Runs a command; its output goes to the terminal. `what` names it, and `fix` says what to do if it is missing.
pub fn run(command: &mut Command, what: &str, fix: &str) -> anyhow::Result<()> {
    // Our standard output may be read by a program.
    let status =
        command.stdout(std::io::stderr()).status().with_context(|| format!("cannot run {what}: {fix}"))?;
    if !status.success() {
        bail!("{what} failed ({status}): see its output above");
    }
    Ok(())
}

/// A command's standard output.
pub fn output(command: &mut Command, what: &str, fix: &str) -> anyhow::Result<String> {
    let output =
        command.stderr(Stdio::piped()).output().with_context(|| format!("cannot run {what}: {fix}"))?;
    if !output.status.success() {
        bail!("{what} failed ({}): {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    String::from_utf8(output.stdout).with_context(|| format!("the output of {what} is not UTF-8"))
}

#[derive(Debug, Clone)]
pub struct Rustc {
    /// `1.95.0`
    pub release: String,
    /// The commit that it was built from.
    pub commit: String,
    /// The target it runs on.
    pub host: String,
    /// Where its standard library and, where installed, the source of that lie.
    pub sysroot: PathBuf,
}

pub fn rustc(project: &Path) -> anyhow::Result<Rustc> {
    let fix = "install Rust with rustup";
    let text = output(isolated("rustc", project).arg("-vV"), "rustc", fix)?;
    let field = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        line.map(str::to_owned).with_context(|| format!("rustc -vV prints no {name}"))
    };
    let sysroot = output(isolated("rustc", project).args(["--print", "sysroot"]), "rustc", fix)?;
    Ok(Rustc {
        release: field("release")?,
        commit: field("commit-hash")?,
        host: field("host")?,
        sysroot: sysroot.trim().into(),
    })
}

/// What is checked out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    pub id: String,
    /// Whether there are uncommitted changes.
    pub modified: bool,
}

/// The commit that is checked out; `None` outside a git repository.
pub fn commit(project: &Path) -> Option<Commit> {
    let git =
        |arguments: &[&str]| output(isolated("git", project).args(arguments), "git", "install git").ok();
    let id = git(&["rev-parse", "HEAD"])?.trim().to_owned();
    let modified = git(&["status", "--porcelain"]).is_none_or(|text| !text.trim().is_empty());
    Some(Commit { id, modified })
}

/// Cargo's metadata of the workspace for `target`.
pub fn metadata(project: &Path, target: &str) -> anyhow::Result<Metadata> {
    let mut command = cargo(project);
    command.args(["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", target]);
    if let Some(folder) = std::env::var_os("CARGO_TARGET_DIR") {
        command.env("CARGO_TARGET_DIR", folder);
    }
    let text = output(&mut command, "cargo metadata", "install Rust with rustup")?;
    serde_json::from_str(&text).context("cannot parse the output of cargo metadata")
}

/// Version of every tool that was used, by name.
pub fn versions(
    project: &Path,
    rustc: &Rustc,
    with_terraform: bool,
) -> anyhow::Result<BTreeMap<String, String>> {
    let mut versions = BTreeMap::from([
        ("rustc".to_owned(), rustc.release.clone()),
        ("cargo".to_owned(), word(cargo(project).arg("--version"), "cargo", 1)?),
        ("cargo-lambda".to_owned(), word(cargo(project).args(["lambda", "--version"]), "cargo-lambda", 1)?),
        ("sluicegate".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
    ]);
    if let Some(zig) = zig(project) {
        versions.insert("zig".to_owned(), zig);
    }
    if with_terraform {
        versions.insert("terraform".to_owned(), terraform(project)?);
    }
    Ok(versions)
}

/// Sees that cargo-lambda and the Zig that it links with are there.
pub fn check_cargo_lambda(project: &Path) -> anyhow::Result<()> {
    word(cargo(project).args(["lambda", "--version"]), "cargo lambda", 1).context(INSTALL_CARGO_LAMBDA)?;
    zig(project)
        .with_context(|| format!("cargo-lambda finds no Zig to link with: {INSTALL_CARGO_LAMBDA}"))?;
    Ok(())
}

pub fn terraform(folder: &Path) -> anyhow::Result<String> {
    let mut command = Command::new("terraform");
    command.args(["version", "-json"]).current_dir(folder).env("CHECKPOINT_DISABLE", "1");
    let text = output(&mut command, "terraform", "install Terraform 1.11 or newer")?;
    let version: serde_json::Value =
        serde_json::from_str(&text).context("the output of terraform version is not JSON")?;
    Ok(version["terraform_version"].as_str().context("terraform version prints no version")?.to_owned())
}

/// Zig's version, found as cargo-lambda finds it: its own variables, the Python package, PATH.
fn zig(project: &Path) -> Option<String> {
    let python = std::env::var_os("CARGO_ZIGBUILD_PYTHON_PATH").unwrap_or_else(|| "python3".into());
    let own = std::env::var_os("CARGO_ZIGBUILD_ZIG_PATH").map(|path| isolated(path, project));
    let mut package = isolated(python, project);
    package.args(["-m", "ziglang"]);
    let candidates = own.into_iter().chain([package, isolated("zig", project)]);
    candidates
        .into_iter()
        .find_map(|mut zig| output(zig.arg("version"), "zig", "").ok())
        .map(|text| text.trim().to_owned())
}

/// The word at `index` of what a command prints.
fn word(command: &mut Command, what: &str, index: usize) -> anyhow::Result<String> {
    let fix = "install it: CONTRIBUTING.md lists the tools";
    let text = output(command, what, fix)?;
    let found = text.split_whitespace().nth(index);
    Ok(found.with_context(|| format!("{what} prints no version"))?.to_owned())
}
