//! The probe's run against the emulator: every question has the answer that the ledger's folder holds, and nothing
//! is left on the emulator. What AWS answers is compared with these answers by the ledger's own tests.

use crate::configuration::Tree;
use crate::serve::Served;
use ::probe::Options;
use ::probe::fixture::Fixture;
use anyhow::{Context as _, ensure};
use sluicegate_tests::functions::project;
use std::process::{Command, Stdio};
use tokio::sync::watch;

const DECIDED: &str = "crates/emulator/fidelity/decided.json";

/// What the machine lacks for the probe's functions, which are a shell script.
pub fn missing() -> Option<&'static str> {
    ["bash", "curl"].into_iter().find(|tool| {
        let version =
            Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        !version.is_ok_and(|status| status.success())
    })
}

pub fn run(tree: &Tree) -> anyhow::Result<()> {
    let configuration = project().join("probe/terraform");
    let format = ["fmt", "-check", "-diff"].map(str::to_owned);
    tree.init("")?.run(format.iter().chain([&configuration.display().to_string()]))?;

    let served = Served::start()?;
    let empty = served.state();
    let state = tempfile::tempdir()?;
    let options = Options {
        endpoint: Some(served.emulator.endpoint_url()),
        state: state.path().join("probe"),
        environment: tree.plugin_cache(),
        ..Options::default()
    };
    let (_stopping, stop) = watch::channel(false);
    let fixture = served.runtime.block_on(::probe::run(&options, stop))?;
    ensure!(fixture.failures().is_empty(), "the probe could not ask: {}", fixture.failures().join("\n"));

    let text = std::fs::read(project().join(DECIDED)).with_context(|| format!("cannot read {DECIDED}"))?;
    let decided: Fixture =
        serde_json::from_slice(&text).with_context(|| format!("{DECIDED} is no answers"))?;
    for (now, decided) in fixture.answers.iter().zip(&decided.answers) {
        ensure!(
            now == decided,
            "{DECIDED} has\n{decided:#?}\nand the emulator answers\n{now:#?}\n{}",
            advice()
        );
    }
    ensure!(fixture == decided, "{DECIDED} answers other questions than the probe asks; {}", advice());

    let left = served.state();
    ensure!(left == empty, "the probe leaves something behind: {left:#}");
    ensure!(!options.state.exists(), "the probe leaves its folder behind");
    Ok(())
}

fn advice() -> &'static str {
    "where the emulator is right: `cargo run -- serve`, then `cargo run -p probe -- --endpoint http://127.0.0.1:4566`"
}
