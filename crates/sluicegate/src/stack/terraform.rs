//! Runs Terraform on an environment's working folder.

use super::workspace::Workspace;
use crate::stop::stop_signal;
use anyhow::{Context as _, bail};
use serde_json::Value;
use std::io::IsTerminal as _;
use std::process::{Output, Stdio};
use tokio::process::{Child, Command};

/// What to do where Terraform is not there.
const INSTALL: &str = "cannot run terraform: install Terraform 1.11 or newer";

/// What a plan is to come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// The stack is as the bundle says.
    Deployed,
    /// Nothing of the stack is left.
    Removed,
}

/// Terraform, in one working folder.
#[derive(Debug)]
pub struct Terraform<'a> {
    workspace: &'a Workspace,
}

impl<'a> Terraform<'a> {
    /// Terraform in `workspace`.
    pub const fn new(workspace: &'a Workspace) -> Self {
        Self { workspace }
    }

    /// Prepares providers, modules and backend. From the bundle's own provider where it has one: nothing is
    /// downloaded then.
    pub async fn init(&self) -> anyhow::Result<()> {
        let mut command = self.command(&["init", "-input=false", "-no-color"]);
        if let Some(providers) = &self.workspace.providers {
            command.arg("-lockfile=readonly").arg(format!("-plugin-dir={}", providers.display()));
        }
        // It tells a lot, and all of it is of interest only where it fails.
        let output = wait(command.stdout(Stdio::piped()).stderr(Stdio::piped()), "init").await?;
        if !output.status.success() {
            bail!(
                "terraform init failed in {}:\n{}{}",
                self.workspace.terraform().display(),
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr).trim_end(),
            );
        }
        Ok(())
    }

    /// Plans a deployment, or a removal, into the workspace's plan file, and prints the plan.
    pub async fn plan(&self, goal: Goal) -> anyhow::Result<()> {
        let mut command = self.command(&["plan", "-input=false"]);
        command.args(colour());
        if goal == Goal::Removed {
            command.arg("-destroy");
        }
        command.arg(format!("-out={}", self.workspace.plan_file().display()));
        self.print(self.with_values(&mut command), "plan").await
    }

    /// The plan in the workspace's plan file.
    pub async fn show_plan(&self) -> anyhow::Result<Value> {
        let mut command = self.command(&["show", "-json"]);
        self.json(command.arg(self.workspace.plan_file()), "show").await
    }

    /// Applies the plan in the workspace's plan file.
    pub async fn apply(&self) -> anyhow::Result<()> {
        let mut command = self.command(&["apply", "-input=false"]);
        command.args(colour());
        self.print(command.arg(self.workspace.plan_file()), "apply").await
    }

    /// The outputs: by name, an object with `value`.
    pub async fn outputs(&self) -> anyhow::Result<Value> {
        self.json(&mut self.command(&["output", "-json"]), "output").await
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("terraform");
        command.args(arguments).current_dir(self.workspace.terraform());
        // Neither is to change what is deployed, or where its state lies.
        command.env_remove("TF_DATA_DIR").env_remove("TF_WORKSPACE");
        // Terraform would ask its maker for news, and print advice for a shell that nobody is in.
        command.env("CHECKPOINT_DISABLE", "1").env("TF_IN_AUTOMATION", "1");
        command
    }

    fn with_values<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        if let Some(values) = &self.workspace.values {
            command.arg(format!("-var-file={}", values.display()));
        }
        command
    }

    async fn print(&self, command: &mut Command, what: &str) -> anyhow::Result<()> {
        let output = wait(command, what).await?;
        if !output.status.success() {
            bail!("terraform {what} failed ({}): see its output above", output.status);
        }
        Ok(())
    }

    async fn json(&self, command: &mut Command, what: &str) -> anyhow::Result<Value> {
        let output = wait(command.stdout(Stdio::piped()), what).await?;
        if !output.status.success() {
            bail!("terraform {what} failed ({}): see its output above", output.status);
        }
        serde_json::from_slice(&output.stdout).with_context(|| format!("terraform {what} printed no JSON"))
    }
}

/// Terraform colours what it prints wherever that goes.
fn colour() -> Option<&'static str> {
    let is_wanted = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    (!is_wanted).then_some("-no-color")
}

/// Waits for Terraform's end, as [`attend`] does.
async fn wait(command: &mut Command, what: &str) -> anyhow::Result<Output> {
    attend(command, what, stop_signal).await
}

/// Waits for the end of `command`. Who interrupts us, by Ctrl-C or as a container is stopped, interrupts Terraform: it must
/// not be left alone with half a stack and a lock on the state, and is given the time to write what it has done.
async fn attend(
    command: &mut Command,
    what: &str,
    asked_to_stop: impl AsyncFn() -> anyhow::Result<()>,
) -> anyhow::Result<Output> {
    // In a group of its own it hears of an interruption from us alone: once from a terminal, too, and whoever sends it.
    #[cfg(unix)]
    command.process_group(0);
    let child = command.stdin(Stdio::null()).spawn().context(INSTALL)?;
    let interrupt = interrupter(&child);
    let ended = child.wait_with_output();
    tokio::pin!(ended);
    let mut interrupted = false;
    loop {
        tokio::select! {
            output = &mut ended => {
                let output = output.context("cannot wait for terraform")?;
                if interrupted {
                    bail!(
                        "interrupted: terraform {what} has stopped ({}). Run the same command again to go on. What was still \
                         being made can be there without being in the state: if it exists already then, remove it or import it",
                        output.status
                    );
                }
                return Ok(output);
            }
            signal = asked_to_stop() => {
                signal?;
                if !interrupted {
                    eprintln!("\nstopping Terraform, which writes its state (once more stops it at once)");
                }
                interrupted = true;
                interrupt();
            }
        }
    }
}

/// Interrupts a process that runs, as Ctrl-C does.
#[cfg(unix)]
fn interrupter(child: &Child) -> impl Fn() + use<> {
    use rustix::process::{Pid, Signal, kill_process};
    let process = child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?));
    move || {
        if let Some(process) = process {
            // It fails only where it has ended.
            let _ = kill_process(process, Signal::INT);
        }
    }
}

/// A terminal's Ctrl-C reaches it by itself there.
#[cfg(not(unix))]
fn interrupter(_: &Child) -> impl Fn() + use<> {
    || {}
}

#[cfg(test)]
mod tests;
