//! Each README's tables of inputs and outputs say what the code says, in its order.

use crate::checks::FOLDERS;
use crate::failed;
use anyhow::{Context as _, ensure};
use hcl::{Block, Body};
use libtest_mimic::Trial;
use sluicegate_tests::functions::project;
use std::path::Path;

/// Files that declare variables, in the order of the tables; `settings.tf` is the function module's.
const VARIABLE_FILES: [&str; 2] = ["variables.tf", "settings.tf"];

/// The trials: one for each README.
pub fn trials() -> Vec<Trial> {
    let trial = |folder: &'static str| {
        let name = if folder.is_empty() { "root" } else { folder };
        Trial::test(format!("documentation::{name}"), move || compare(folder).map_err(failed))
    };
    let runbooks = Trial::test("documentation::runbooks", || runbooks().map_err(failed));
    FOLDERS.into_iter().map(trial).chain([runbooks]).collect()
}

/// Each alarm has a runbook under its name, and each runbook an alarm.
fn runbooks() -> anyhow::Result<()> {
    let read = |path: &str| {
        std::fs::read_to_string(project().join(path)).with_context(|| format!("cannot read {path}"))
    };
    let (code, page) = (read("terraform/modules/observability/locals.tf")?, read("docs/runbooks.md")?);
    // An alarm's first attribute is its description.
    let lines: Vec<_> = code.lines().map(str::trim).collect();
    let alarms = lines
        .windows(2)
        .filter(|pair| pair[1].starts_with("description"))
        .filter_map(|pair| pair[0].strip_suffix(" = {"));
    let mut alarms: Vec<_> = alarms.collect();
    let mut headings: Vec<_> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    alarms.sort_unstable();
    headings.sort_unstable();
    ensure!(
        alarms.len() > 10 && alarms == headings,
        "alarms are {alarms:?}, and docs/runbooks.md has {headings:?}"
    );
    Ok(())
}

fn compare(folder: &str) -> anyhow::Result<()> {
    let folder = project().join("terraform").join(folder);
    let readme = folder.join("README.md");
    let readme =
        std::fs::read_to_string(&readme).with_context(|| format!("cannot read {}", readme.display()))?;

    let mut inputs = Vec::new();
    for file in VARIABLE_FILES.map(|file| folder.join(file)) {
        if file.exists() {
            inputs.extend(blocks(&file, "variable")?.iter().map(input));
        }
    }
    ensure!(!inputs.is_empty(), "{} declares no variables", folder.display());
    for file in std::fs::read_dir(&folder)? {
        let path = file?.path();
        let is_known = VARIABLE_FILES.iter().any(|known| path.ends_with(known));
        if path.extension().is_some_and(|kind| kind == "tf") && !is_known {
            let stray = blocks(&path, "variable")?;
            ensure!(stray.is_empty(), "{} declares variables: they belong in variables.tf", path.display());
        }
    }
    same("Inputs", &inputs, &rows(&readme, "## Inputs"))?;
    let outputs: Vec<_> = blocks(&folder.join("outputs.tf"), "output")?.iter().map(output).collect();
    same("Outputs", &outputs, &rows(&readme, "## Outputs"))
}

fn same(table: &str, code: &[Vec<String>], readme: &[Vec<String>]) -> anyhow::Result<()> {
    for (of_code, of_readme) in code.iter().zip(readme) {
        ensure!(of_code == of_readme, "{table}: the code says {of_code:?}, README.md says {of_readme:?}");
    }
    let (declared, described) = (code.len(), readme.len());
    ensure!(declared == described, "{table}: the code has {declared} entries, README.md has {described}");
    Ok(())
}

fn blocks(path: &Path, kind: &str) -> anyhow::Result<Vec<Block>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let body: Body = hcl::parse(&text).with_context(|| format!("{} is no HCL", path.display()))?;
    Ok(body.into_blocks().filter(|block| block.identifier() == kind).collect())
}

/// Name, description, type and default, as a row has them.
fn input(variable: &Block) -> Vec<String> {
    let default = if attribute(variable, "default").is_empty() { "required" } else { "default" };
    vec![
        name(variable),
        description(variable),
        squeezed(&attribute(variable, "type")),
        if default == "required" { default.into() } else { squeezed(&attribute(variable, "default")) },
    ]
}

fn output(output: &Block) -> Vec<String> {
    vec![name(output), description(output)]
}

fn name(block: &Block) -> String {
    block.labels().first().map(|label| label.as_str().to_owned()).unwrap_or_default()
}

fn description(block: &Block) -> String {
    let text = attribute(block, "description");
    text.trim().trim_matches('"').to_owned()
}

/// An attribute's expression as text, empty where there is none.
fn attribute(block: &Block, key: &str) -> String {
    let attribute = block.body().attributes().find(|attribute| attribute.key() == key);
    attribute.and_then(|attribute| hcl::format::to_string(attribute.expr()).ok()).unwrap_or_default()
}

/// An expression without what its layout decides: white space, and commas that line ends may replace.
fn squeezed(expression: &str) -> String {
    expression.chars().filter(|c| !c.is_whitespace() && *c != ',').collect()
}

/// The cells of the table below a heading, with code marks taken from what is code as a whole.
fn rows(readme: &str, heading: &str) -> Vec<Vec<String>> {
    let section = readme.split(heading).nth(1).unwrap_or_default();
    let section = section.split("\n## ").next().unwrap_or_default();
    let lines = section.lines().filter(|line| line.starts_with('|')).skip(2);
    lines
        .map(|line| {
            let cells = line.trim_matches('|').split(" | ").map(str::trim).enumerate();
            cells
                .map(
                    |(column, cell)| {
                        if column == 1 { cell.to_owned() } else { squeezed(cell.trim_matches('`')) }
                    },
                )
                .collect()
        })
        .collect()
}
