//! A stack of versions, an alias with weights and managed policies, as others write it: applied without drift, moved
//! from one version to the next, and destroyed.

use crate::configuration::Tree;
use crate::serve::{Served, write_packages};
use anyhow::{Context as _, ensure};
use serde_json::json;
use sluicegate_tests::tier::packages::architecture;

/// The greeting, the alias's own version and its weights, one deployment after the other.
const DEPLOYMENTS: [(&str, &str, &str); 3] =
    [("hello", "1", "{}"), ("ho", "1", r#"{"2":0.25}"#), ("ho", "2", "{}")];

/// The trial.
pub fn run(tree: &Tree) -> anyhow::Result<()> {
    let served = Served::start()?;
    let empty = served.state();
    let (folder, bundle) = (tempfile::tempdir()?, tempfile::tempdir()?);
    write_packages(bundle.path())?;
    let terraform = tree.stack("versions", folder.path(), &served.emulator.endpoint_url())?;
    let run = |action: &str, (greeting, main_version, weights): (&str, &str, &str)| {
        let mut arguments = vec![
            format!("-var=zip={}", bundle.path().join("echo.zip").display()),
            format!("-var=architecture={}", architecture()),
            format!("-var=greeting={greeting}"),
            format!("-var=main_version={main_version}"),
            format!("-var=weights={weights}"),
        ];
        if action == "plan" {
            return terraform.plan_is_clean(&arguments);
        }
        arguments.splice(..0, [action, "-auto-approve", "-input=false"].map(str::to_owned));
        terraform.run(arguments).map(drop)
    };
    for deployment in DEPLOYMENTS {
        run("apply", deployment).with_context(|| format!("{deployment:?}"))?;
        run("plan", deployment).with_context(|| format!("after {deployment:?}"))?;
        let state = served.state();
        let alias = &state["functions"]["versions"]["aliases"]["live"];
        let weights: serde_json::Value = serde_json::from_str(deployment.2)?;
        let weights = if weights == json!({}) { json!(null) } else { weights };
        ensure!(
            alias["functionVersion"] == deployment.1 && alias["weights"] == weights,
            "after {deployment:?} the alias is {alias}"
        );
        ensure!(alias["policy"].is_array(), "the alias's permission is missing: {alias}");
    }
    let outputs: serde_json::Value = serde_json::from_str(&terraform.run(["output", "-json"])?)?;
    let function = "arn:aws:lambda:us-east-1:000000000000:function:versions";
    ensure!(outputs["qualified_arn"]["value"] == format!("{function}:2"), "{outputs}");
    ensure!(outputs["function_arn"]["value"] == format!("{function}:live"), "{outputs}");
    run("destroy", DEPLOYMENTS[2])?;
    let left = served.state();
    ensure!(left == empty, "terraform destroy leaves something behind: {left:#}");
    Ok(())
}
