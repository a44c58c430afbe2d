//! How cost grows with connections, records, shards, functions and batches: `cargo bench --bench growth`.

mod measure;
mod retained;
mod section;

use sluicegate_benches::args::{Extent, bench};
use sluicegate_benches::{binaries, machine};

const COMMAND: &str = "cargo bench --bench growth";
const SECTION: &str = "growth";

fn main() -> anyhow::Result<()> {
    bench(COMMAND, run)
}

async fn run(extent: Extent) -> anyhow::Result<()> {
    let bench = measure::Bench { sluicegate: binaries::sluicegate()?, echo: binaries::echo()?, extent };
    let machine = machine::describe()?;
    let grown = section::Grown {
        connections: bench.connections().await?,
        retained: retained::measure(&bench.sluicegate, extent).await?,
        shards: bench.shards().await?,
        functions: bench.functions().await?,
        batches: bench.batches().await?,
        machine,
    };
    let latency = extent.publish_chart("latency.svg", "latency", &grown.latency_chart())?;
    let memory = extent.publish_chart("memory.svg", "memory", &grown.memory_chart())?;
    extent.publish(SECTION, &grown.section(&latency, &memory)?)
}
