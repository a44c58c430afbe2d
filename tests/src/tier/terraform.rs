//! Applies `terraform/`, or a test's root that uses its modules, to an emulator. The configuration is unchanged: only the
//! endpoint in the environment differs.

use super::packages;
use crate::endpoint::{Endpoint, TargetKind};
use crate::functions::project;
use crate::group;
use crate::sdk::Caller;
use anyhow::{Context as _, bail};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Stdio;
use tempfile::TempDir;
use tokio::process::Command;

/// The folder of the modules and of the project's root.
pub const PROJECT: &str = "terraform";
/// Entries of a configuration's folder that are not part of the configuration.
const LEFT_OUT: &[&str] = &[".terraform", "tests"];

pub fn is_installed() -> bool {
    let mut terraform = std::process::Command::new("terraform");
    let version = terraform.arg("version").env("CHECKPOINT_DISABLE", "1").stdout(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}

/// An applied stack. Dropping it removes Terraform's state, since the emulator with the stack is dropped too.
#[derive(Debug)]
pub struct Stack {
    copy: TempDir,
    root: &'static str,
    packages: TempDir,
    values: Vec<String>,
    aws_endpoint: String,
}

impl Stack {
    /// Applies a copy of the root in a folder of the project; `values` are `-var` options in addition to those of the
    /// packages. The caller's `TF_CLI_CONFIG_FILE` determines where Terraform finds the provider.
    pub async fn apply(
        aws_endpoint: &str,
        root: &'static str,
        packages: TempDir,
        values: Vec<String>,
    ) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("cannot make a folder for Terraform")?;
        for below in BTreeSet::from([PROJECT, root]) {
            copy(&project().join(below), &folder.path().join(below))?;
        }
        let stack = Self { copy: folder, root, packages, values, aws_endpoint: aws_endpoint.to_owned() };
        stack.run(&["init", "-input=false", "-no-color"]).await?;
        stack.apply_with(&[]).await?;
        Ok(stack)
    }

    /// Applies the stack again, with values that replace the previous ones.
    pub async fn apply_with(&self, values: &[&str]) -> anyhow::Result<()> {
        let apply = ["apply", "-auto-approve", "-input=false", "-no-color"];
        self.run_with_values(&[&apply, values].concat()).await.map(drop)
    }

    /// Checks that a plan with the values of [`Stack::apply_with`] has no changes.
    pub async fn plan_is_empty(&self, values: &[&str]) -> anyhow::Result<()> {
        let plan = ["plan", "-detailed-exitcode", "-input=false", "-no-color"];
        self.run_with_values(&[&plan, values].concat()).await.map(drop)
    }

    /// Destroys the stack.
    pub async fn destroy(&self) -> anyhow::Result<()> {
        self.run_with_values(&["destroy", "-auto-approve", "-input=false", "-no-color"]).await.map(drop)
    }

    /// The stack's addresses, from its outputs.
    pub async fn endpoint(&self, emulator: TargetKind, aws_endpoint: &str) -> anyhow::Result<Endpoint> {
        let outputs = self.outputs().await?;
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

    /// The stack's outputs, each with its `value`.
    pub async fn outputs(&self) -> anyhow::Result<Value> {
        Ok(serde_json::from_str(&self.run(&["output", "-json"]).await?)?)
    }

    async fn run_with_values(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let bundle = format!("-var=bundle={}", self.packages.path().join("functions").display());
        let architecture = format!("-var=architecture={}", packages::architecture());
        let (action, values) = arguments.split_at(1);
        let own = self.values.iter().map(String::as_str).chain([&*bundle, &*architecture]);
        // A later value replaces an earlier one.
        self.run(&[action, &own.collect::<Vec<_>>(), values].concat()).await
    }

    async fn run(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let mut terraform = Command::new("terraform");
        terraform.args(arguments).current_dir(self.copy.path().join(self.root));
        // The variables of the caller's shell must not lead to an account or to another stack's state.
        for name in ["AWS_PROFILE", "AWS_SESSION_TOKEN", "TF_WORKSPACE", "TF_DATA_DIR", "TF_VAR_name"] {
            terraform.env_remove(name);
        }
        terraform.env("AWS_ENDPOINT_URL", &self.aws_endpoint).env("AWS_REGION", "us-east-1");
        terraform.env("AWS_ACCESS_KEY_ID", "developer").env("AWS_SECRET_ACCESS_KEY", "secret");
        terraform.env("AWS_EC2_METADATA_DISABLED", "true").env("CHECKPOINT_DISABLE", "1");
        // A provider that is killed leaves a folder there.
        terraform.env("TF_IN_AUTOMATION", "1").env("TMPDIR", self.copy.path());
        let output = group::output(&mut terraform).await.context("cannot run terraform")?;
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            let action = arguments.first().copied().unwrap_or_default();
            bail!("terraform {action} failed:\n{stdout}{}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(stdout)
    }
}

/// Copies a configuration without its state, so that a developer's own stack is not affected.
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
