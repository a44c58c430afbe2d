//! What needs no emulator: form, validity, the modules' own tests, and a scan of the policies.

use crate::configuration::{Tree, words};
use crate::{failed, with_terraform};
use anyhow::{bail, ensure};
use libtest_mimic::Trial;
use sluicegate_tests::functions::project;
use std::process::{Command, Stdio};
use std::sync::Arc;

/// Each folder with a configuration of its own, below `terraform/`.
pub const FOLDERS: [&str; 8] = [
    "",
    "account",
    "modules/authorizer",
    "modules/connect",
    "modules/function",
    "modules/gateway",
    "modules/observability",
    "modules/stream",
];

pub fn trials(tree: Option<&Arc<Tree>>) -> Vec<Trial> {
    let mut trials = Vec::new();
    trials.push(with_terraform(tree, "format", |tree| {
        let examples = project().join("examples");
        let root = tree.init("")?;
        root.run(["fmt", "-check", "-recursive", "-diff"])?;
        root.run([
            "fmt".as_ref(),
            "-check".as_ref(),
            "-recursive".as_ref(),
            "-diff".as_ref(),
            examples.as_os_str(),
        ])
        .map(drop)
    }));
    for folder in FOLDERS {
        let name = if folder.is_empty() { "root" } else { folder };
        trials.push(with_terraform(tree, &format!("tests::{name}"), move |tree| {
            let module = tree.init(folder)?;
            let validity = module.run(["validate"])?;
            ensure!(!validity.contains("Warning:"), "{folder} is valid with warnings:\n{validity}");
            let summary = module.run(["test"])?;
            ensure!(!summary.contains("Success! 0 passed"), "{folder} has no tests:\n{summary}");
            Ok(())
        }));
    }
    trials.push(policy_scan());
    trials
}

/// checkov reads the files alone; an exception stands, with its reason, at its resource, or for the probe in its folder.
fn policy_scan() -> Trial {
    let version =
        Command::new("checkov").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !version.is_ok_and(|status| status.success()) {
        println!("\nTHE POLICY SCAN DOES NOT RUN: checkov is not installed (pip install checkov)");
        return Trial::test("policy_scan", || Ok(())).with_ignored_flag(true);
    }
    Trial::test("policy_scan", || scan().map_err(failed))
}

fn scan() -> anyhow::Result<()> {
    for folder in ["terraform", "probe/terraform"] {
        let mut checkov = Command::new("checkov");
        checkov.args(["--framework", "terraform", "--compact", "--quiet", "--skip-download", "--directory"]);
        let output = checkov.arg(project().join(folder)).output()?;
        if !output.status.success() {
            bail!("checkov has findings in {folder}:\n{}", words(&output));
        }
    }
    Ok(())
}
