//! `terraform/` itself: its form, its modules' tests, its documentation, and the stack that it builds on an emulator.
//!
//! Needs Terraform and a place to get the AWS provider from; the policy scan also needs checkov. What cannot run
//! is ignored, with one line that says why. The documentation is compared wherever the tests run.

mod authorization;
mod checks;
mod configuration;
mod constants;
mod deployer;
mod deployment;
mod documentation;
mod integrations;
mod one_definition;
mod probe;
mod provider;
mod refusals;
mod regions;
mod serve;
mod versions;

use configuration::{Tools, Tree};
use libtest_mimic::{Arguments, Failed, Trial};
use std::process::ExitCode;
use std::sync::Arc;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    match trials() {
        Ok(trials) => libtest_mimic::run(&arguments, trials).exit_code(),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn trials() -> anyhow::Result<Vec<Trial>> {
    let tree = match Tools::find() {
        Ok(tools) => Some(Arc::new(Tree::copy(tools)?)),
        Err(missing) => {
            println!("\nTERRAFORM TESTS DO NOT RUN: {missing}");
            None
        }
    };
    let mut trials = documentation::trials();
    trials.push(constants::trial());
    trials.extend(provider::trials());
    trials.extend(checks::trials(tree.as_ref()));
    trials.push(with_terraform(tree.as_ref(), "apply_change_destroy", deployment::run));
    trials.push(with_terraform(tree.as_ref(), "authorization", authorization::run));
    trials.push(with_terraform(tree.as_ref(), "deployer_policy", deployer::run));
    trials.push(with_terraform(tree.as_ref(), "refusals", refusals::run));
    trials.push(with_terraform(tree.as_ref(), "integrations", integrations::run));
    trials.push(with_terraform(tree.as_ref(), "another_region", regions::run));
    trials.push(with_terraform(tree.as_ref(), "versions_and_aliases", versions::run));
    let missing = probe::missing();
    if let Some(tool) = missing {
        println!("\nTHE PROBE DOES NOT RUN: {tool} is not installed, and its functions need it");
    }
    trials.push(with_terraform(tree.as_ref().filter(|_| missing.is_none()), "probe", probe::run));
    for values in one_definition::values()? {
        let name = format!("one_definition::{}", values.name);
        trials.push(with_terraform(tree.as_ref(), &name, move |tree| one_definition::run(tree, &values)));
    }
    Ok(trials)
}

/// A trial that needs Terraform: ignored where there is none.
fn with_terraform(
    tree: Option<&Arc<Tree>>,
    name: &str,
    run: impl FnOnce(&Tree) -> anyhow::Result<()> + Send + 'static,
) -> Trial {
    match tree.cloned() {
        Some(tree) => Trial::test(name, move || run(&tree).map_err(failed)),
        None => Trial::test(name, || Ok(())).with_ignored_flag(true),
    }
}

/// An error with all its causes.
fn failed(error: anyhow::Error) -> Failed {
    format!("{error:#}").into()
}
