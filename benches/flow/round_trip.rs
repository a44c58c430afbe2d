//! Round trips of a message, by the same generator, through our emulator and its peers.

use crate::Ours;
use crate::cost::{Cost, Meter};
use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use sluicegate_benches::args::Extent;
use sluicegate_benches::child::Child;
use sluicegate_benches::emulator::Order;
use sluicegate_benches::load::{Pace, Run, load};
use sluicegate_benches::machine;
use sluicegate_benches::peers::{self, Offline};
use sluicegate_benches::process::Process;
use sluicegate_benches::roles::start;
use sluicegate_benches::sluicegate_process::SluicegateProcess;
use sluicegate_benches::summary::Spread;
use std::path::Path;

/// Messages a second in the open loop.
pub const RATE_PER_S: f64 = 200.0;
/// Connections in the open loop.
pub const CONNECTIONS: usize = 10;
/// Connections in the closed loop, and messages that each keeps unanswered.
pub const CLOSED: (usize, u64) = (50, 4);
const SECONDS: f64 = 5.0;
const ROUNDS: usize = 3;

pub struct Contender {
    pub name: &'static str,
    pub what: String,
    uri: String,
    /// One message at a time.
    pub single: Vec<Run>,
    /// Empty if it did not carry the load.
    pub open: Vec<Run>,
    pub closed: Vec<Run>,
    /// The cost of a round trip in the closed loop, if the processes are known.
    pub costs: Vec<Cost>,
    emulator: Option<Process>,
    /// Stopped if it is overloaded: it might go on with its backlog and use the others' processors.
    offline: Option<Offline>,
    /// If it did not: the failure.
    pub overload: Option<String>,
}

impl Contender {
    fn new(name: &'static str, what: String, uri: String) -> Self {
        let (single, open, closed, costs) = Default::default();
        Self { name, what, uri, single, open, closed, costs, emulator: None, offline: None, overload: None }
    }

    fn on(self, emulator: &SluicegateProcess) -> Self {
        Self { emulator: Some(emulator.process()), ..self }
    }

    /// Milliseconds of a percentile in the open loop, over the rounds.
    pub fn open_ms(&self, percentile: impl Fn(&Run) -> f64) -> Option<Spread> {
        Spread::of(self.open.iter().map(percentile).collect())
    }

    /// Milliseconds of the median of one message at a time, over the rounds.
    pub fn single_ms(&self) -> Option<Spread> {
        Spread::of(self.single.iter().map(|run| run.latency_ms.p50).collect())
    }

    /// A part of the cost of round trips in the closed loop, over the rounds.
    pub fn cost(&self, part: impl Fn(Cost) -> f64) -> Option<Spread> {
        Spread::of(self.costs.iter().copied().map(part).collect())
    }

    /// Round trips a second in the closed loop, over the rounds.
    pub fn per_s(&self) -> Option<Spread> {
        Spread::of(self.closed.iter().map(|run| run.answered_per_s).collect())
    }
}

/// Ours first, then the lower bound, then the others.
pub async fn measure(ours: &Ours, node_echo: &Path, extent: Extent) -> anyhow::Result<Vec<Contender>> {
    let emulator = SluicegateProcess::start(&ours.sluicegate, &Order::of(&ours.echo)).await?;
    let node = SluicegateProcess::start(&ours.sluicegate, &Order::of(node_echo)).await?;
    let (_bare, bare): (Child, Value) = start("websocket-echo", &json!(null))?;
    let offline = peers::offline()?;
    let (what, uri) = (offline.what.clone(), offline.uri.clone());
    let mut contenders = vec![
        Contender::new(
            "Sluicegate",
            "this emulator with `functions/echo` as its own process".into(),
            emulator.uri.clone(),
        )
        .on(&emulator),
        Contender::new(
            "bare echo",
            "tokio-tungstenite 0.30 alone in a process, without a backend: the lower bound".into(),
            bare["uri"].as_str().unwrap_or_default().into(),
        ),
        Contender::new(
            "Node.js on it",
            format!("this emulator with `benches/peers/node-echo`, Node.js {}", machine::version("node")?),
            node.uri.clone(),
        ),
        Contender { offline: Some(offline), ..Contender::new("serverless-offline", what, uri) },
    ];
    let seconds = extent.pick(SECONDS, 2.0);
    for round in 1..=extent.pick(ROUNDS, 1) {
        for contender in &mut contenders {
            if contender.overload.is_some() {
                continue;
            }
            contender.run(&ours.sluicegate, seconds).await?;
            if contender.overload.is_some() {
                contender.offline = None;
            }
            let p50 = |runs: &[Run]| runs.last().map_or(f64::NAN, |run| run.latency_ms.p50);
            println!(
                "round {round}: {}, p50 {:.2} ms one at a time, {:.2} ms at 200/s, {:.0} round trips/s{}",
                contender.name,
                p50(&contender.single),
                p50(&contender.open),
                contender.closed.last().map_or(f64::NAN, |run| run.answered_per_s),
                contender.overload.as_deref().map(|how| format!("; {how}")).unwrap_or_default(),
            );
        }
    }
    let (ours, peers) = contenders.split_first().context("no contender was measured")?;
    ensure!(ours.overload.is_none(), "our own emulator failed: {:?}", ours.overload);
    for peer in peers {
        let has_run = !peer.single.is_empty();
        ensure!(has_run, "{} has not run", peer.name);
    }
    Ok(contenders)
}

impl Contender {
    /// One round. Every contender must carry one message at a time; other failures are reported.
    async fn run(&mut self, sluicegate: &Path, seconds: f64) -> anyhow::Result<()> {
        self.single.push(load(sluicegate, &self.uri, 1, Pace::Closed(1), seconds / 2.0).await?);
        let (connections, in_flight) = CLOSED;
        let open = load(sluicegate, &self.uri, CONNECTIONS, Pace::Open(RATE_PER_S), seconds).await;
        match open {
            Ok(run) => self.open.push(run),
            Err(error) => {
                self.overload = Some(error.to_string());
                return Ok(());
            }
        }
        let meter = self.emulator.map(Meter::start).transpose()?;
        match load(sluicegate, &self.uri, connections, Pace::Closed(in_flight), seconds).await {
            Ok(run) => {
                let cost = meter.map(|meter| meter.stop(run.counts.answered)).transpose()?;
                self.costs.extend(cost);
                self.closed.push(run);
            }
            Err(error) => self.overload = Some(error.to_string()),
        }
        Ok(())
    }
}
