//! `sluicegate stack`: plans, deploys, reads and destroys the stack of a bundle, from the bundle alone.

mod account;
mod answer;
mod check;
mod deployment;
mod idle_cost;
mod place;
mod protection;
mod redeploy;
mod releases;
mod shards;
mod terraform;
mod workspace;

use crate::bundle;
use crate::entry::EntryArgs;
use crate::stop::unless_stopped;
use anyhow::{Context as _, bail};
use check::{Deployed, Extent};
use deployment::{Deployment, deploy};
use place::Place;
use releases::{CanaryArgs, Rollback, RollbackArgs};
use serde::Deserialize as _;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use terraform::{Goal, Terraform};
use workspace::Workspace;
pub use workspace::values as environment_values;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
    /// Bundle folder [default: the bundle that contains this program, else dist]
    #[arg(long, global = true, value_name = "DIR")]
    bundle: Option<PathBuf>,
    /// Environment: reads environments/NAME.tfvars and has its own state
    #[arg(long, global = true, default_value = workspace::DEFAULT, value_name = "NAME", env = "SLUICEGATE_ENV")]
    env: String,
    /// Folder of the environments' tfvars and backend files
    #[arg(long, global = true, default_value = "environments", value_name = "DIR")]
    environments: PathBuf,
    /// Folder for state and working files
    #[arg(long, global = true, default_value = ".stacks", value_name = "DIR")]
    state: PathBuf,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Show what a deployment would change and what the idle stack costs
    Plan,
    /// Deploy the stack: show the plan, ask, apply it, then check it
    Deploy {
        /// Apply without asking for confirmation
        #[arg(long)]
        yes: bool,
        /// Skip the check
        #[arg(long)]
        no_check: bool,
        /// Undo a rollback: go to the version that has the bundle's code
        #[arg(long)]
        roll_forward: bool,
        #[command(flatten)]
        canary: CanaryArgs,
        #[command(flatten)]
        check: CheckArgs,
    },
    /// Put an earlier version of the functions in place of the current one, or end a canary
    Rollback(RollbackArgs),
    /// Check the deployed stack: send each function a probe message, which its handler does not see
    Check(CheckArgs),
    /// Print the outputs of the stack as JSON, or one of them as plain text
    Outputs {
        /// Output to print, such as websocket_uri
        name: Option<String>,
    },
    /// Destroy the stack and all its data
    Destroy {
        /// Destroy without asking for confirmation
        #[arg(long)]
        yes: bool,
    },
}

#[cfg(not(feature = "operator"))]
impl Action {
    /// Whether it looks behind the gateway, with the caller's credentials.
    const fn calls_aws(&self) -> bool {
        matches!(self, Self::Check(check) | Self::Deploy { no_check: false, check, .. } if check.full)
    }
}

#[derive(Debug, clap::Args)]
struct CheckArgs {
    /// Run the flow suite too: about 105 messages, which every function sees and one must echo
    #[arg(long)]
    full: bool,
    #[command(flatten)]
    entry: EntryArgs,
}

impl CheckArgs {
    const fn extent(&self) -> Extent {
        if self.full { Extent::Full } else { Extent::Probes }
    }
}

pub async fn run(args: Args) -> anyhow::Result<()> {
    #[cfg(not(feature = "operator"))]
    if args.action.calls_aws() {
        return crate::full_build::run_again();
    }
    let bundle = args.bundle.unwrap_or_else(own_bundle);
    let workspace = Workspace::prepare(&bundle, &args.env, &args.environments, &args.state)?;
    let pinned = workspace.check_values()?.pinned_versions;
    if matches!(args.action, Action::Plan | Action::Deploy { .. }) {
        for warning in workspace.warnings()? {
            eprintln!("warning: {warning}");
        }
    }
    let terraform = Terraform::new(&workspace);
    terraform.init().await?;
    match args.action {
        Action::Plan => plan(&terraform, &workspace, Goal::Deployed).await.map(drop),
        Action::Deploy { yes, no_check, roll_forward, canary, check } => {
            let how = Deployment { yes, roll_forward, canary, check: (!no_check).then_some(&check) };
            deploy(&terraform, &workspace, &pinned, how).await
        }
        Action::Rollback(args) => {
            let rollback = Rollback::prepare(&terraform, &args).await?;
            if !args.yes && !confirmed("roll back", &workspace).await? {
                bail!("not confirmed: nothing was rolled back");
            }
            rollback.apply().await
        }
        Action::Check(check) => {
            let stack = deployed(&terraform, &check.entry).await?;
            unless_stopped(check::run(&stack, check.extent())).await
        }
        Action::Outputs { name } => outputs(&terraform, name.as_deref()).await,
        Action::Destroy { yes } => destroy(&terraform, &workspace, yes).await,
    }
}

/// The bundle that contains this program, else `dist`.
fn own_bundle() -> PathBuf {
    let program = std::env::current_exe().ok();
    let around = program.as_deref().and_then(|program| program.parent()?.parent());
    let own = around.filter(|folder| folder.join(bundle::manifest::FILE).is_file());
    own.map_or_else(|| PathBuf::from("dist"), Into::into)
}

/// A plan file, deleted on drop: it holds every value in plain text.
struct Plan<'a> {
    workspace: &'a Workspace,
    contents: Value,
}

impl Drop for Plan<'_> {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = std::fs::remove_file(self.workspace.plan_file());
    }
}

/// Plans and prints the plan; for a deployment, also the cost of the idle stack.
async fn plan<'a>(
    terraform: &Terraform<'_>,
    workspace: &'a Workspace,
    goal: Goal,
) -> anyhow::Result<Plan<'a>> {
    let outputs = terraform.outputs().await?;
    refuse_another_place(terraform, workspace, &outputs).await?;
    if goal == Goal::Deployed
        && workspace.check_values()?.logging != "off"
        && let Some(refusal) = account::refusal(&terraform.account().await?)
    {
        bail!(refusal);
    }
    let mut plan = Plan { workspace, contents: Value::Null };
    terraform.plan(goal, None).await?;
    plan.contents = terraform.show_plan().await?;
    if let Some(refusal) = protection::refusal(&plan.contents, outputs[protection::OUTPUT]["value"] == true) {
        bail!(refusal);
    }
    if goal == Goal::Deployed {
        println!("\n{}", idle_cost::of(&plan.contents).render());
        if let Some(resize) = shards::resize(&plan.contents) {
            println!("{}: `stack deploy` takes these steps\n", resize.describe());
        }
        for forward in releases::forwards(&plan.contents) {
            println!("{forward}\n");
        }
        if shards::leaves_on_demand(&plan.contents) {
            println!("{}\n", shards::LEAVES_ON_DEMAND);
        }
    }
    Ok(plan)
}

/// Fails if the state belongs to another place, because a plan for this one would forget the stack there.
async fn refuse_another_place(
    terraform: &Terraform<'_>,
    workspace: &Workspace,
    outputs: &Value,
) -> anyhow::Result<()> {
    let before = &outputs[place::OUTPUT]["value"];
    if before.is_null() {
        return Ok(());
    }
    let before = Place::deserialize(before).context("cannot read from the state where the stack is")?;
    match place::conflict(&workspace.environment, &before, &terraform.place().await?) {
        Some(conflict) => bail!(conflict),
        None => Ok(()),
    }
}

async fn destroy(terraform: &Terraform<'_>, workspace: &Workspace, yes: bool) -> anyhow::Result<()> {
    let plan = plan(terraform, workspace, Goal::Removed).await?;
    if !yes && !confirmed("destroy everything above, including records and logs, in", workspace).await? {
        bail!("not confirmed: nothing was destroyed");
    }
    terraform.apply().await?;
    drop(plan);
    Ok(())
}

/// Asks for confirmation at the terminal.
async fn confirmed(what: &str, workspace: &Workspace) -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        bail!("no terminal to ask for confirmation: pass --yes to continue without it");
    }
    print!("{what} environment \"{}\"? [y/N] ", workspace.environment);
    let answer = tokio::task::spawn_blocking(|| {
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).map(|_| answer)
    });
    let answer = unless_stopped(async { Ok(answer.await??) }).await?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

async fn deployed(terraform: &Terraform<'_>, entry: &EntryArgs) -> anyhow::Result<Deployed> {
    described(&terraform.outputs().await?, entry)
}

/// The stack as described by its outputs.
fn described(outputs: &Value, entry: &EntryArgs) -> anyhow::Result<Deployed> {
    let value = |name: &str| missing(outputs[name].get("value").cloned(), name);
    let uri = output(outputs, "websocket_uri")?;
    // The credentials that deploy may usually connect too.
    let is_signed = outputs["authorization"]["value"] == "AWS_IAM";
    Ok(Deployed {
        entry: if is_signed { entry.signing().entry(uri)? } else { entry.entry(uri)? },
        connections_endpoint: output(outputs, "connections_endpoint")?.to_owned(),
        stream_name: output(outputs, "stream_name")?.to_owned(),
        probed_routes: serde_json::from_value(value("probed_routes")?)
            .context("probed_routes is not a map of lists")?,
        rate_limit: value("rate_limit")?.as_f64().context("rate_limit is not a number")?,
    })
}

/// An output that is a string.
fn output<'a>(outputs: &'a Value, name: &str) -> anyhow::Result<&'a str> {
    missing(outputs[name]["value"].as_str(), name)
}

/// Texts by key among the outputs.
fn output_map(outputs: &Value, name: &str) -> anyhow::Result<BTreeMap<String, String>> {
    let map = missing(outputs[name].get("value").cloned(), name)?;
    serde_json::from_value(map).with_context(|| format!("{name} is not a map of texts"))
}

fn missing<T>(value: Option<T>, name: &str) -> anyhow::Result<T> {
    value.with_context(|| format!("the stack has no output {name}: deploy it first"))
}

async fn outputs(terraform: &Terraform<'_>, name: Option<&str>) -> anyhow::Result<()> {
    let outputs = terraform.outputs().await?;
    let Some(name) = name else {
        println!("{}", serde_json::to_string_pretty(&outputs)?);
        return Ok(());
    };
    let value = outputs.get(name).map(|output| &output["value"]);
    match value.with_context(|| {
        format!("the stack has no output {name}: deploy it first, or list the outputs with `stack outputs`")
    })? {
        Value::String(text) => println!("{text}"),
        value => println!("{value}"),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_stack_is_described_by_its_outputs() {
        let mut outputs = json!({
            "websocket_uri": { "value": "ws://localhost/v1" },
            "connections_endpoint": { "value": "http://localhost/v1" },
            "stream_name": { "value": "s-events" },
            "probed_routes": { "value": { "s-echo": ["$default"] } },
            "rate_limit": { "value": 500 },
        });
        let stack = described(&outputs, &EntryArgs::default()).unwrap();
        assert_eq!((stack.rate_limit, &stack.probed_routes["s-echo"]), (500.0, &vec!["$default".to_owned()]));
        outputs["probed_routes"] = Value::Null;
        let error = described(&outputs, &EntryArgs::default()).err().unwrap();
        assert_eq!(error.to_string(), "the stack has no output probed_routes: deploy it first");
    }
}
