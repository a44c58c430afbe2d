//! Terraform refuses the values of `refused.txt` in the words that stand there, as `dev` does.

use crate::configuration::Tree;
use crate::serve::Served;
use anyhow::{Context as _, ensure};
use sluicegate_tests::functions::project;

/// The trial.
pub fn run(tree: &Tree) -> anyhow::Result<()> {
    let table = std::fs::read_to_string(project().join("tests/terraform/refused.txt"))?;
    let folder = tempfile::tempdir()?;
    // It answers, since the provider would try for half a minute to reach an endpoint that does not.
    let served = Served::start()?;
    let terraform = tree.deployment(folder.path(), &served.emulator.endpoint_url())?;
    let values = folder.path().join("zz-case.auto.tfvars");
    for (case, sentence) in table.lines().filter_map(|line| line.split_once(" => ")) {
        std::fs::write(&values, case)?;
        let refusal = terraform.run(["plan", "-input=false", "-refresh=false"]).err();
        let refusal = format!("{:#}", refusal.with_context(|| format!("{case} is not refused"))?);
        // Terraform wraps its lines and draws a border.
        let words: Vec<_> =
            refusal.split_whitespace().filter(|word| !word.starts_with(['│', '╷', '╵'])).collect();
        ensure!(words.join(" ").contains(sentence), "{case}: {refusal}");
    }
    Ok(())
}
