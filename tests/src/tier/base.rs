//! The images' bases, and whether programs built on this machine run in them. They need Linux and a C library that is at
//! least as new as the one that they were linked with.

use crate::functions::{binary, project};
use anyhow::{Context as _, bail};
use std::path::PathBuf;
use std::process::Command;

/// The C library of Debian 12, the base of the emulator's image.
pub const BOOKWORM: Version = (2, 36);
/// The C library of Debian 13, the base of the open LocalStack's image.
pub const TRIXIE: Version = (2, 41);
/// The folder for cargo-lambda's build for the base.
const FOLDER: &str = "target/image-debug";

/// A C library's, on Linux.
pub type Version = (u32, u32);

/// Whether an ordinary build on this machine runs on a base with this C library.
pub fn runs_what_is_built_here(base: Version) -> bool {
    let said = Command::new("getconf").arg("GNU_LIBC_VERSION").output();
    let said = said.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    glibc(&said).is_some_and(|version| version <= base)
}

/// The emulator's program for the base: the debug binary that the tests use, or one that cargo-lambda links against an
/// older C library.
pub fn program() -> anyhow::Result<PathBuf> {
    if runs_what_is_built_here(BOOKWORM) {
        return Ok(binary("sluicegate"));
    }
    println!("building the emulator for its image with cargo-lambda (the first time takes minutes)");
    let folder = project().join(FOLDER);
    let mut build = nested_cargo::command(&project());
    // cargo-lambda's optimizations are made for functions, which may abort on a panic. An emulator must not.
    build.args([
        "lambda",
        "build",
        "--disable-optimizations",
        "--package",
        "sluicegate",
        "--bin",
        "sluicegate",
    ]);
    let status = build.arg("--lambda-dir").arg(&folder).status().context("cannot run cargo")?;
    if !status.success() {
        bail!(
            "cargo lambda build failed ({status}): if it is not installed, run `pip install cargo-lambda ziglang`"
        );
    }
    Ok(folder.join("sluicegate/bootstrap"))
}

/// Parses the output of `getconf GNU_LIBC_VERSION`, such as `glibc 2.36`. It is empty for other C libraries and on macOS.
fn glibc(said: &str) -> Option<Version> {
    let (major, minor) = said.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_c_library_is_told_by_its_number() {
        assert_eq!(glibc("glibc 2.36\n"), Some((2, 36)));
        assert!(glibc("glibc 2.9") < glibc("glibc 2.36") && glibc("glibc 2.41") > Some(BOOKWORM));
        assert_eq!((glibc(""), glibc("undefined")), (None, None));
    }

    #[test]
    fn the_dockerfiles_bases_are_the_ones_known_here() {
        let read = |path: &str| std::fs::read_to_string(project().join(path)).unwrap();
        let emulator = read("Dockerfile");
        assert!(
            emulator.contains("FROM debian:bookworm-slim AS emulator") && emulator.contains("glibc 2.36")
        );
        assert!(read("tests/localstack/open/Dockerfile").contains("FROM debian:trixie-slim AS python"));
    }
}
