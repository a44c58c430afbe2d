//! The emulator as a separate process, for machines without Docker.

use crate::functions::{binary, project};
use anyhow::Context as _;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// Longest wait for an orderly end.
const STOP_MAX: Duration = Duration::from_secs(10);
/// Interval between two checks whether it has ended.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A running `sluicegate serve`. Dropping it stops it with a signal.
#[derive(Debug)]
pub struct Process {
    aws_endpoint: String,
    child: Child,
    // Kept open but not read, because the emulator does not wait for a reader after its greeting.
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
        // SIGTERM lets the emulator end its functions too; the standard library can only send SIGKILL.
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
