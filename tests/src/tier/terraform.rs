//! `terraform/` applied to an emulator, as it stands: the endpoint in the environment is all that differs.

use super::packages;
use crate::endpoint::{Endpoint, TargetKind};
use crate::functions::project;
use crate::group;
use crate::sdk::Caller;
use anyhow::{Context as _, bail};
use serde_json::Value;
use std::path::Path;
use std::process::Stdio;
use tempfile::TempDir;
use tokio::process::Command;

/// What a configuration's folder holds that is not the configuration: Terraform's own, and tests.
const LEFT_OUT: &[&str] = &[".terraform", "tests"];

pub fn is_installed() -> bool {
    let mut terraform = std::process::Command::new("terraform");
    let version = terraform.arg("version").env("CHECKPOINT_DISABLE", "1").stdout(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}

/// An applied stack. Its state goes with it: the emulator that holds the stack does, too.
#[derive(Debug)]
pub struct Stack {
    configuration: TempDir,
    packages: TempDir,
    aws_endpoint: String,
}

impl Stack {
    /// Applies a copy of the configuration. Where Terraform finds the provider is the caller's to say
    /// (`TF_CLI_CONFIG_FILE`).
    pub async fn apply(aws_endpoint: &str, packages: TempDir) -> anyhow::Result<Self> {
        let configuration = tempfile::tempdir().context("cannot make a folder for Terraform")?;
        copy(&project().join("terraform"), configuration.path())?;
        let stack = Self { configuration, packages, aws_endpoint: aws_endpoint.to_owned() };
        stack.run(&["init", "-input=false", "-no-color"]).await?;
        stack.run_with_values(&["apply", "-auto-approve", "-input=false", "-no-color"]).await?;
        Ok(stack)
    }

    /// Removes all that was applied.
    pub async fn destroy(&self) -> anyhow::Result<()> {
        self.run_with_values(&["destroy", "-auto-approve", "-input=false", "-no-color"]).await.map(drop)
    }

    /// Where the stack is reached, as its outputs say.
    pub async fn endpoint(&self, emulator: TargetKind, aws_endpoint: &str) -> anyhow::Result<Endpoint> {
        let outputs: Value = serde_json::from_str(&self.run(&["output", "-json"]).await?)?;
        let output = |name: &str| {
            let value = outputs[name]["value"].as_str().map(str::to_owned);
            value.with_context(|| format!("the stack has no output {name}"))
        };
        Ok(Endpoint {
            emulator,
            websocket_uri: output("websocket_uri")?,
            aws_endpoint: Some(aws_endpoint.to_owned()),
            connections_endpoint: output("connections_endpoint")?,
            stream_name: output("stream_name")?,
            caller: Caller::developer(),
        })
    }

    async fn run_with_values(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let bundle = format!("-var=bundle={}", self.packages.path().join("functions").display());
        let architecture = format!("-var=architecture={}", packages::architecture());
        self.run(&[arguments, &[&bundle, &architecture]].concat()).await
    }

    async fn run(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let mut terraform = Command::new("terraform");
        terraform.args(arguments).current_dir(self.configuration.path());
        // What the caller's shell has set must not reach an account, nor another stack's state.
        for name in ["AWS_PROFILE", "AWS_SESSION_TOKEN", "TF_WORKSPACE", "TF_DATA_DIR", "TF_VAR_name"] {
            terraform.env_remove(name);
        }
        terraform.env("AWS_ENDPOINT_URL", &self.aws_endpoint).env("AWS_REGION", "us-east-1");
        terraform.env("AWS_ACCESS_KEY_ID", "developer").env("AWS_SECRET_ACCESS_KEY", "secret");
        terraform.env("AWS_EC2_METADATA_DISABLED", "true").env("CHECKPOINT_DISABLE", "1");
        terraform.env("TF_IN_AUTOMATION", "1");
        let output = group::output(&mut terraform).await.context("cannot run terraform")?;
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            let action = arguments.first().copied().unwrap_or_default();
            bail!("terraform {action} failed:\n{stdout}{}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(stdout)
    }
}

/// Copies a configuration, without state: a developer's own stack stays theirs.
fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
    for entry in std::fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if LEFT_OUT.contains(&name.as_str()) || name.contains(".tfstate") || name == "terraform.tfvars" {
            continue;
        }
        let target = to.join(&name);
        if entry.path().is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), &target).with_context(|| format!("cannot copy {name}"))?;
        }
    }
    Ok(())
}
