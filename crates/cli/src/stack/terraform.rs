//! Runs Terraform on an environment's working folder.

use super::workspace::Workspace;
use anyhow::{Context as _, bail};
use serde_json::Value;
use std::process::Stdio;
use tokio::process::Command;

/// What to do where Terraform is not there.
const INSTALL: &str = "cannot run terraform: install Terraform 1.11 or newer";

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
    ///
    /// # Errors
    /// As Terraform says.
    pub async fn init(&self) -> anyhow::Result<()> {
        let mut command = self.command(&["init", "-input=false", "-no-color"]);
        if let Some(providers) = &self.workspace.providers {
            command.arg("-lockfile=readonly").arg(format!("-plugin-dir={}", providers.display()));
        }
        // It tells a lot, and all of it is of interest only where it fails.
        let output = wait(command.stdout(Stdio::piped()).stderr(Stdio::piped())).await?;
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

    /// Plans into the workspace's plan file, and prints the plan.
    ///
    /// # Errors
    /// As Terraform says, on the terminal.
    pub async fn plan(&self) -> anyhow::Result<()> {
        let mut command = self.command(&["plan", "-input=false"]);
        command.arg(format!("-out={}", self.workspace.plan_file().display()));
        self.print(self.with_values(&mut command), "plan").await
    }

    /// The plan in the workspace's plan file.
    ///
    /// # Errors
    /// Where there is none.
    pub async fn show_plan(&self) -> anyhow::Result<Value> {
        let mut command = self.command(&["show", "-json"]);
        self.json(command.arg(self.workspace.plan_file()), "show").await
    }

    /// Applies the plan in the workspace's plan file.
    ///
    /// # Errors
    /// As Terraform says, on the terminal.
    pub async fn apply(&self) -> anyhow::Result<()> {
        let mut command = self.command(&["apply", "-input=false"]);
        self.print(command.arg(self.workspace.plan_file()), "apply").await
    }

    /// Destroys the stack. Terraform itself asks first, unless told `yes`.
    ///
    /// # Errors
    /// As Terraform says, on the terminal.
    pub async fn destroy(&self, yes: bool) -> anyhow::Result<()> {
        let mut command = self.command(&["destroy"]);
        if yes {
            command.args(["-auto-approve", "-input=false"]);
        }
        self.print(self.with_values(&mut command), "destroy").await
    }

    /// The outputs: by name, an object with `value`.
    ///
    /// # Errors
    /// Where the state cannot be read.
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
        let output = wait(command).await?;
        if !output.status.success() {
            bail!("terraform {what} failed ({}): its message is above", output.status);
        }
        Ok(())
    }

    async fn json(&self, command: &mut Command, what: &str) -> anyhow::Result<Value> {
        let output = wait(command.stdout(Stdio::piped())).await?;
        if !output.status.success() {
            bail!("terraform {what} failed ({}): its message is above", output.status);
        }
        serde_json::from_slice(&output.stdout).with_context(|| format!("terraform {what} printed no JSON"))
    }
}

/// Waits for Terraform's end, through Ctrl-C: the terminal sends it to Terraform too, which then stops by itself
/// and must not be left alone with a lock on the state.
async fn wait(command: &mut Command) -> anyhow::Result<std::process::Output> {
    let ended = command.spawn().context(INSTALL)?.wait_with_output();
    tokio::pin!(ended);
    loop {
        tokio::select! {
            output = &mut ended => return output.context("cannot wait for terraform"),
            signal = tokio::signal::ctrl_c() => signal.context("cannot listen for Ctrl-C")?,
        }
    }
}
