//! Programs that a benchmark starts and ends.

use crate::PATIENCE;
use crate::process::Process;
use anyhow::{Context as _, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// How long a program may take to end after its input has ended.
const END: std::time::Duration = std::time::Duration::from_secs(5);

/// A running program, whose standard input stays open as long as the program is needed.
pub struct Child {
    name: String,
    child: std::process::Child,
}

impl Child {
    /// Starts a program without its output.
    pub fn spawn(name: &str, command: &mut Command) -> anyhow::Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        Ok(Self { name: name.into(), child })
    }

    /// Starts a program and reads the line of JSON that it prints when it is ready.
    pub fn spawn_greeting(name: &str, command: &mut Command) -> anyhow::Result<(Self, Value)> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        let mut started = Self { name: name.into(), child };
        let mut output = BufReader::new(started.child.stdout.take().context("no standard output")?);
        let mut line = String::new();
        output.read_line(&mut line)?;
        let greeting = serde_json::from_str(&line).with_context(|| format!("{name} has not started"))?;
        // Its later output must not fill the pipe.
        std::thread::spawn(move || {
            let mut rest = [0; 4_096];
            while let Ok(1..) = output.read(&mut rest) {}
        });
        started.alive()?;
        Ok((started, greeting))
    }

    pub fn process(&self) -> Process {
        Process::of(self.child.id())
    }

    /// Ends its input, and waits until it has finished.
    pub fn finish(mut self) -> anyhow::Result<()> {
        drop(self.child.stdin.take());
        let status = self.child.wait()?;
        ensure!(status.success(), "{} has failed: {status}", self.name);
        Ok(())
    }

    /// An error if it has ended.
    pub fn alive(&mut self) -> anyhow::Result<()> {
        let ended = self.child.try_wait()?;
        ensure!(ended.is_none(), "{} has ended: {}", self.name, ended.unwrap_or_default());
        Ok(())
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        // An emulator that ends this way ends its functions first.
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let begun = Instant::now();
        while begun.elapsed() < END {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until something listens at an address; returns how long that took.
pub fn wait_for_port(child: &mut Child, port: u16) -> anyhow::Result<std::time::Duration> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Ok(begun.elapsed());
        }
        child.alive()?;
        std::thread::sleep(std::time::Duration::from_micros(100));
    }
    anyhow::bail!("{} does not listen on port {port}", child.name)
}

/// A port that was free a moment ago.
pub fn free_port() -> anyhow::Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Checks that a file exists.
pub fn require(path: &Path, cure: &str) -> anyhow::Result<()> {
    ensure!(path.exists(), "{} is not there: run {cure}", path.display());
    Ok(())
}
