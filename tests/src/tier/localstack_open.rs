//! The open LocalStack, which needs no licence, in an image of our own or as a process on this machine.
//!
//! `tests/localstack/open` contains its locked packages and our runtime executor: LocalStack's executor needs Docker, and
//! programs that no registry has. LocalStack listens only on loopback and ends with the process that started it; both
//! are checked.

mod container;
mod process;

use super::health;
use super::places::Place;
use super::process_family::{Family, Watch};
use crate::functions::project;
use anyhow::{Context as _, bail, ensure};
use container::Container;
use process::Process;
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The last open version.
pub const VERSION: &str = "4.14.0";
const SOURCES: &str = "tests/localstack/open";
/// Longest wait until LocalStack is healthy.
const START_MAX: Duration = Duration::from_secs(120);
/// Longest wait until all of its processes have ended after it was killed.
const STOP_MAX: Duration = Duration::from_secs(30);
/// Interval between two checks.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Installs LocalStack or builds its image, unless that was done before.
pub fn install(place: Place) -> Result<(), String> {
    let script = match place {
        Place::Image => "image",
        Place::Process => "install",
    };
    let mut install = Command::new(project().join(SOURCES).join(script));
    let output = install.stdin(Stdio::null()).stderr(Stdio::piped()).stdout(Stdio::inherit()).output();
    let output = output.map_err(|error| format!("cannot run {SOURCES}/{script}: {error}"))?;
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
    family: Family,
    watch: Watch,
    running: Running,
}

enum Running {
    Process(Process),
    Container(Box<Container>),
}

impl LocalStackOpen {
    /// Starts LocalStack on a free port.
    pub async fn start(place: Place) -> anyhow::Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0").context("no port is free")?.local_addr()?.port();
        let address = format!("127.0.0.1:{port}");
        let family = Family::of(&format!("localstack-open at {address}"));
        // The watch starts before anything listens, so that it sees the first second too.
        let watch = Watch::start(family.clone());
        let running = match place {
            Place::Process => Running::Process(Process::start(&address, &family)?),
            Place::Image => Running::Container(Box::new(Container::start(&address, &family).await?)),
        };
        let mut started = Self { address, family, watch, running };
        let end = Instant::now() + START_MAX;
        while !health::is_healthy(&started.address, "/_localstack/health").await {
            started.is_running().await?;
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
        match &self.running {
            Running::Process(process) => process.last_log(),
            Running::Container(container) => container.last_log(),
        }
    }

    /// Commands of the running functions.
    pub fn functions(&self) -> Vec<String> {
        let commands = self.family.members().into_iter().map(|member| member.command);
        commands.filter(|command| command.ends_with("bootstrap")).collect()
    }

    /// Fails if it ended by itself.
    async fn is_running(&mut self) -> anyhow::Result<()> {
        let ended = match &mut self.running {
            Running::Process(process) => process.ended()?,
            Running::Container(container) => container.ended().await?,
        };
        match ended {
            Some(how) => bail!("LocalStack ended by itself ({how}):\n{}", self.last_log()),
            None => Ok(()),
        }
    }

    /// Stops LocalStack and checks that it listened only on loopback and left no processes behind.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.is_running().await?;
        let seen = self.watch.finish();
        match self.running {
            Running::Process(process) => drop(process),
            Running::Container(container) => container.remove().await?,
        }
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
            let left = self.family.members();
            if left.is_empty() {
                return Ok(());
            }
            ensure!(Instant::now() < end, "LocalStack left processes behind: {left:?}");
            sleep(LOOK_EVERY).await;
        }
    }
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
