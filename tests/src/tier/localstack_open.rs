//! The open LocalStack, which needs no licence, as a process on this machine.
//!
//! `tests/localstack/open` contains its locked packages and our runtime executor: LocalStack's executor needs Docker, and
//! programs that no registry has. LocalStack listens only on loopback and ends with the process that started it; both
//! are checked.

use super::health;
use super::process_family::{Family, Watch};
use crate::functions::project;
use anyhow::{Context as _, bail, ensure};
use rustix::process::{Pid, Signal, kill_process_group};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

/// The last open version.
pub const VERSION: &str = "4.14.0";
/// The folder in which `install` puts LocalStack and its Kinesis engine.
const INSTALLED: &str = "target/localstack-open";
const SOURCES: &str = "tests/localstack/open";
/// Longest wait until LocalStack is healthy.
const START_MAX: Duration = Duration::from_secs(120);
/// Longest wait until all of its processes have ended after it was killed.
const STOP_MAX: Duration = Duration::from_secs(30);
/// Interval between two checks.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Lines of LocalStack's log in an error.
const LOG_LINES: usize = 40;

/// Installs LocalStack unless it is installed.
pub fn install() -> Result<(), String> {
    let mut install = Command::new(project().join(SOURCES).join("install"));
    let output = install.stdin(Stdio::null()).stderr(Stdio::piped()).stdout(Stdio::inherit()).output();
    let output = output.map_err(|error| format!("cannot run {SOURCES}/install: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    eprint!("{words}");
    Err(words.lines().last().unwrap_or("its installation failed").to_owned())
}

/// A running LocalStack. Dropping it ends all of its processes.
pub struct LocalStackOpen {
    address: String,
    child: Child,
    watch: Option<Watch>,
    root: TempDir,
}

impl LocalStackOpen {
    /// Starts LocalStack on a free port.
    pub async fn start() -> anyhow::Result<Self> {
        let root = tempfile::Builder::new().prefix("sluicegate-localstack-").tempdir()?;
        let port = TcpListener::bind("127.0.0.1:0").context("no port is free")?.local_addr()?.port();
        let address = format!("127.0.0.1:{port}");
        let child = command(root.path(), &address)?.spawn().context("Python does not start")?;
        // The watch starts before anything listens, so that it sees the first second too.
        let watch = Some(Watch::start(Family::of(root.path())));
        let mut started = Self { address, child, watch, root };
        let end = Instant::now() + START_MAX;
        while !health::is_healthy(&started.address, "/_localstack/health").await {
            let ended = started.child.try_wait()?;
            ensure!(ended.is_none(), "LocalStack stopped while starting:\n{}", started.last_log());
            ensure!(
                Instant::now() < end,
                "LocalStack is not healthy within {START_MAX:?}:\n{}",
                started.last_log()
            );
            sleep(LOOK_EVERY).await;
        }
        Ok(started)
    }

    /// Endpoint of its AWS APIs.
    pub fn aws_endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Host and port of its AWS APIs.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The end of LocalStack's log, for errors.
    pub fn last_log(&self) -> String {
        let log = std::fs::read_to_string(log_file(self.root.path())).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
    }

    /// Commands of the running functions.
    pub fn functions(&self) -> Vec<String> {
        let commands = Family::of(self.root.path()).members().into_iter().map(|member| member.command);
        commands.filter(|command| command.ends_with("bootstrap")).collect()
    }

    /// Stops LocalStack and checks that it listened only on loopback and left no processes behind.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        if let Some(ended) = self.child.try_wait()? {
            bail!("LocalStack stopped unexpectedly ({ended}):\n{}", self.last_log());
        }
        let family = Family::of(self.root.path());
        let seen = self.watch.take().context("it was not watched")?.finish();
        self.kill();
        if cfg!(target_os = "linux") {
            ensure!(
                seen.on_loopback.contains(&self.address),
                "the watch saw {seen:?}, and not {}",
                self.address
            );
        }
        ensure!(
            seen.elsewhere.is_empty(),
            "LocalStack listened on addresses that other machines can reach: {:?}",
            seen.elsewhere
        );
        let end = Instant::now() + STOP_MAX;
        loop {
            let left = family.members();
            if left.is_empty() {
                return Ok(());
            }
            ensure!(Instant::now() < end, "LocalStack left processes behind: {left:?}");
            sleep(LOOK_EVERY).await;
        }
    }

    /// Kills the process group. The Kinesis engine is in another group and ends when its input, which it shares with
    /// LocalStack, ends.
    fn kill(&mut self) {
        if let Some(group) = self.child.id().try_into().ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        drop(self.child.stdin.take());
        // Until it leads its group, only the process itself can be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for LocalStackOpen {
    fn drop(&mut self) {
        self.kill();
    }
}

fn log_file(root: &Path) -> std::path::PathBuf {
    root.join("localstack.log")
}

fn command(root: &Path, address: &str) -> anyhow::Result<Command> {
    let log = std::fs::File::create(log_file(root))?;
    let mut python = Command::new(project().join(INSTALLED).join("venv/bin/python"));
    python.arg(project().join(SOURCES).join("start.py")).arg(address).arg(root).current_dir(root);
    // No other variables of the caller, such as keys and settings.
    python.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", root);
    python.envs(Family::of(root).mark());
    python.stdin(Stdio::piped()).stdout(log.try_clone()?).stderr(log);
    Ok(python)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locked_versions_are_the_ones_that_run() {
        let read = |name: &str| std::fs::read_to_string(project().join(SOURCES).join(name)).unwrap();
        assert!(read("requirements.txt").contains(&format!("\nlocalstack-core=={VERSION} \\\n")));
        let lock: serde_json::Value = serde_json::from_str(&read("package-lock.json")).unwrap();
        let engine = &lock["packages"]["node_modules/kinesis-local"]["version"];
        assert!(read("start.py").contains(&format!("\nENGINE_VERSION = {engine} ")), "{engine}");
    }
}
