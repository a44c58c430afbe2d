//! Copies of `terraform/`, in which Terraform may write what it likes, and Terraform run in them.

use anyhow::{Context as _, bail};
use parking_lot::Mutex;
use sluicegate_tests::functions::project;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// Terraform's exit status where a plan has changes (`-detailed-exitcode`).
const PLAN_HAS_CHANGES: i32 = 2;

/// What Terraform needs from a machine, found.
pub struct Tools {
    /// Providers, downloaded or linked once for all copies.
    plugins: TempDir,
    /// `terraform init` writes to `plugins`, and two at once would write to the same file.
    init: Mutex<()>,
}

impl Tools {
    /// Looks for Terraform, and lets it look for the locked provider.
    pub fn find() -> Result<Self, String> {
        let version =
            Command::new("terraform").arg("version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !version.is_ok_and(|status| status.success()) {
            return Err(
                "terraform is not installed: see https://developer.hashicorp.com/terraform/install".into()
            );
        }
        let folder = || tempfile::tempdir().map_err(|error| format!("no temporary folder: {error}"));
        let (tools, probe) = (Self { plugins: folder()?, init: Mutex::default() }, folder()?);
        for file in ["versions.tf", ".terraform.lock.hcl"] {
            let copied = std::fs::copy(project().join("terraform").join(file), probe.path().join(file));
            copied.map_err(|error| format!("cannot read terraform/{file}: {error}"))?;
        }
        let found = tools.init(probe.path()).map(drop);
        found.map_err(|error| {
            let reason = format!("{error:#}");
            let reason: Vec<_> = reason.split_whitespace().filter(|word| *word != "│").collect();
            format!(
                "the AWS provider cannot be had; set TF_CLI_CONFIG_FILE to a configuration with a mirror ({})",
                reason.join(" ")
            )
        })?;
        Ok(tools)
    }

    fn init(&self, folder: &Path) -> anyhow::Result<String> {
        let _one_at_a_time = self.init.lock();
        Invocation::new(self, folder).run(["init", "-input=false", "-lockfile=readonly"])
    }
}

/// The configuration with its modules and tests, for what changes nothing in it.
pub struct Tree {
    tools: Tools,
    copy: TempDir,
}

impl Tree {
    /// Copies `terraform/`.
    pub fn copy(tools: Tools) -> anyhow::Result<Self> {
        let copy = tempfile::tempdir().context("cannot make a temporary folder")?;
        copy_folder(&project().join("terraform"), copy.path())?;
        Ok(Self { tools, copy })
    }

    pub fn path(&self) -> &Path {
        self.copy.path()
    }

    /// Where Terraform finds the provider that was had once for all, for what runs Terraform by itself.
    pub fn plugin_cache(&self) -> Vec<(String, String)> {
        vec![("TF_PLUGIN_CACHE_DIR".to_owned(), self.tools.plugins.path().display().to_string())]
    }

    /// The root, or a module of it, ready to be used. A module is locked to the root's provider.
    pub fn init(&self, below: &str) -> anyhow::Result<Invocation<'_>> {
        let (lock, folder) = (self.path().join(".terraform.lock.hcl"), self.path().join(below));
        let own_lock = folder.join(".terraform.lock.hcl");
        if lock != own_lock {
            std::fs::copy(lock, own_lock).context("cannot copy the lock file")?;
        }
        self.tools.init(&folder)?;
        Ok(Invocation { folder, ..Invocation::new(&self.tools, self.path()) })
    }

    /// A stack of [`STACKS`], with the root's provider, to be applied to an emulator.
    pub fn stack<'a>(
        &'a self,
        name: &str,
        folder: &Path,
        aws_endpoint: &str,
    ) -> anyhow::Result<Invocation<'a>> {
        copy_folder(&project().join(STACKS).join(name), folder)?;
        for file in ["versions.tf", ".terraform.lock.hcl"] {
            let copied = std::fs::copy(project().join("terraform").join(file), folder.join(file));
            copied.with_context(|| format!("cannot copy terraform/{file}"))?;
        }
        self.tools.init(folder)?;
        let mut invocation = Invocation::new(&self.tools, folder);
        invocation.environment.push(("AWS_ENDPOINT_URL", aws_endpoint.to_owned()));
        Ok(invocation)
    }

    /// Another copy of the root, to be applied to an emulator.
    pub fn deployment<'a>(&'a self, folder: &Path, aws_endpoint: &str) -> anyhow::Result<Invocation<'a>> {
        self.applicable("terraform", folder, aws_endpoint)
    }

    /// A copy of the account's root, likewise.
    pub fn account<'a>(&'a self, folder: &Path, aws_endpoint: &str) -> anyhow::Result<Invocation<'a>> {
        self.applicable("terraform/account", folder, aws_endpoint)
    }

    fn applicable<'a>(
        &'a self,
        root: &str,
        folder: &Path,
        aws_endpoint: &str,
    ) -> anyhow::Result<Invocation<'a>> {
        copy_folder(&project().join(root), folder)?;
        // They name mocks beside the root, and init reads them.
        std::fs::remove_dir_all(folder.join("tests")).context("cannot remove the tests of the copy")?;
        self.tools.init(folder)?;
        let mut invocation = Invocation::new(&self.tools, folder);
        invocation.environment.push(("AWS_ENDPOINT_URL", aws_endpoint.to_owned()));
        Ok(invocation)
    }
}

/// Where stacks that are not `terraform/` have their configuration.
const STACKS: &str = "tests/terraform/stacks";

/// Terraform in one folder, with one environment.
pub struct Invocation<'a> {
    tools: &'a Tools,
    folder: PathBuf,
    environment: Vec<(&'static str, String)>,
}

impl<'a> Invocation<'a> {
    fn new(tools: &'a Tools, folder: &Path) -> Self {
        Self { tools, folder: folder.to_owned(), environment: Vec::new() }
    }

    /// With variables in place of those that it has by itself.
    pub fn with_environment(mut self, variables: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        self.environment.extend(variables);
        self
    }

    /// In another region than the default.
    pub fn in_region(mut self, region: &str) -> Self {
        self.environment.push(("AWS_REGION", region.to_owned()));
        self
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Runs Terraform and answers what it prints.
    pub fn run(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> anyhow::Result<String> {
        let (command, output) = self.output(arguments)?;
        if !output.status.success() {
            bail!("{command} failed:\n{}", words(&output));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Sees that nothing is left to do.
    pub fn plan_is_clean(&self, arguments: &[String]) -> anyhow::Result<()> {
        let plan = ["plan", "-input=false", "-detailed-exitcode"].map(str::to_owned);
        let (command, output) = self.output(plan.iter().chain(arguments))?;
        match output.status.code() {
            Some(0) => Ok(()),
            Some(PLAN_HAS_CHANGES) => bail!("a plan after an apply has changes:\n{}", words(&output)),
            _ => bail!("{command} failed:\n{}", words(&output)),
        }
    }

    fn output(
        &self,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
    ) -> anyhow::Result<(String, Output)> {
        let mut terraform = Command::new("terraform");
        terraform.args(arguments).current_dir(&self.folder).stdin(Stdio::null());
        // What the caller's shell has set must reach neither an account nor another stack's state.
        for name in ["AWS_PROFILE", "AWS_SESSION_TOKEN", "TF_WORKSPACE", "TF_DATA_DIR", "TF_CLI_ARGS"] {
            terraform.env_remove(name);
        }
        terraform.envs([("AWS_REGION", "us-east-1"), ("AWS_EC2_METADATA_DISABLED", "true")]);
        terraform.envs([("AWS_ACCESS_KEY_ID", "developer"), ("AWS_SECRET_ACCESS_KEY", "secret")]);
        terraform.envs([
            ("CHECKPOINT_DISABLE", "1"),
            ("TF_IN_AUTOMATION", "1"),
            ("TF_CLI_ARGS", "-no-color"),
        ]);
        terraform.env("TF_PLUGIN_CACHE_DIR", self.tools.plugins.path());
        terraform.envs(self.environment.iter().map(|(name, value)| (name, value)));
        let command = terraform.get_args().next().unwrap_or_default().to_string_lossy().into_owned();
        let output = terraform.output().context("cannot run terraform")?;
        Ok((format!("terraform {command} in {}", self.folder.display()), output))
    }
}

/// All that a command said.
pub fn words(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text)).concat()
}

/// Copies a configuration without what Terraform and a developer keep beside it.
fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
    for entry in std::fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let (entry, name) = entry.map(|entry| (entry.path(), entry.file_name()))?;
        let text = name.to_string_lossy();
        if text == ".terraform"
            || text.contains(".tfstate")
            || matches!(&*text, "terraform.tfvars" | "override.tf")
        {
            continue;
        }
        let target = to.join(&name);
        if entry.is_dir() {
            copy_folder(&entry, &target)?;
        } else {
            std::fs::copy(&entry, &target).with_context(|| format!("cannot copy {}", entry.display()))?;
        }
    }
    Ok(())
}
