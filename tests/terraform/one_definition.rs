//! `dev` and `terraform apply` build the same emulator from the same files.

use crate::configuration::Tree;
use crate::serve::{Served, write_packages};
use anyhow::{Context as _, bail, ensure};
use emulator::provision::compose;
use emulator::provision::stack::Stack;
use serde_json::{Map, Value, json};
use sluicegate_tests::functions::{packages, project};
use std::path::{Path, PathBuf};

/// Values to build an emulator from.
pub struct Values {
    /// The file's name, with its folder's.
    pub name: String,
    file: Option<PathBuf>,
}

/// The stack as it stands, each example's, and those that this test keeps for what they leave out.
pub fn values() -> anyhow::Result<Vec<Values>> {
    let mut values = vec![Values { name: "terraform/stack.auto".into(), file: None }];
    let mut folders = vec![project().join("tests/terraform/stacks")];
    for example in std::fs::read_dir(project().join("examples")).context("cannot read examples/")? {
        folders.push(example?.path());
    }
    folders.sort();
    for folder in folders.into_iter().filter(|folder| folder.is_dir()) {
        for file in std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
            let path = file?.path();
            if path.extension().is_some_and(|kind| kind == "tfvars") {
                let parts = [folder.file_name(), path.file_stem()].map(Option::unwrap_or_default);
                let name = parts.map(|part| part.to_string_lossy()).join("/");
                values.push(Values { name, file: Some(path) });
            }
        }
    }
    Ok(values)
}

pub fn run(tree: &Tree, values: &Values) -> anyhow::Result<()> {
    let composed = Served::start()?;
    let files: Vec<_> = values.file.iter().cloned().collect();
    let stack = Stack::read(&project(), &files)?;
    composed.runtime.block_on(compose(&composed.emulator, &stack, packages()))?;

    let applied = Served::start()?;
    let account = tempfile::tempdir()?;
    if stack.logging != "off" {
        // Not the stack's, but the account's: applied apart.
        let account = tree.account(account.path(), &applied.emulator.endpoint_url())?;
        account.run(["apply", "-auto-approve", "-input=false"])?;
        account.plan_is_clean(&[])?;
    }
    let (folder, bundle) = (tempfile::tempdir()?, tempfile::tempdir()?);
    write_packages(bundle.path())?;
    let terraform = tree.deployment(folder.path(), &applied.emulator.endpoint_url())?;
    let mut apply = ["apply", "-auto-approve", "-input=false"].map(str::to_owned).to_vec();
    apply.push(format!("-var=bundle={}", bundle.path().display()));
    apply.extend(files.iter().map(|file| format!("-var-file={}", file.display())));
    terraform.run(apply)?;

    let (mut by_terraform, mut by_dev) = (applied.state(), composed.state());
    ensure!(by_terraform["functions"] != json!({}), "the state does not tell the functions");
    let mut differences = Vec::new();
    compare(Path::new("/"), &mut by_terraform, &mut by_dev, &mut differences);
    if !differences.is_empty() {
        bail!("dev's emulator is not the one that Terraform builds:\n{}", differences.join("\n"));
    }
    Ok(())
}

/// Lists where two documents differ, rather than print both.
fn compare(at: &Path, terraform: &mut Value, dev: &mut Value, differences: &mut Vec<String>) {
    match (terraform, dev) {
        (Value::Object(left), Value::Object(right)) => {
            let mut names: Vec<_> = left.keys().chain(right.keys()).cloned().collect();
            names.sort();
            names.dedup();
            for name in names {
                let of = |members: &mut Map<String, Value>| members.remove(&name).unwrap_or_default();
                compare(&at.join(&name), &mut of(left), &mut of(right), differences);
            }
        }
        (left, right) if left != right => {
            differences.push(format!("{}: Terraform {left}, dev {right}", at.display()));
        }
        _ => {}
    }
}
