//! In Chromium, driven by `drive.js`: the example page, `examples/browser/index.html`, and pages of other sites that try to
//! use what they can reach.

mod drive_by;

use emulator::EmulatorOptions;
use libtest_mimic::{Arguments, Failed, Trial};
use sluicegate_tests::PATIENCE;
use sluicegate_tests::functions::project;
use sluicegate_tests::group;
use sluicegate_tests::test_emulator::TestEmulator;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// With relay, the page learns its connection's id; echo sends everything back, here and below.
const OPEN_TO_ALL: &str = "examples/relay/stack.tfvars";
/// The authorizer asks for a token, which a browser can send in the query string alone.
const GUARDED: &str = "examples/authorizer/stack.tfvars";
/// By name in `scenarios.js`, each with the values of its emulator.
const SCENARIOS: [(&str, &str); 5] = [
    ("a_message_comes_back_with_its_round_trip_time", OPEN_TO_ALL),
    ("the_page_returns_by_itself_after_the_gateway_closed_its_connection", OPEN_TO_ALL),
    ("a_keep_alive_goes_out_every_five_minutes_and_comes_back", OPEN_TO_ALL),
    ("a_connection_that_the_user_closed_stays_closed", OPEN_TO_ALL),
    ("only_a_known_token_lets_the_page_in", GUARDED),
];
/// Where Debian, Ubuntu, Fedora and Arch install it; `CHROMIUM` names another.
const CHROMIUM: [&str; 3] = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
/// A scenario waits several times; each wait ends by itself after [`PATIENCE`].
const WAITS_MAX: u32 = 5;

fn main() -> ExitCode {
    let tools = Tools::find();
    if let Err(missing) = &tools {
        eprintln!("SKIPPED: the browser tests did not run: {missing}");
    }
    let trial =
        |name: &'static str, run: fn(&'static str, &str, &Tools) -> Result<(), Failed>, values| match tools
            .clone()
        {
            Ok(tools) => Trial::test(name, move || run(name, values, &tools)),
            Err(missing) => Trial::test(name, move || Err(missing.into())).with_ignored_flag(true),
        };
    let mut trials = Vec::from(SCENARIOS.map(|(name, values)| trial(name, run, values)));
    trials.extend(drive_by::SCENARIOS.map(|name| trial(name, drive_by::run, OPEN_TO_ALL)));
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// What a scenario needs from the machine.
#[derive(Clone)]
struct Tools {
    chromium: PathBuf,
    scripts: PathBuf,
}

impl Tools {
    fn find() -> Result<Self, String> {
        let own = std::env::var_os("CHROMIUM").map(PathBuf::from);
        let mut candidates = own.into_iter().chain(CHROMIUM.map(PathBuf::from));
        let chromium = candidates
            .find(|path| path.is_file())
            .ok_or("there is no Chromium: install the package chromium, or name its binary in CHROMIUM")?;
        let scripts = project().join("tests/browser");
        if !scripts.join("node_modules/playwright-core").is_dir() {
            return Err("playwright-core is not installed: run `npm ci` in tests/browser".into());
        }
        Ok(Self { chromium, scripts })
    }
}

fn run(scenario: &str, values: &str, tools: &Tools) -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let values = std::fs::read_to_string(project().join(values))?;
        let emulator = TestEmulator::with(&values, EmulatorOptions::default()).await;
        let outcome = drive(scenario, tools, &emulator, &[]).await;
        emulator.emulator.stop().await;
        outcome
    })
}

/// Runs a scenario's script, with more in its environment.
async fn drive(
    scenario: &str,
    tools: &Tools,
    emulator: &TestEmulator,
    more: &[(&str, String)],
) -> Result<(), Failed> {
    let page = project().join("examples/browser/index.html");
    let mut node = tokio::process::Command::new("node");
    node.current_dir(&tools.scripts)
        .args(["drive.js", scenario])
        .env("CHROMIUM", &tools.chromium)
        .env("PAGE_URL", file_url(&page))
        .env("WEBSOCKET_URI", emulator.uri())
        .env("CONNECTIONS_ENDPOINT", emulator.connections_endpoint())
        .env("PATIENCE_MS", PATIENCE.as_millis().to_string())
        .envs(more.iter().map(|(name, value)| (name, value)));
    let output = tokio::time::timeout(PATIENCE * WAITS_MAX, group::output(&mut node))
        .await
        .map_err(|_| "the scenario did not end")?
        .map_err(|error| format!("cannot run node: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
        .into())
}

fn file_url(path: &Path) -> String {
    let mut url = String::from("file://");
    for byte in path.to_string_lossy().bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                url.push(byte.into());
            }
            other => url.push_str(&format!("%{other:02X}")),
        }
    }
    url
}
