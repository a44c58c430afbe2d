//! Builds the functions for Lambda and this program for the host, without traces of the build machine.

use super::architecture::Architecture;
use super::elf;
use super::remap::{Places, rustflags};
use super::tools::{self, INSTALL_CARGO_LAMBDA, Rustc, run};
use anyhow::{Context as _, bail};
use emulator::package::{Packing, package};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The profile of what is deployed, in the workspace's `Cargo.toml`.
const FUNCTION_PROFILE: &str = "lambda";
/// Bytes of the largest zip that Lambda takes in a request: 50 MB.
const ZIP_BYTES_MAX: usize = 50 * 1024 * 1024;

/// A build of one workspace: its folders and its flags.
#[derive(Debug)]
pub struct Build {
    project: PathBuf,
    /// Separate from the ordinary target folder: with other flags, cargo would recompile everything each time.
    target: PathBuf,
    rustflags: String,
}

impl Build {
    /// A build of the workspace in `project`, below cargo's `target` folder. Fetches missing crates: only this step sees
    /// the caller's environment, which may hold registry credentials, and it runs no crate's code.
    pub fn new(project: &Path, rustc: &Rustc) -> anyhow::Result<Self> {
        run(
            nested_cargo::command(project).args(["fetch", "--locked"]),
            "cargo fetch",
            "install Rust with rustup",
        )?;
        let metadata = tools::metadata(project, &rustc.host)?;
        let target = metadata.target_directory.join("bundle");
        let places = Places {
            project: project.to_owned(),
            target: target.clone(),
            sources: metadata.sources().into_iter().collect(),
            cargo_home: cargo_home()?,
            rust_source: rustc.sysroot.join("lib/rustlib/src/rust"),
            rustc_commit: rustc.commit.clone(),
        };
        Ok(Self { project: project.to_owned(), target, rustflags: rustflags(&places) })
    }

    /// Builds and zips functions. Returns each key with its zip.
    pub fn functions(
        &self,
        keys: &[String],
        architecture: Architecture,
    ) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
        let out = self.target.join("functions").join(architecture.name());
        let mut build = self.cargo();
        build.args(["lambda", "build", "--locked", "--offline", "--profile", FUNCTION_PROFILE]);
        build.args(["--target", architecture.target()]).arg("--lambda-dir").arg(&out);
        for key in keys {
            // Name the package too: otherwise cargo unifies features over the whole workspace, and echo gets a third larger.
            build.args(["--package", key, "--bin", key]);
        }
        run(&mut build, "cargo lambda build", INSTALL_CARGO_LAMBDA)?;
        keys.iter()
            .map(|key| {
                let path = out.join(key).join("bootstrap");
                let binary = std::fs::read(&path).with_context(|| {
                    format!("cargo built no binary named {key}: use the same name for the function's crate, its binary and its key in the tfvars")
                })?;
                elf::check(&binary, architecture).with_context(|| format!("{key} would not start on Lambda"))?;
                let zip = package(&binary, Packing::Deflated).with_context(|| format!("cannot pack {key}"))?;
                if zip.len() > ZIP_BYTES_MAX {
                    bail!("{key}.zip has {} bytes, but Lambda accepts at most {ZIP_BYTES_MAX}: reduce its dependencies", zip.len());
                }
                Ok((key.clone(), zip))
            })
            .collect()
    }

    /// Builds this program for this machine and returns the path of the binary. On Linux it uses cargo-lambda, which links
    /// an older glibc, so that the binary runs on any recent distribution.
    pub fn program(&self, host: &str) -> anyhow::Result<PathBuf> {
        let mut build = self.cargo();
        let is_linux = host.ends_with("-linux-gnu");
        let out = self.target.join("program");
        if is_linux {
            // cargo-lambda's optimizations abort on panic, which an emulator must not.
            build.args(["lambda", "build", "--disable-optimizations"]).arg("--lambda-dir").arg(&out);
        } else {
            build.arg("build");
        }
        build.args(["--locked", "--offline", "--release", "--target", host]);
        // With the commands that call AWS: who deploys uses them.
        build.args([
            "--package",
            env!("CARGO_PKG_NAME"),
            "--bin",
            env!("CARGO_PKG_NAME"),
            "--features",
            "operator",
        ]);
        run(&mut build, "cargo build of the bundle's program", INSTALL_CARGO_LAMBDA)?;
        if is_linux {
            return Ok(out.join(env!("CARGO_PKG_NAME")).join("bootstrap"));
        }
        let name = format!("{}{}", env!("CARGO_PKG_NAME"), std::env::consts::EXE_SUFFIX);
        Ok(self.target.join(host).join("release").join(name))
    }

    fn cargo(&self) -> Command {
        let mut cargo = tools::cargo(&self.project);
        cargo.env("CARGO_TARGET_DIR", &self.target).env("CARGO_ENCODED_RUSTFLAGS", &self.rustflags);
        // An incremental build would depend on earlier builds, not only on the source.
        cargo.env("CARGO_INCREMENTAL", "0");
        cargo
    }
}

fn cargo_home() -> anyhow::Result<PathBuf> {
    let own = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo"));
    own.or_else(home).context("cannot find cargo's home: set CARGO_HOME or HOME")
}
