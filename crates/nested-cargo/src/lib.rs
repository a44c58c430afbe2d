//! Runs cargo from a program that cargo runs.
//!
//! `cargo run` and `cargo test` describe a program's own package by environment variables, which build scripts read:
//! ring, and everything that depends on it, would be built again whenever cargo is started from a shell and from such a
//! program in turn.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Prefix of the variables about a package.
const OF_PACKAGE: [&str; 4] = ["CARGO_BIN_", "CARGO_CRATE_", "CARGO_MANIFEST_", "CARGO_PKG_"];

/// The cargo that runs this program, or the one in PATH, with the environment of a shell.
pub fn command(project: &Path) -> Command {
    let mut cargo = Command::new(program());
    cargo.current_dir(project);
    for (name, _) in std::env::vars_os() {
        if is_of_package(&name) {
            cargo.env_remove(name);
        }
    }
    cargo
}

/// The cargo that runs this program, or the one in PATH.
pub fn program() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// The path of a binary in the output of `cargo build --message-format json`.
pub fn executable(messages: &[u8], name: &str) -> Option<PathBuf> {
    String::from_utf8_lossy(messages).lines().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let is_it = message["reason"] == "compiler-artifact" && message["target"]["name"] == name;
        is_it.then(|| message["executable"].as_str().map(PathBuf::from)).flatten()
    })
}

fn is_of_package(name: &OsStr) -> bool {
    OF_PACKAGE.iter().any(|start| name.as_encoded_bytes().starts_with(start.as_bytes()))
}

/// The README's example compiles and holds.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cargo_says_of_the_package_goes_no_further() {
        let command = command(Path::new("."));
        let removed: Vec<_> =
            command.get_envs().filter(|(_, value)| value.is_none()).map(|(name, _)| name).collect();
        for name in ["CARGO_MANIFEST_DIR", "CARGO_PKG_NAME", "CARGO_PKG_VERSION"] {
            assert!(removed.contains(&OsStr::new(name)), "{name} is passed on");
        }
    }

    #[test]
    fn what_a_user_sets_is_passed_on() {
        for name in ["CARGO_HOME", "CARGO_INCREMENTAL", "CARGO_TARGET_DIR", "CARGO_NET_OFFLINE", "PATH"] {
            assert!(!is_of_package(OsStr::new(name)), "{name}");
        }
    }
}
