//! The whole flow against its aims and its peers: `cargo bench --bench flow`.

mod batch;
mod cost;
mod hops;
mod idle;
mod round_trip;
mod section;

use sluicegate_benches::args::{Extent, bench};
use sluicegate_benches::{binaries, machine, peers};
use std::path::PathBuf;

const COMMAND: &str = "cargo bench --bench flow";
const SECTION: &str = "flow";

/// Our own programs.
struct Ours {
    sluicegate: PathBuf,
    echo: PathBuf,
}

fn main() -> anyhow::Result<()> {
    bench(COMMAND, run)
}

async fn run(extent: Extent) -> anyhow::Result<()> {
    let ours = Ours { sluicegate: binaries::sluicegate()?, echo: binaries::echo()? };
    let (node_echo, node_sdk) = peers::node_echo()?;
    let machine = machine::describe()?;

    let idle = idle::measure(&ours, extent).await?;
    let hops = hops::measure(&ours, extent).await?;
    let batch = batch::measure(&ours, extent).await?;
    let trips = round_trip::measure(&ours, &node_echo, extent).await?;

    let measured = section::Measured {
        idle,
        hops,
        batch,
        trips,
        echo_bytes: std::fs::metadata(&ours.echo)?.len(),
        node_sdk,
        machine,
    };
    let chart = extent.publish_chart("round-trip.svg", "latency percentiles", &measured.chart())?;
    extent.publish(SECTION, &measured.section(&chart)?)
}
