//! `sluicegate go-live`: a first time on AWS, from the probe to the removal of everything, with a report to send back.

mod child;
mod cost;
mod redact;
mod report;

use crate::bundle::{self, layout};
use crate::estimate::prices;
use crate::project;
use crate::stop::StopSignals;
use anyhow::{Context as _, bail};
use redact::Redactor;
use report::{Outcome, Report, Step};
use serde_json::Value;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::time::Instant;
use tokio::process::Command;

/// The environment of the stack, and its name.
const ENVIRONMENT: &str = "go-live";
const VALUES: &str = "name   = \"sluicegate-go-live\"\npublic = true\n";
/// The emulator's answers to the probe's questions.
const DECIDED: &str = "crates/emulator/fidelity/decided.json";
const DESTROY: &str =
    "run `just go-live --destroy` (or `sluicegate go-live --destroy`) with the same credentials and region";

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Do not ask for confirmation before creating anything
    #[arg(long)]
    yes: bool,
    /// Only remove what an earlier run has left
    #[arg(long)]
    destroy: bool,
    /// Ask the probe's questions again, even if an earlier run has asked them
    #[arg(long)]
    again: bool,
    /// Keep the account's id in the report
    #[arg(long)]
    keep_account_id: bool,
    /// Bundle to deploy
    #[arg(long, default_value = "dist", value_name = "DIR")]
    bundle: PathBuf,
    /// Folder for the report, logs and Terraform's state
    #[arg(long, default_value = ".go-live", value_name = "DIR")]
    folder: PathBuf,
    /// Project folder [default: the current folder or its nearest parent that is a project]
    #[arg(long, value_name = "DIR")]
    project: Option<PathBuf>,
}

pub async fn run(args: Args) -> anyhow::Result<()> {
    let mut run = Run::prepare(&args)?;
    if args.destroy {
        run.remove_probe().await?;
        run.destroy().await?;
        return run.finish();
    }
    let functions = functions(&args.bundle)?;
    println!(
        "This asks AWS the fidelity ledger's questions, deploys the stack sluicegate-go-live, checks it and removes everything\n\
         again, in {} of the account of your credentials: at most ${:.2} at list prices ({}), ${:.2} for each hour that\n\
         something is left. It takes about half an hour, and writes a report to {}.\n",
        run.report.region,
        cost::most_usd(functions),
        prices::list().as_of,
        cost::hourly_usd(functions),
        args.folder.display(),
    );
    if !args.yes && !confirmed()? {
        bail!("not confirmed: nothing was created");
    }
    run.probe(args.again).await?;
    if run.deploy().await? && run.check().await? {
        run.suite().await?;
    }
    run.destroy().await?;
    run.finish()
}

struct Run {
    /// This program, by the path that it was started from: a build may replace it meanwhile.
    program: PathBuf,
    project: PathBuf,
    folder: PathBuf,
    bundle: PathBuf,
    redactor: Redactor,
    signals: StopSignals,
    report: Report,
    /// A stop was asked for: nothing more is begun but removals.
    is_stopped: bool,
}

impl Run {
    fn prepare(args: &Args) -> anyhow::Result<Self> {
        let project = project::find(args.project.as_deref())?;
        let absolute = |path: &Path| std::path::absolute(path).context("cannot determine the current folder");
        let (folder, bundle) = (absolute(&args.folder)?, absolute(&args.bundle)?);
        layout::write(&folder.join(".gitignore"), "*\n")?;
        layout::write(&folder.join(format!("environments/{ENVIRONMENT}.tfvars")), VALUES)?;
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let region = variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION"));
        let report = Report {
            format: report::FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            target: if variable("AWS_ENDPOINT_URL").is_some() { "emulator" } else { "aws" }.to_owned(),
            region: region.context("no region: set AWS_REGION")?,
            steps: Vec::new(),
            answers: Vec::new(),
            left: Vec::new(),
        };
        let redactor = Redactor::from_environment(args.keep_account_id);
        let signals = StopSignals::listen()?;
        let program = std::env::current_exe().context("cannot find this program")?;
        Ok(Self { program, project, folder, bundle, redactor, signals, report, is_stopped: false })
    }

    /// Asks the ledger's questions. What an earlier run has learnt is kept.
    async fn probe(&mut self, again: bool) -> anyhow::Result<()> {
        let out = self.folder.join("probed.json");
        // A rehearsal's answers are not AWS's.
        let is_of_target = |probed: &Value| probed["target"] == self.report.target.as_str();
        if again || !read(&out).is_some_and(|probed| is_of_target(&probed)) {
            let mut command = self.probe_command();
            command.arg("--yes").arg("--out").arg(&out);
            self.step("probe", command).await?;
        } else {
            println!("probe: asked by an earlier run (--again asks again)");
        }
        let probed = read(&out).filter(|probed| probed["target"] == self.report.target.as_str());
        if let (Some(probed), Some(decided)) = (probed, read(&self.project.join(DECIDED))) {
            self.report.answers = report::answers(&probed, &decided);
        }
        self.write()
    }

    async fn remove_probe(&mut self) -> anyhow::Result<()> {
        if self.holds("probe") {
            let mut command = self.probe_command();
            command.arg("--destroy");
            self.step("remove the probe's resources", command).await?;
        }
        Ok(())
    }

    async fn deploy(&mut self) -> anyhow::Result<bool> {
        let command = self.stack(&["deploy", "--yes", "--no-check"]);
        self.step("deploy", command).await
    }

    async fn check(&mut self) -> anyhow::Result<bool> {
        let command = self.stack(&["check", "--full"]);
        self.step("check", command).await
    }

    /// The flow suite of the tests, on the deployed stack.
    async fn suite(&mut self) -> anyhow::Result<bool> {
        let outputs = child::run(self.stack(&["outputs"]), &mut self.signals, false).await?;
        let outputs: Value =
            serde_json::from_str(&outputs.output).context("the stack's outputs are not JSON")?;
        let mut command =
            self.cargo(&["test", "--quiet", "--test", "localstack", "--", "--target", "deployed"]);
        for (variable, output) in [
            ("SLUICEGATE_WEBSOCKET_URI", "websocket_uri"),
            ("SLUICEGATE_CONNECTIONS_ENDPOINT", "connections_endpoint"),
            ("SLUICEGATE_STREAM_NAME", "stream_name"),
        ] {
            command.env(variable, outputs[output]["value"].as_str().unwrap_or_default());
        }
        self.step("suite", command).await
    }

    /// Destroys the stack, if there is any of it; also after a stop.
    async fn destroy(&mut self) -> anyhow::Result<()> {
        if self.holds(STACK_STATE) {
            self.is_stopped = false;
            let command = self.stack(&["destroy", "--yes"]);
            self.step("destroy", command).await?;
        }
        Ok(())
    }

    /// Says what is left and where the report is. Errors: something failed, or is left.
    fn finish(mut self) -> anyhow::Result<()> {
        for (folder, what) in
            [("probe", "resources named sluicegate-probe"), (STACK_STATE, "the stack sluicegate-go-live")]
        {
            if self.holds(folder) {
                self.report.left.push(format!("{what} may still exist and cost money: {DESTROY}"));
            }
        }
        self.write()?;
        for left in &self.report.left {
            eprintln!("LEFT: {left}");
        }
        println!(
            "\nreport: {} and report.json beside it; read it, then attach it to an issue",
            self.folder.join("report.md").display()
        );
        if !self.report.has_passed() {
            bail!("not everything passed: see the report; the same command continues");
        }
        Ok(())
    }

    /// Runs a step, shows and logs what it prints, and adds it to the report. Returns whether it passed.
    async fn step(&mut self, name: &str, command: Command) -> anyhow::Result<bool> {
        if self.is_stopped {
            self.report.steps.push(report::step(name, Outcome::Skipped, 0, "", &self.redactor));
            return Ok(false);
        }
        println!("\n{name}");
        let begun = Instant::now();
        let ended = child::run(command, &mut self.signals, true).await?;
        let outcome = match ended {
            child::StepResult { was_interrupted: true, .. } => Outcome::Interrupted,
            child::StepResult { succeeded: true, .. } => Outcome::Passed,
            child::StepResult { .. } => Outcome::Failed,
        };
        self.is_stopped |= ended.was_interrupted;
        layout::write(&self.folder.join(format!("{}.log", name.replace([' ', '\''], "-"))), &ended.output)?;
        let step: Step =
            report::step(name, outcome, begun.elapsed().as_secs(), &ended.output, &self.redactor);
        self.report.steps.push(step);
        self.write()?;
        Ok(outcome == Outcome::Passed)
    }

    /// Written after each step, so that a run that is killed leaves one too.
    fn write(&self) -> anyhow::Result<()> {
        let json = serde_json::to_string_pretty(&self.report)? + "\n";
        layout::write(&self.folder.join("report.json"), &json)?;
        layout::write(&self.folder.join("report.md"), self.report.render())
    }

    fn stack(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(["stack", "--env", ENVIRONMENT, "--bundle"]).arg(&self.bundle);
        command.arg("--environments").arg(self.folder.join("environments"));
        command.arg("--state").arg(self.folder.join("stacks")).args(arguments);
        command
    }

    fn probe_command(&self) -> Command {
        let mut command = self.cargo(&["run", "--quiet", "--package", "probe", "--"]);
        command.arg("--state").arg(self.folder.join("probe"));
        command
    }

    fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = Command::from(nested_cargo::command(&self.project));
        command.args(arguments);
        command
    }

    /// Whether a Terraform state below the folder has resources.
    fn holds(&self, below: &str) -> bool {
        read(&self.folder.join(below).join("terraform.tfstate")).is_some_and(|state| has_resources(&state))
    }
}

/// Where `stack` keeps the state, below the folder.
const STACK_STATE: &str = "stacks/go-live";

/// Whether a Terraform state has resources; data that was only read costs nothing.
fn has_resources(state: &Value) -> bool {
    state["resources"].as_array().into_iter().flatten().any(|resource| resource["mode"] == "managed")
}

fn read(path: &Path) -> Option<Value> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

/// How many functions a bundle deploys.
fn functions(bundle: &Path) -> anyhow::Result<usize> {
    let manifest = bundle::manifest::Manifest::read(bundle)?;
    let prefix = format!("{}/", bundle::FUNCTIONS);
    Ok(manifest.files.keys().filter(|path| path.starts_with(&prefix) && path.ends_with(".zip")).count())
}

fn confirmed() -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        bail!("no terminal to ask for confirmation: pass --yes to continue without it");
    }
    print!("Go on? [y/N] ");
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).context("cannot read the answer")?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_state_holds_what_was_created_and_not_what_was_read() {
        let state = |mode: &str| json!({"resources": [{"mode": mode, "type": "aws_region"}]});
        assert!(has_resources(&state("managed")));
        assert!(!has_resources(&state("data")) && !has_resources(&json!({"resources": []})));
    }
}
