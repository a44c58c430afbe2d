//! Runs Terraform on an environment's working folder.

use super::account;
use super::place::{self, Place};
use super::workspace::Workspace;
use crate::bundle::{layout, provider};
use crate::stop::stop_signal;
use anyhow::{Context as _, bail};
use serde_json::Value;
use std::io::IsTerminal as _;
use std::process::{Output, Stdio};
use tokio::process::{Child, Command};

const INSTALL: &str = "cannot run terraform: install Terraform 1.11 or newer";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// The stack matches the bundle.
    Deployed,
    /// The stack is destroyed.
    Removed,
}

#[derive(Debug)]
pub struct Terraform<'a> {
    workspace: &'a Workspace,
    /// A further argument of every plan.
    more: Option<String>,
}

impl<'a> Terraform<'a> {
    pub const fn new(workspace: &'a Workspace) -> Self {
        Self { workspace, more: None }
    }

    /// The same, with a further argument of every plan.
    pub fn with(&self, more: String) -> Self {
        Self { workspace: self.workspace, more: Some(more) }
    }

    /// Prepares providers, modules and backend. Downloads nothing if the bundle has the provider.
    pub async fn init(&self) -> anyhow::Result<()> {
        self.init_of(&mut self.command(&["init"])).await
    }

    async fn init_of(&self, command: &mut Command) -> anyhow::Result<()> {
        command.args(["-input=false", "-no-color"]);
        if let Some(providers) = &self.workspace.providers {
            command.arg("-lockfile=readonly").arg(format!("-plugin-dir={}", providers.display()));
        }
        self.quiet(command, "init").await
    }

    /// A plan of the account's own configuration, which is not to be applied: it shows what API Gateway's settings are.
    pub async fn account(&self) -> anyhow::Result<Value> {
        let folder = self.workspace.terraform().join(account::FOLDER);
        layout::copy(&self.workspace.terraform().join(provider::LOCK), &folder.join(provider::LOCK))?;
        let inside = format!("-chdir={}", account::FOLDER);
        let out = format!("-out={}", self.workspace.plan_file().display());
        self.init_of(&mut self.command(&[&inside, "init"])).await?;
        let plan = ["plan", "-input=false", "-no-color", "-lock=false", "-refresh=false"];
        self.quiet(self.command(&[&inside]).args(plan).arg(out), "plan of the account").await?;
        let show = self
            .json(self.command(&[&inside, "show", "-json"]).arg(self.workspace.plan_file()), "show")
            .await;
        let _ = std::fs::remove_file(self.workspace.plan_file());
        show
    }

    /// The place that a plan would be for, determined by the provider with its credentials.
    pub async fn place(&self) -> anyhow::Result<Place> {
        let mut command =
            self.command(&["plan", "-input=false", "-no-color", "-refresh=false", "-lock=false"]);
        command.args(["-target=data.aws_caller_identity.current", "-target=data.aws_service.kinesis"]);
        command.arg(format!("-out={}", self.workspace.plan_file().display()));
        self.quiet(self.with_values(&mut command), "plan").await?;
        let plan = self.show_plan().await;
        // It plans nothing, and must not be applied.
        let _ = std::fs::remove_file(self.workspace.plan_file());
        let place = plan?["planned_values"]["outputs"][place::OUTPUT]["value"].take();
        serde_json::from_value(place).with_context(|| format!("the plan has no output {}", place::OUTPUT))
    }

    /// Plans a deployment, or a removal, into the workspace's plan file, and prints the plan. `more` is one more
    /// argument.
    pub async fn plan(&self, goal: Goal, more: Option<&str>) -> anyhow::Result<()> {
        let mut command = self.command(&["plan", "-input=false"]);
        command.args(colour());
        if goal == Goal::Removed {
            command.arg("-destroy");
        }
        command.arg(format!("-out={}", self.workspace.plan_file().display()));
        let command = self.with_values(&mut command);
        command.args(more);
        self.print(command, "plan").await
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
        // These must not change what is deployed or where its state is.
        command.env_remove("TF_DATA_DIR").env_remove("TF_WORKSPACE");
        // No update check, and no advice for interactive use.
        command.env("CHECKPOINT_DISABLE", "1").env("TF_IN_AUTOMATION", "1");
        command
    }

    fn with_values<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        if let Some(values) = &self.workspace.values {
            command.arg(format!("-var-file={}", values.display()));
        }
        let endpoint = place::endpoint(std::env::var("AWS_ENDPOINT_URL").ok());
        command.args(endpoint.map(|endpoint| format!("-var=endpoint={endpoint}")));
        command.args(&self.more)
    }

    /// Runs a command whose long output matters only if it fails.
    async fn quiet(&self, command: &mut Command, what: &str) -> anyhow::Result<()> {
        let output = wait(command.stdout(Stdio::piped()).stderr(Stdio::piped()), what).await?;
        if !output.status.success() {
            bail!(
                "terraform {what} failed in {}:\n{}{}",
                self.workspace.terraform().display(),
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr).trim_end(),
            );
        }
        Ok(())
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
        serde_json::from_slice(&output.stdout)
            .with_context(|| format!("the output of terraform {what} is not JSON"))
    }
}

/// Terraform colours its output even if it does not go to a terminal.
fn colour() -> Option<&'static str> {
    let is_wanted = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    (!is_wanted).then_some("-no-color")
}

/// Waits for Terraform's end, as [`attend`] does.
async fn wait(command: &mut Command, what: &str) -> anyhow::Result<Output> {
    attend(command, what, stop_signal).await
}

/// Waits for `command` to end. A signal to stop interrupts Terraform and waits for it to write its state: it must not be
/// left with half a stack and a locked state.
async fn attend(
    command: &mut Command,
    what: &str,
    asked_to_stop: impl AsyncFn() -> anyhow::Result<()>,
) -> anyhow::Result<Output> {
    // In its own process group Terraform gets the interrupt only from us, exactly once.
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
                        "interrupted: terraform {what} has stopped ({}). Run the same command again to continue. Resources that were \
             still being created may be missing from the state: if Terraform reports that one already exists, delete \
             or import it",
                        output.status
                    );
                }
                return Ok(output);
            }
            signal = asked_to_stop() => {
                signal?;
                if !interrupted {
                    eprintln!("\nstopping Terraform after it writes its state (press Ctrl-C again to stop at once)");
                }
                interrupted = true;
                interrupt();
            }
        }
    }
}

/// Interrupts a running process, as Ctrl-C does.
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

/// On this system, Ctrl-C in the terminal reaches the process directly.
#[cfg(not(unix))]
fn interrupter(_: &Child) -> impl Fn() + use<> {
    || {}
}

#[cfg(test)]
mod tests;
