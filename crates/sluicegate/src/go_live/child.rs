//! Runs one step as a program of its own: shows what it prints, keeps it, and passes a stop on to it.

use crate::stop::StopSignals;
use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process_group};
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::Command;
use tokio::sync::mpsc;

/// How a program ended, and what it printed.
pub struct StepResult {
    pub succeeded: bool,
    pub was_interrupted: bool,
    pub output: String,
}

/// Runs a program to its end. A signal to stop interrupts it, and it is still waited for: it removes or completes what
/// it began. `shows`: whether its output goes to the terminal too.
pub async fn run(mut command: Command, signals: &mut StopSignals, shows: bool) -> anyhow::Result<StepResult> {
    // In a group of its own, so that each signal reaches it once, and from here.
    command.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child =
        command.spawn().with_context(|| format!("cannot run {:?}", command.as_std().get_program()))?;
    let group = child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?));
    let (sender, mut lines) = mpsc::channel(64);
    if let Some(stdout) = child.stdout.take() {
        tokio::spawn(read(stdout, sender.clone()));
    }
    if let Some(stderr) = child.stderr.take() {
        tokio::spawn(read(stderr, sender.clone()));
    }
    drop(sender);
    let mut output = String::new();
    let mut was_interrupted = false;
    loop {
        tokio::select! {
            line = lines.recv() => match line {
                Some(line) => {
                    if shows {
                        println!("  {line}");
                    }
                    output.push_str(&line);
                    output.push('\n');
                }
                None => break,
            },
            () = signals.next() => {
                was_interrupted = true;
                eprintln!("stopping: what was begun is completed or removed first, which takes minutes");
                if let Some(group) = group {
                    // It fails only if the program has ended.
                    let _ = kill_process_group(group, Signal::INT);
                }
            }
        }
    }
    let status = child.wait().await.context("cannot wait for a step")?;
    Ok(StepResult { succeeded: status.success() && !was_interrupted, was_interrupted, output })
}

async fn read(from: impl AsyncRead + Unpin, to: mpsc::Sender<String>) {
    let mut lines = BufReader::new(from).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        if to.send(line).await.is_err() {
            return;
        }
    }
}
