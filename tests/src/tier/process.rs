//! The emulator as a process of its own, where there is no Docker.

use crate::functions::{binary, project};
use anyhow::Context as _;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// Time for an orderly end.
const STOP_MAX: Duration = Duration::from_secs(10);
/// Between two looks whether it has ended.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A running `sluicegate serve`. Dropping it stops it, as a terminal would.
#[derive(Debug)]
pub struct Process {
    aws_endpoint: String,
    child: Child,
    // Kept open, unread: nothing that it prints after its greeting waits for a reader.
    stdout: BufReader<ChildStdout>,
}

impl Process {
    pub fn start() -> anyhow::Result<Self> {
        let mut serve = Command::new(binary("sluicegate"));
        serve
            .env_remove("AWS_REGION")
            .args(["serve", "--quiet", "--port", "0"])
            .current_dir(project())
            .stdout(Stdio::piped());
        let mut child = serve.spawn().context("the emulator's process does not start")?;
        let stdout = child.stdout.take().context("the emulator's process has no output")?;
        let mut process = Self { aws_endpoint: String::new(), child, stdout: BufReader::new(stdout) };
        let mut greeting = String::new();
        process.stdout.read_line(&mut greeting).context("the emulator's process printed nothing")?;
        let address = greeting.split_whitespace().find(|word| word.starts_with("http://"));
        let address =
            address.with_context(|| format!("the emulator's greeting has no address: {greeting:?}"))?;
        process.aws_endpoint = address.trim_end_matches(';').to_owned();
        Ok(process)
    }

    pub fn aws_endpoint(&self) -> &str {
        &self.aws_endpoint
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // SIGTERM ends its functions too; the standard library can only kill.
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let end = Instant::now() + STOP_MAX;
        while Instant::now() < end {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(LOOK_EVERY);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
