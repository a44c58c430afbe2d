//! No operation answers a success and does nothing, unless the ledger says so: what the services serve is what
//! operations.toml lists, and each that is inert there has its reason in inert.toml.

use super::{Inert, folder};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

const TABLE: &str = "operations.toml";
/// Operations of Kinesis' API that are served: all of it.
const KINESIS_OPERATIONS: usize = 39;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Operations {
    reads: Vec<String>,
    changes: Vec<String>,
    /// By name: an argument of inert.toml.
    inert: BTreeMap<String, String>,
}

fn table() -> BTreeMap<String, Operations> {
    let text = std::fs::read_to_string(folder().join(TABLE)).expect("the table can be read");
    toml::from_str(&text).unwrap_or_else(|error| panic!("{TABLE}: {error}"))
}

fn source(path: &str) -> String {
    let path = folder().join("../src/services").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The operations that a service matches by their names.
fn matched(source: &str) -> BTreeSet<String> {
    let lines = source.lines().map(str::trim).filter(|line| line.contains("\" => "));
    lines.filter_map(|line| line.strip_prefix('"')?.split('"').next().map(String::from)).collect()
}

/// Those of Kinesis, of which its tests have a sound request each, but for the one whose answer has no end.
fn of_kinesis() -> BTreeSet<String> {
    let tests = source("kinesis/hostile_tests.rs");
    let table =
        tests.split_once("fn sound(").and_then(|(_, rest)| rest.split_once("\n}\n")).expect("the table").0;
    let named = |line: &str| {
        let (name, rest) = line.trim().trim_start_matches('(').strip_prefix('"')?.split_once('"')?;
        rest.starts_with(',').then(|| name.to_owned())
    };
    let is_operation =
        |name: &String| name.starts_with(char::is_uppercase) && name.chars().all(char::is_alphanumeric);
    let mut found: BTreeSet<_> = table.lines().filter_map(named).filter(is_operation).collect();
    found.insert("SubscribeToShard".into());
    found
}

/// Those that dynoxide answers, and those of backups.
fn of_dynamodb() -> BTreeSet<String> {
    let mut found = matched(&source("dynamodb/store.rs"));
    found.extend(["DescribeContinuousBackups", "UpdateContinuousBackups"].map(String::from));
    found
}

#[test]
fn every_operation_that_is_served_is_classified_once() {
    for (service, operations) in table() {
        let served = match service.as_str() {
            "kinesis" => of_kinesis(),
            "sts" => matched(&source("sts.rs")),
            "dynamodb" => of_dynamodb(),
            other => matched(&source(&format!("{other}/mod.rs"))),
        };
        let listed = operations.reads.iter().chain(&operations.changes).chain(operations.inert.keys());
        let listed: Vec<_> = listed.cloned().collect();
        let distinct: BTreeSet<_> = listed.iter().cloned().collect();
        assert_eq!(distinct.len(), listed.len(), "{service}: an operation stands twice");
        assert_eq!(distinct, served, "{service}: say of each operation in {TABLE} whether it has an effect");
        if service == "kinesis" {
            assert_eq!(served.len(), KINESIS_OPERATIONS);
        }
    }
}

#[test]
fn every_inert_operation_has_its_reason() {
    let text = std::fs::read_to_string(folder().join("inert.toml")).expect("it can be read");
    let inert: Inert = toml::from_str(&text).expect("it is a ledger");
    let reasons: BTreeSet<_> = inert.inert.iter().map(|inert| inert.argument.as_str()).collect();
    let table = table();
    for (service, operations) in &table {
        for (operation, reason) in &operations.inert {
            assert!(
                reasons.contains(reason.as_str()),
                "{service} {operation}: inert.toml has no \"{reason}\""
            );
        }
    }
    // What inert.toml says of a whole operation, the table says too.
    for (service, operation) in
        reasons.iter().filter(|reason| !reason.contains(':')).filter_map(|reason| reason.split_once(' '))
    {
        let is_inert = table.get(service).is_some_and(|operations| operations.inert.contains_key(operation));
        assert!(is_inert, "{service} {operation} is inert, and {TABLE} does not say so");
    }
}
