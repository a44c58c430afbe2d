//! What a page of another site can do to an emulator that its visitor runs: open a WebSocket, as on AWS, and nothing else.

use super::{Tools, drive, project};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use emulator::EmulatorOptions;
use emulator::package::{Packing, package};
use emulator::server::guard::Access;
use libtest_mimic::Failed;
use serde_json::json;
use sluicegate_tests::test_emulator::TestEmulator;

/// The second shows that the attempts of the first would do harm, and that the flags work.
pub const SCENARIOS: [&str; 2] =
    ["a_page_of_another_site_opens_a_websocket_and_nothing_else", "a_page_that_is_allowed_does_everything"];
/// The page's own site, which `drive.js` serves.
const SITE: &str = "http://evil.test";

pub fn run(scenario: &'static str, values: &str, tools: &Tools) -> Result<(), Failed> {
    let is_allowed = scenario == SCENARIOS[1];
    let access = if is_allowed {
        Access { origins: vec![SITE.parse()?], allows_unsigned: true, ..Access::default() }
    } else {
        Access::default()
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let values = std::fs::read_to_string(project().join(values))?;
        let emulator =
            TestEmulator::with(&values, EmulatorOptions { access, ..EmulatorOptions::default() }).await;
        let outcome = attempt(scenario, tools, &emulator, is_allowed).await;
        emulator.emulator.stop().await;
        outcome
    })
}

async fn attempt(
    scenario: &str,
    tools: &Tools,
    emulator: &TestEmulator,
    is_allowed: bool,
) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let marker = folder.path().join("the-script-ran");
    let script = format!("#!/bin/sh\n: > '{}'\nexit 1\n", marker.display());
    let zip = STANDARD.encode(package(script.as_bytes(), Packing::Stored)?);
    let before = emulator.emulator.state().await;
    let endpoint = ("ENDPOINT_URL", emulator.emulator.endpoint_url());
    drive(scenario, tools, emulator, &[endpoint, ("CODE_ZIP", zip)]).await?;
    let after = emulator.emulator.state().await;
    let faults = emulator.emulator.faults().report()["faults"].clone();
    let has_changed = (before != after, faults != json!([]), marker.exists());
    let expected = (is_allowed, is_allowed, is_allowed);
    if has_changed == expected {
        return Ok(());
    }
    Err(format!(
        "(state, faults, script ran): {has_changed:?} instead of {expected:?}\n{before}\n{after}\n{faults}"
    )
    .into())
}
