//! What one failing connection costs the others: `cargo bench --bench poison`.

mod clients;
mod echo;

use anyhow::{Context as _, bail, ensure};
use clients::{Client, Schedule};
use echo::EchoEmulator;
use emulator::fault_injection::{Fault, FaultSettings, FaultSpec};
use futures_util::future::{join, try_join_all};
use sluicegate_benches::args::{Extent, bench};
use sluicegate_benches::machine;
use sluicegate_benches::report::Table;
use sluicegate_benches::summary::{Spread, figure};
use std::time::Duration;
use tokio::time::Instant;

const COMMAND: &str = "cargo bench --bench poison";
const SECTION: &str = "poison";
/// Connections whose answers are measured.
const OTHERS: usize = 50;
/// From one message of a connection to its next.
const EVERY: Duration = Duration::from_millis(250);
/// Messages of each connection in a run.
const MESSAGES: usize = 80;
/// Runs of each case, which take turns.
const ROUNDS: usize = 5;

fn main() -> anyhow::Result<()> {
    bench(COMMAND, run)
}

/// The others' round trips in the runs of one case, in milliseconds.
#[derive(Default)]
struct Case {
    p50: Vec<f64>,
    p99: Vec<f64>,
    longest: Vec<f64>,
}

async fn run(extent: Extent) -> anyhow::Result<()> {
    let (rounds, messages) = extent.pick((ROUNDS, MESSAGES), (1, 20));
    let machine = machine::describe()?;
    let emulator = EchoEmulator::start().await?;
    let mut failing = Client::connect(&emulator.uri).await?;
    let mut others = Vec::with_capacity(OTHERS);
    for _ in 0..OTHERS {
        others.push(Client::connect(&emulator.uri).await?);
    }
    // Starts the function.
    round(&emulator, &mut failing, &mut others, messages, false, &mut Case::default()).await?;
    let (mut healthy, mut beside) = (Case::default(), Case::default());
    for number in 1..=rounds {
        round(&emulator, &mut failing, &mut others, messages, false, &mut healthy)
            .await
            .context("with all healthy")?;
        round(&emulator, &mut failing, &mut others, messages, true, &mut beside)
            .await
            .context("with one failing")?;
        let last = |case: &Case| figure(case.p99.last().copied().unwrap_or_default());
        println!(
            "round {number} of {rounds}: p99 {} ms, with one failing {} ms",
            last(&healthy),
            last(&beside)
        );
    }
    emulator.stop().await;
    let table = table(healthy, beside)?;
    extent.publish(SECTION, &section(&machine, &table)?)
}

/// One run: the others send, beside one connection that is healthy or failing.
async fn round(
    emulator: &EchoEmulator,
    failing: &mut Client,
    others: &mut [Client],
    messages: usize,
    poison: bool,
    case: &mut Case,
) -> anyhow::Result<()> {
    let specs = if poison {
        vec![FaultSpec { target: Some(failing.id.clone()), ..FaultSpec::always(Fault::Connections500) }]
    } else {
        Vec::new()
    };
    emulator.faults().set(FaultSettings { specs, seed: Some(1) });
    let begin = Instant::now() + EVERY;
    // Spread evenly, so that batches are as under a steady load.
    let schedule = |place: usize| Schedule {
        begin: begin + EVERY * place as u32 / (OTHERS as u32 + 1),
        every: EVERY,
        messages,
    };
    let talks = others.iter_mut().enumerate().map(|(place, client)| client.talk(schedule(place)));
    let beside = async {
        if poison {
            failing.talk_in_vain(schedule(OTHERS)).await
        } else {
            failing.talk(schedule(OTHERS)).await.map(drop)
        }
    };
    let (took, besides) = join(try_join_all(talks), beside).await;
    besides.context("the connection beside the others")?;
    if poison {
        emulator.take_faults(messages).await?;
        let report = emulator.faults().report();
        let triggered = report["faults"][0]["triggered"].as_u64().unwrap_or_default();
        ensure!(
            triggered >= messages as u64,
            "the fault triggered only {triggered} times: posts to the failing connection did not fail"
        );
    }
    let mut took: Vec<f64> = took?.into_iter().flatten().collect();
    ensure!(took.len() == OTHERS * messages, "{} answers came", took.len());
    took.sort_by(f64::total_cmp);
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize];
    case.p50.push(at(0.5));
    case.p99.push(at(0.99));
    case.longest.push(at(1.0));
    Ok(())
}

fn table(healthy: Case, beside: Case) -> anyhow::Result<String> {
    let mut table = Table::new(&["the others' round trip, ms", "all healthy", "one failing", "ratio"]);
    for (name, healthy, beside) in [
        ("p50", healthy.p50, beside.p50),
        ("p99", healthy.p99, beside.p99),
        ("longest", healthy.longest, beside.longest),
    ] {
        let (Some(healthy), Some(beside)) = (Spread::of(healthy), Spread::of(beside)) else {
            bail!("a case was not measured");
        };
        let ratio = format!("{}×", figure(beside.median() / healthy.median()));
        table.row(&[name.to_owned(), healthy.to_string(), beside.to_string(), ratio]);
    }
    Ok(table.markdown().to_owned())
}

fn section(machine: &str, table: &str) -> anyhow::Result<String> {
    let per_second = (OTHERS as u128 * 1_000) / EVERY.as_millis();
    Ok(format!(
        "## One failing connection among {OTHERS}

`{COMMAND}`

{table}
Medians of {ROUNDS} runs of each case, with the least and the most in parentheses; the cases take turns in one process.
{OTHERS} connections send {per_second} messages a second to `functions/echo`, with the library's and the stack's
defaults: one shard, one queue, batches of at most 16. Beside them one more connection sends as often; in the failing
runs each post to it is answered with 500 (`--fault connections-500=for=…`). The function does not
know it as failing when such a run begins, since it was healthy in the run before. A round trip counts from when its
message was due. Every answer of the others is checked, in order; each of the failing connection's {MESSAGES} records is in
the dead-letter queue at the end of its run, once.

- {}
- {}; {machine}
",
        machine::version("rustc")?,
        machine::today(),
    ))
}
