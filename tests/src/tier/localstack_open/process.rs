//! The open LocalStack as a process on this machine.

use super::SOURCES;
use crate::functions::project;
use crate::tier::process_family::Family;
use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process_group};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// Where `install` puts it and its Kinesis engine.
const INSTALLED: &str = "target/localstack-open";
/// Lines of its log that an error shows.
const LOG_LINES: usize = 40;

/// A process of it. Dropping it ends it with all that it started.
pub struct Process {
    child: Child,
    root: TempDir,
}

impl Process {
    pub fn start(address: &str, family: &Family) -> anyhow::Result<Self> {
        let root = tempfile::Builder::new().prefix("sluicegate-localstack-").tempdir()?;
        let child = command(root.path(), address, family)?.spawn().context("Python does not start")?;
        Ok(Self { child, root })
    }

    /// How it ended, if it did.
    pub fn ended(&mut self) -> anyhow::Result<Option<String>> {
        Ok(self.child.try_wait()?.map(|status| status.to_string()))
    }

    /// The end of its log.
    pub fn last_log(&self) -> String {
        let log = std::fs::read_to_string(log_file(self.root.path())).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
    }
}

impl Drop for Process {
    /// Its group at once; its Kinesis engine, which is in another, when the input that they share ends.
    fn drop(&mut self) {
        if let Some(group) = self.child.id().try_into().ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        drop(self.child.stdin.take());
        // Before it leads its group, it is killed by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn log_file(root: &Path) -> PathBuf {
    root.join("localstack.log")
}

fn command(root: &Path, address: &str, family: &Family) -> anyhow::Result<Command> {
    let log = File::create(log_file(root))?;
    let mut python = Command::new(project().join(INSTALLED).join("venv/bin/python"));
    python.arg(project().join(SOURCES).join("start.py")).arg(address).arg(root).current_dir(root);
    // Nothing else of the caller's: neither keys nor settings.
    python.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", root);
    python.envs(family.mark());
    python.stdin(Stdio::piped()).stdout(log.try_clone()?).stderr(log);
    Ok(python)
}
