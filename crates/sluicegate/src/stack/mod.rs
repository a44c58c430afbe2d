//! `sluicegate stack`: plans, deploys, reads and destroys the stack of a bundle, from the bundle alone.

mod answer;
mod check;
mod idle_cost;
mod terraform;
mod workspace;

use crate::bundle;
use crate::stop::unless_stopped;
use anyhow::{Context as _, bail};
use serde_json::Value;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use terraform::{Goal, Terraform};
use workspace::Workspace;

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
    /// Deploy the stack: show the plan, ask, apply it, then run a smoke test
    Deploy {
        /// Apply without asking for confirmation
        #[arg(long)]
        yes: bool,
        /// Skip the smoke test
        #[arg(long)]
        no_check: bool,
    },
    /// Run the smoke test: send messages through the deployed stack and check the replies
    Check,
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

pub async fn run(args: Args) -> anyhow::Result<()> {
    let bundle = args.bundle.unwrap_or_else(own_bundle);
    let workspace = Workspace::prepare(&bundle, &args.env, &args.environments, &args.state)?;
    let terraform = Terraform::new(&workspace);
    terraform.init().await?;
    match args.action {
        Action::Plan => plan(&terraform, &workspace, Goal::Deployed).await.map(drop),
        Action::Deploy { yes, no_check } => deploy(&terraform, &workspace, yes, no_check).await,
        Action::Check => unless_stopped(check::run(&deployed(&terraform).await?)).await,
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
    let mut plan = Plan { workspace, contents: Value::Null };
    terraform.plan(goal).await?;
    plan.contents = terraform.show_plan().await?;
    if goal == Goal::Deployed {
        println!("\n{}", idle_cost::of(&plan.contents).render());
    }
    Ok(plan)
}

async fn deploy(
    terraform: &Terraform<'_>,
    workspace: &Workspace,
    yes: bool,
    no_check: bool,
) -> anyhow::Result<()> {
    let plan = plan(terraform, workspace, Goal::Deployed).await?;
    if !yes && !confirmed("deploy to", workspace).await? {
        bail!("not confirmed: nothing was deployed");
    }
    let answers = answers_every_message(&plan.contents);
    terraform.apply().await?;
    drop(plan);
    let stack = deployed(terraform).await?;
    println!("\n  {}\n", stack.websocket_uri);
    if no_check {
        return Ok(());
    }
    if !answers {
        println!(
            "skipped the smoke test: every function has its own routes, so none replies to all messages"
        );
        return Ok(());
    }
    let check = async {
        check::run(&stack)
            .await
            .context("deployed, but the smoke test failed (use --no-check if no function replies)")
    };
    unless_stopped(check).await
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

/// Whether a function receives every message, because it has no routes of its own.
fn answers_every_message(plan: &Value) -> bool {
    let functions = plan["variables"]["functions"]["value"].as_object();
    functions.is_some_and(|functions| {
        functions.values().any(|function| function["routes"].as_array().is_none_or(Vec::is_empty))
    })
}

async fn deployed(terraform: &Terraform<'_>) -> anyhow::Result<check::Deployed> {
    let outputs = terraform.outputs().await?;
    let output = |name: &str| {
        let value = outputs[name]["value"].as_str().map(str::to_owned);
        value.with_context(|| format!("the stack has no output {name}: deploy it first"))
    };
    Ok(check::Deployed {
        websocket_uri: output("websocket_uri")?,
        connections_endpoint: output("connections_endpoint")?,
        stream_name: output("stream_name")?,
    })
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
    fn a_function_without_routes_answers_every_message() {
        let of = |functions| {
            answers_every_message(&json!({ "variables": { "functions": { "value": functions } } }))
        };
        assert!(of(json!({ "echo": {}, "relay": { "routes": ["relay"] } })));
        assert!(of(json!({ "echo": { "routes": [] } })));
        assert!(!of(json!({ "relay": { "routes": ["relay"] } })));
        assert!(!of(json!({})));
    }
}
