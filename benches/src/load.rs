//! `sluicegate load`, the generator of the same load for every peer, which checks every answer.

use anyhow::{Context as _, bail};
use serde::Deserialize;
use std::path::Path;

/// The kind of load.
#[derive(Debug, Clone, Copy)]
pub enum Pace {
    /// Messages a second, whatever comes back; latency counts from when each was due.
    Open(f64),
    /// Unanswered messages of each connection.
    Closed(u64),
}

/// One run's figures, from the generator's JSON.
#[derive(Debug, Clone, Deserialize)]
pub struct Run {
    /// Answers per second, after the ramp.
    pub answered_per_s: f64,
    /// From when a message was due to its first answer.
    pub latency_ms: Percentiles,
    /// How often each thing happened, including the ramp.
    pub counts: Counts,
}

/// Messages.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Counts {
    /// Those that came back.
    pub answered: u64,
}

/// Milliseconds.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Percentiles {
    pub p50: f64,
    /// 9 of 10 are at most this.
    pub p90: f64,
    /// 99 of 100 are at most this.
    pub p99: f64,
    /// 999 of 1,000 are at most this.
    pub p999: f64,
}

/// Runs the generator. Every message must come back once, unaltered, in order.
pub async fn load(
    sluicegate: &Path,
    uri: &str,
    connections: usize,
    pace: Pace,
    seconds: f64,
) -> anyhow::Result<Run> {
    let mut command = tokio::process::Command::new(sluicegate);
    command.arg("load").arg(uri).args(["--connections", &connections.to_string()]);
    command.args(["--connect-rate", "5000", "--ramp", "0.5", "--json", "-"]);
    command.args(["--duration", &seconds.to_string()]);
    match pace {
        Pace::Open(per_s) => command.args(["--rate", &per_s.to_string()]),
        // Long enough for what a closed loop leaves in the stream with one record a batch.
        Pace::Closed(in_flight) => command.args(["--in-flight", &in_flight.to_string(), "--timeout", "30"]),
    };
    let output = command.kill_on_drop(true).output().await.context("cannot run sluicegate load")?;
    if !output.status.success() {
        let reported = String::from_utf8_lossy(&output.stderr);
        bail!(
            "the load failed: {}",
            reported.lines().last().unwrap_or_default().trim_start_matches("error: failed: ")
        );
    }
    serde_json::from_slice(&output.stdout).context("the load's report is not JSON")
}
