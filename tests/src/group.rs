//! Programs that start other programs, as Terraform starts its providers. Dropping the future ends all of them.

use rustix::process::{Pid, Signal, kill_process_group};
use std::io;
use std::process::{Output, Stdio};
use tokio::process::Command;

/// A process group. Dropping it kills its remaining processes.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // It fails only if no process of the group is left.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// Runs a program to its end; returns its output.
pub async fn output(command: &mut Command) -> io::Result<Output> {
    command.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn()?;
    // The group's id is that of its first process.
    let _group = Group(child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?)));
    child.wait_with_output().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::io::{AsyncBufReadExt as _, BufReader};
    use tokio::time::timeout;

    #[tokio::test]
    async fn who_stops_waiting_ends_what_was_started_by_what_was_started() {
        let folder = tempfile::tempdir().expect("a folder");
        let pipe = folder.path().join("pipe");
        let made = Command::new("mkfifo").arg(&pipe).status().await.expect("mkfifo runs");
        assert!(made.success(), "{made}");
        // The inner shell is the program's child; it keeps the pipe open as long as it runs.
        let script = format!("sh -c 'echo started; sleep 1000' >'{}' & wait", pipe.display());
        let waiting = tokio::spawn(async move { output(Command::new("sh").args(["-c", &script])).await });
        let pipe = tokio::fs::File::open(&pipe).await.expect("the pipe opens once it is written to");
        let mut lines = BufReader::new(pipe).lines();
        assert_eq!(lines.next_line().await.expect("a line").as_deref(), Some("started"));
        waiting.abort();
        // The pipe ends when the last process that can write to it has ended.
        let end = timeout(Duration::from_secs(60), lines.next_line()).await.expect("nothing is left of it");
        assert_eq!(end.expect("an end"), None);
    }
}
