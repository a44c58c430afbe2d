//! The stack in another region than the default, on an emulator that learns its region from Terraform's first call.

use crate::configuration::Tree;
use crate::serve::{Served, write_packages};
use anyhow::{Context as _, ensure};
use emulator::core::account::Account;
use serde_json::Value;
use sluicegate_tests::endpoint::{Endpoint, TargetKind};
use sluicegate_tests::sdk::Caller;
use sluicegate_tests::suite;
use sluicegate_tests::tier::packages::architecture;
use std::sync::Arc;

const REGION: &str = "eu-west-1";

pub fn run(tree: &Tree) -> anyhow::Result<()> {
    let served = Served::start_in(Account::in_first_region())?;
    let empty = served.state();
    let (folder, bundle) = (tempfile::tempdir()?, tempfile::tempdir()?);
    write_packages(bundle.path())?;
    let aws_endpoint = served.emulator.endpoint_url();
    let terraform = tree.deployment(folder.path(), &aws_endpoint)?.in_region(REGION);
    let values = vec![
        format!("-var=bundle={}", bundle.path().display()),
        format!("-var=architecture={}", architecture()),
    ];
    let apply = |action: &str| {
        let arguments = [action, "-auto-approve", "-input=false"].map(str::to_owned);
        terraform.run(arguments.iter().chain(&values))
    };

    apply("apply")?;
    ensure!(served.emulator.account().region() == REGION, "the first call did not decide");
    let state = served.state().to_string();
    ensure!(!state.contains("us-east-1"), "something is in another region: {state}");
    terraform.plan_is_clean(&values)?;
    let outputs: Value = serde_json::from_str(&terraform.run(["output", "-json"])?)?;
    let output = |name: &str| {
        let value = outputs[name]["value"].as_str().map(str::to_owned);
        value.with_context(|| format!("the stack has no output {name}"))
    };
    let endpoint = Endpoint {
        emulator: TargetKind::Local,
        websocket_uri: output("websocket_uri")?,
        aws_endpoint: Some(aws_endpoint),
        connections_endpoint: output("connections_endpoint")?,
        stream_name: output("stream_name")?,
        caller: Caller::developer_in(REGION),
    };
    served.runtime.block_on(suite::run_all(Arc::new(endpoint)));
    apply("destroy")?;
    let left = served.state();
    ensure!(left == empty, "terraform destroy leaves something behind: {left:#}");
    Ok(())
}
