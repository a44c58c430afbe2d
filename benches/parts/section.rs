//! The section of PERFORMANCE.md, from criterion's estimates.

use anyhow::Context as _;
use serde_json::Value;
use sluicegate_benches::report::Table;
use sluicegate_benches::summary::figure;
use sluicegate_benches::{machine, project};

/// What is reported, and its path in criterion's folder.
const PARTS: [(&str, &str); 9] = [
    ("render the reference template, 100 B", "reference template/100 B"),
    ("render the reference template, 30 KB", "reference template/30 KB"),
    ("append a record of 100 B", "append a record/100 B"),
    ("append a record of 30 KB", "append a record/30000 B"),
    ("build a batch of 1 record", "build a batch/1 records"),
    ("build a batch of 16 records", "build a batch/16 records"),
    ("build a batch of 1,000 records", "build a batch/1000 records"),
    ("post to @connections over HTTP", "post to @connections"),
    ("parse the reference template", "parse the reference template"),
];

pub fn section(machine: &str) -> anyhow::Result<String> {
    let mut table = Table::new(&["part", "median, µs", "95 % confidence, µs"]);
    for (what, place) in PARTS {
        let path = project().join("target/criterion").join(place).join("new/estimates.json");
        let estimates = std::fs::read(&path).with_context(|| {
            format!(
                "{} is not there: run `cargo bench --package mapping-template`, then this again",
                path.display()
            )
        })?;
        let median = &serde_json::from_slice::<Value>(&estimates)?["median"];
        let us = |value: &Value| value.as_f64().map(|ns| figure(ns / 1_000.0)).unwrap_or_default();
        let interval = &median["confidence_interval"];
        table.row(&[
            what.to_owned(),
            us(&median["point_estimate"]),
            format!("{}–{}", us(&interval["lower_bound"]), us(&interval["upper_bound"])),
        ]);
    }
    Ok(format!(
        "## The parts by themselves

`cargo bench --package mapping-template`, then `cargo bench --bench parts`

{}
Measured by criterion. An append is PutRecord within the process, from the request that the wire API decoded to the
wake-up of readers. A batch: records enter a queue, the batch leaves it, is written as a JSON event, and its outcome is
applied. A post is one HTTP call over a kept-alive connection, by a client in the same process.

- {}
- {}; {machine}
",
        table.markdown(),
        machine::version("rustc")?,
        machine::today(),
    ))
}
