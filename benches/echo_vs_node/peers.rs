//! The two peers: built, and laid out like a function's code.

use anyhow::Context as _;
use sluicegate_benches::{binaries, machine, peers};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const BOOTSTRAP: &str = "bootstrap";

/// A function's code in a folder of its own.
pub struct Peer {
    /// The head of its column.
    pub name: String,
    /// A precise description with versions.
    pub what: String,
    code: TempDir,
}

impl Peer {
    fn new(name: &str, what: String, built: &Path) -> anyhow::Result<Self> {
        let code = tempfile::Builder::new().prefix("sluicegate-bench-").tempdir()?;
        // The mode is copied too.
        std::fs::copy(built, code.path().join(BOOTSTRAP))
            .with_context(|| format!("cannot copy {}", built.display()))?;
        Ok(Self { name: name.into(), what, code })
    }

    pub fn code(&self) -> &Path {
        self.code.path()
    }

    pub fn bootstrap(&self) -> PathBuf {
        self.code().join(BOOTSTRAP)
    }
}

pub fn echo() -> anyhow::Result<Peer> {
    let binary = binaries::echo()?;
    let bytes = std::fs::metadata(&binary)?.len() as f64;
    let what = format!("`functions/echo`, profile `lambda`, a `bootstrap` of {:.2} MB", bytes / 1e6);
    Peer::new("echo (Rust)", what, &binary)
}

/// `benches/peers/node-echo`, bundled into one script.
pub fn node() -> anyhow::Result<Peer> {
    let (bundle, version) = peers::node_echo()?;
    let what = format!(
        "`benches/peers/node-echo`, Node.js {}, AWS SDK {version}, a script of {:.2} MB",
        machine::version("node")?,
        std::fs::metadata(&bundle)?.len() as f64 / 1e6,
    );
    Peer::new("reference (Node.js)", what, &bundle)
}
