//! A deployment: a plan, its application in the steps that it needs, and the check.

use super::releases::{self, CanaryArgs};
use super::terraform::{Goal, Terraform};
use super::workspace::Workspace;
use super::{CheckArgs, Plan, check, confirmed, described, output, plan, redeploy, shards};
use crate::stop::unless_stopped;
use anyhow::{Context as _, bail};
use serde_json::Value;
use std::collections::BTreeMap;

/// Applies a plan. If the stream must change in steps, each step is planned and applied first. If the plan removes
/// something from the gateway, a second deployment follows.
async fn apply(terraform: &Terraform<'_>, plan: Plan<'_>) -> anyhow::Result<()> {
    if let Some(resize) = shards::resize(&plan.contents) {
        for step in resize.steps(&plan.contents) {
            terraform.plan(Goal::Deployed, Some(&format!("-var=stream={step}"))).await?;
            terraform.apply().await?;
        }
        terraform.plan(Goal::Deployed, None).await?;
    }
    terraform.apply().await?;
    if redeploy::is_needed(&plan.contents) {
        println!("\nthe gateway is deployed again: its deployment was made before the removal");
        terraform.plan(Goal::Deployed, Some(&format!("-replace={}", redeploy::DEPLOYMENT))).await?;
        terraform.apply().await?;
    }
    Ok(())
}

/// How to deploy.
pub struct Deployment<'a> {
    pub yes: bool,
    pub roll_forward: bool,
    pub canary: CanaryArgs,
    pub check: Option<&'a CheckArgs>,
}

/// Plans, asks, applies and checks; a canary comes between two applications.
pub async fn deploy(
    terraform: &Terraform<'_>,
    workspace: &Workspace,
    pinned: &BTreeMap<String, String>,
    how: Deployment<'_>,
) -> anyhow::Result<()> {
    let held = how.canary.hold(terraform).await?;
    let plan = plan(terraform, workspace, Goal::Deployed).await?;
    if let Some(forward) = releases::forwards(&plan.contents).first()
        && !how.roll_forward
    {
        bail!("{forward}");
    }
    held.as_ref().map_or(Ok(()), |held| held.check(&plan.contents))?;
    if !how.yes && !confirmed("deploy to", workspace).await? {
        bail!("not confirmed: nothing was deployed");
    }
    match held {
        None => apply(terraform, plan).await?,
        Some(held) => {
            let staged = terraform.with(held.pins(pinned));
            staged.plan(Goal::Deployed, None).await?;
            apply(&staged, plan).await?;
            held.try_new(&terraform.outputs().await?).await?;
            let _plan = Plan { workspace, contents: Value::Null };
            terraform.plan(Goal::Deployed, None).await?;
            terraform.apply().await?;
        }
    }
    let outputs = terraform.outputs().await?;
    println!("\n  {}\n", output(&outputs, "websocket_uri")?);
    let Some(check) = how.check else { return Ok(()) };
    let authorization = output(&outputs, "authorization")?;
    if authorization == "CUSTOM" && check.entry.is_empty() {
        println!(
            "skipped the check: an authorizer decides who connects. Run `stack check` with --token or --header"
        );
        return Ok(());
    }
    let stack = described(&outputs, &check.entry)?;
    let check = async {
        check::run(&stack, check.extent())
            .await
            .context("deployed, but the check failed (--no-check deploys without it)")
    };
    unless_stopped(check).await
}
