//! Echo against the reference implementation on Node.js: `cargo bench --bench echo_vs_node`.

mod batches;
mod peers;

use anyhow::{Context as _, bail};
use batches::Batches;
use peers::Peer;
use sluicegate_benches::args::{Extent, bench};
use sluicegate_benches::clients::Clients;
use sluicegate_benches::emulator::{BenchEmulator, Order};
use sluicegate_benches::function::RunningFunction;
use sluicegate_benches::machine;
use sluicegate_benches::report::Table;
use sluicegate_benches::summary::{Spread, figure};
use std::time::Instant;

const COMMAND: &str = "cargo bench --bench echo_vs_node";
const SECTION: &str = "echo-vs-node";
/// Processes started of each peer.
const STARTS: usize = 11;
/// Connections that a batch's records come from.
const CONNECTIONS: usize = 100;
const RECORDS: usize = 1_000;
/// Batches that do not count, for just-in-time compilers to do their work.
const WARM_UP_BATCHES: usize = 5;
const ROUNDS: usize = 5;
/// Batches of each peer in a round: enough for processor time with a resolution of 10 ms.
const BATCHES_PER_ROUND: usize = 10;

fn main() -> anyhow::Result<()> {
    bench(COMMAND, run)
}

async fn run(extent: Extent) -> anyhow::Result<()> {
    let machine = machine::describe()?;
    let peers = [peers::echo()?, peers::node()?];
    let order = Order { fed: false, ..Order::of(&peers[0].bootstrap()) };
    let emulator = BenchEmulator::start(&order).await?;
    let starts = measure_starts(&emulator, &peers, extent.pick(STARTS, 3)).await?;
    let loads = measure_load(&emulator, &peers, extent.pick(ROUNDS, 1)).await?;
    emulator.emulator.stop().await;

    let table = table(&peers, &starts, &loads);
    extent.publish(SECTION, &section(&machine, &peers, &table)?)
}

/// Milliseconds from before the process was created until it asked for its first event, by peer.
async fn measure_starts(
    emulator: &BenchEmulator,
    peers: &[Peer; 2],
    starts: usize,
) -> anyhow::Result<[Spread; 2]> {
    let mut measured = [Vec::new(), Vec::new()];
    for _ in 0..starts {
        for (peer, measured) in peers.iter().zip(&mut measured) {
            let started = RunningFunction::start(emulator, peer.code()).await;
            let (function, took) = started.with_context(|| format!("{} does not start", peer.name))?;
            function.stop().await;
            measured.push(took.as_secs_f64() * 1_000.0);
        }
    }
    spreads(measured)
}

struct Load {
    messages_per_cpu_s: Spread,
    batch_ms: Spread,
    resident_mb: f64,
    /// The part of it that does not belong to a file.
    anonymous_mb: f64,
}

async fn measure_load(
    emulator: &BenchEmulator,
    peers: &[Peer; 2],
    rounds: usize,
) -> anyhow::Result<[Load; 2]> {
    let mut clients = Clients::connect(&emulator.uri(), CONNECTIONS).await?;
    let mut batches = Batches::learn(emulator, &mut clients).await?;
    let (mut functions, mut per_cpu_s, mut walls_ms) =
        (Vec::new(), [Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    for peer in peers {
        let (mut function, _) = RunningFunction::start(emulator, peer.code()).await?;
        for _ in 0..WARM_UP_BATCHES {
            batches.run(&mut function, &mut clients, RECORDS).await.with_context(|| peer.name.clone())?;
        }
        functions.push(function);
    }
    for round in 1..=rounds {
        for (index, (peer, function)) in peers.iter().zip(&mut functions).enumerate() {
            let process = function.process(peer.code())?;
            let (cpu, begun) = (process.cpu()?, Instant::now());
            for _ in 0..BATCHES_PER_ROUND {
                let wall =
                    batches.run(function, &mut clients, RECORDS).await.with_context(|| peer.name.clone())?;
                walls_ms[index].push(wall.as_secs_f64() * 1_000.0);
            }
            let cpu_s = (process.cpu()? - cpu).as_secs_f64();
            if cpu_s <= 0.0 {
                bail!("{} used no CPU time, so it did not do the work", peer.name);
            }
            per_cpu_s[index].push((RECORDS * BATCHES_PER_ROUND) as f64 / cpu_s);
            println!(
                "round {round} of {rounds}: {}, {:.1} s, {cpu_s:.2} s of CPU",
                peer.name,
                begun.elapsed().as_secs_f64()
            );
        }
    }
    let mut memory = [[0; 2]; 2];
    for ((peer, function), memory) in peers.iter().zip(functions).zip(&mut memory) {
        let process = function.process(peer.code())?;
        *memory = [process.resident_bytes()?, process.anonymous_bytes()?];
        function.stop().await;
    }
    let [first, second] = spreads(per_cpu_s)?;
    let [first_ms, second_ms] = spreads(walls_ms)?;
    let load = |messages_per_cpu_s, batch_ms, memory: [u64; 2]| {
        let [resident_mb, anonymous_mb] = memory.map(|bytes| bytes as f64 / 1_048_576.0);
        Load { messages_per_cpu_s, batch_ms, resident_mb, anonymous_mb }
    };
    Ok([load(first, first_ms, memory[0]), load(second, second_ms, memory[1])])
}

fn spreads(measured: [Vec<f64>; 2]) -> anyhow::Result<[Spread; 2]> {
    match measured.map(Spread::of) {
        [Some(first), Some(second)] => Ok([first, second]),
        _ => bail!("one peer was not measured"),
    }
}

fn table(peers: &[Peer; 2], starts: &[Spread; 2], loads: &[Load; 2]) -> String {
    let mut table = Table::new(&["figure", &peers[0].name, &peers[1].name, "ratio"]);
    let times = |more: f64, less: f64| format!("{}×", figure(more / less));
    let [echo, node] = loads;
    table.row(&[
        "start to first poll, ms".to_owned(),
        starts[0].to_string(),
        starts[1].to_string(),
        times(starts[1].median(), starts[0].median()),
    ]);
    table.row(&[
        "memory after the load, MiB".to_owned(),
        figure(echo.resident_mb),
        figure(node.resident_mb),
        times(node.resident_mb, echo.resident_mb),
    ]);
    table.row(&[
        "of it allocated, not the program's own file, MiB".to_owned(),
        figure(echo.anonymous_mb),
        figure(node.anonymous_mb),
        times(node.anonymous_mb, echo.anonymous_mb),
    ]);
    table.row(&[
        "messages per CPU-second".to_owned(),
        echo.messages_per_cpu_s.to_string(),
        node.messages_per_cpu_s.to_string(),
        times(echo.messages_per_cpu_s.median(), node.messages_per_cpu_s.median()),
    ]);
    table.row(&[
        format!("a batch of {} records over {CONNECTIONS} connections, ms", figure(RECORDS as f64)),
        echo.batch_ms.to_string(),
        node.batch_ms.to_string(),
        times(node.batch_ms.median(), echo.batch_ms.median()),
    ]);
    table.markdown().to_owned()
}

fn section(machine: &str, peers: &[Peer; 2], table: &str) -> anyhow::Result<String> {
    let [echo, node] = peers;
    Ok(format!(
        "## Echo against the reference implementation on Node.js

`{COMMAND}`

{table}
Medians, with the least and the most in parentheses. The two take turns in one run, on one emulator, and the clients
check every reply: none missing, none twice, in order. Starts: {STARTS} of each. Load: {ROUNDS} rounds of
{BATCHES_PER_ROUND} batches, after {WARM_UP_BATCHES} to warm up; only the function's process counts towards the processor time. The
reference posts one record after another, as in 2019; echo keeps the order within a connection and handles connections
side by side. So the batch's wall time compares two designs, and messages per CPU-second compare two programs. The
reference is bundled and minified, which starts faster than from `node_modules`.

- {}: {}
- {}: {}
- {}
- {}; {machine}
",
        echo.name,
        echo.what,
        node.name,
        node.what,
        machine::version("rustc")?,
        machine::today(),
    ))
}
