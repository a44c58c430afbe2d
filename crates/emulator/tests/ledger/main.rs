//! The fidelity ledger is kept: each entry is whole, its source resolves, each test that it names exists, what the probe
//! asks of AWS is all that is unsure, and no operation is inert without a reason.

mod mentions;
mod operations;
mod probed;
mod sources;

use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ledger {
    behaviour: Vec<Behaviour>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Behaviour {
    id: String,
    says: String,
    /// An anchor of docs/aws-behaviour.md, or a link.
    source: String,
    mark: Mark,
    decision: Option<String>,
    test: Option<String>,
    left_out: Option<String>,
    /// Why the probe does not ask it of AWS, where it is unsure.
    unasked: Option<String>,
    /// Questions of the probe that AWS answers otherwise than this emulator, as the decision says.
    #[serde(default)]
    owns: BTreeSet<String>,
}

/// From the most certain to the least.
#[derive(Debug, Deserialize, PartialEq, PartialOrd)]
#[serde(rename_all = "lowercase")]
enum Mark {
    Documented,
    Observed,
    /// Observed by one source alone: it may be true of AWS, and is no recording of it.
    Single,
    Unsure,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Inert {
    inert: Vec<InertArgument>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InertArgument {
    argument: String,
    why: String,
}

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fidelity")
}

fn ledgers() -> Vec<(PathBuf, String)> {
    let files = std::fs::read_dir(folder())
        .expect("the ledger has a folder")
        .map(|file| file.expect("it can be listed").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.map(|path| (path.clone(), std::fs::read_to_string(path).expect("a ledger can be read"))).collect()
}

/// All entries with the name of their file, `gateway` for `gateway.toml`.
fn entries() -> Vec<(String, Behaviour)> {
    let is_ledger = |path: &Path| !path.ends_with("inert.toml") && !path.ends_with("operations.toml");
    let ledgers = ledgers().into_iter().filter(|(path, _)| is_ledger(path));
    let entries = ledgers.flat_map(|(path, text)| {
        let ledger: Ledger =
            toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        ledger.behaviour.into_iter().map(move |entry| (name.clone(), entry))
    });
    entries.collect()
}

#[test]
fn every_entry_is_whole_and_its_test_exists() {
    let mut wrong = Vec::new();
    let mut ids = BTreeSet::new();
    for (file, entry) in entries() {
        let mut complain = |what: &str| wrong.push(format!("{file} {}: {what}", entry.id));
        if !ids.insert(format!("{file}/{}", entry.id)) {
            complain("the id stands twice");
        }
        if entry.says.is_empty() || entry.source.is_empty() {
            complain("says or source is empty");
        }
        if entry.mark == Mark::Unsure && entry.decision.is_none() && entry.left_out.is_none() {
            complain("what is unsure needs a decision");
        }
        match (&entry.test, &entry.left_out) {
            (Some(test), None) => {
                if let Err(error) = exists(test) {
                    complain(&error);
                }
            }
            (None, Some(reason)) if !reason.is_empty() => {}
            _ => complain("it needs a test or a reason to be left out, and not both"),
        }
    }
    assert!(!ids.is_empty(), "there is no ledger");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// `path/to/file.rs::function`
fn exists(test: &str) -> Result<(), String> {
    let (file, function) = test.split_once("::").ok_or_else(|| format!("\"{test}\" is no path::function"))?;
    let text = std::fs::read_to_string(project().join(file)).map_err(|error| format!("{file}: {error}"))?;
    let is_there = text.contains(&format!("fn {function}(")) || text.contains(&format!("run \"{function}\""));
    is_there.then_some(()).ok_or_else(|| format!("{file} has no test {function}"))
}

#[test]
fn every_inert_argument_says_why() {
    for (_, text) in ledgers().iter().filter(|(path, _)| path.ends_with("inert.toml")) {
        let inert: Inert = toml::from_str(text).unwrap();
        assert!(inert.inert.iter().all(|inert| !inert.argument.is_empty() && !inert.why.is_empty()));
    }
}
