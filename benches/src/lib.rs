//! Shared by the benchmarks: emulators, clients, functions' processes, and tables.
//!
//! A benchmark interleaves its cases, checks that each did its work, and fails if one did not: a case that does nothing
//! would be the fastest.

pub mod args;
pub mod binaries;
pub mod child;
pub mod clients;
pub mod emulator;
pub mod function;
pub mod hop;
pub mod kinesis;
pub mod load;
pub mod machine;
pub mod peers;
pub mod process;
pub mod report;
pub mod roles;
pub mod sluicegate_process;
pub mod sockets;
pub mod summary;

use std::path::{Path, PathBuf};

pub fn project() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_owned()
}

/// How long anything may take before a run fails.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);
