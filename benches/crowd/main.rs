//! What idle and hostile clients cost active ones: `cargo bench --bench crowd`.
//!
//! The emulator and the idle, hostile and active clients are processes of their own. Active clients check every answer,
//! and at the end every idle client must still be connected: any error ends the run.

mod section;

use anyhow::Context as _;
use section::{Case, Crowd, Talk};
use sluicegate_benches::args::{Extent, bench};
use sluicegate_benches::child::Child;
use sluicegate_benches::emulator::Order;
use sluicegate_benches::load::{Pace, load};
use sluicegate_benches::process::Process;
use sluicegate_benches::roles::{Abuse, IdleOrder, start};
use sluicegate_benches::sluicegate_process::SluicegateProcess;
use sluicegate_benches::{binaries, machine, sockets};
use std::path::PathBuf;
use std::time::{Duration, Instant};

const COMMAND: &str = "cargo bench --bench crowd";
const SECTION: &str = "crowd";
/// Clients that connect and send nothing.
const IDLE: usize = 10_000;
/// Active clients.
const CHATTING: usize = 1_000;
/// Messages a second of all of them together.
const RATE_PER_S: f64 = 500.0;
const SECONDS: f64 = 6.0;
/// Runs of each case, which take turns.
const ROUNDS: usize = 3;
const SHARDS: usize = 4;

/// The hostile clients, all of which run at once; floods are separate, because they run alone.
const HOSTILE_CLIENTS: [(Abuse, usize); 7] = [
    (Abuse::UnreadPings, 20),
    (Abuse::Stall, 50),
    (Abuse::Garbage, 20),
    (Abuse::GarbageForHandshake, 20),
    (Abuse::HalfHandshake, 100),
    (Abuse::SlowHandshake, 100),
    (Abuse::HalfFrame, 100),
];
/// Clients that send as much as the gateway takes.
const FLOODS: [(Abuse, usize); 2] = [(Abuse::Pings, 1), (Abuse::Refused, 1)];

fn main() -> anyhow::Result<()> {
    bench(COMMAND, run)
}

async fn run(extent: Extent) -> anyhow::Result<()> {
    sockets::allow(IDLE + CHATTING)?;
    let machine = machine::describe()?;
    let sluicegate = binaries::sluicegate()?;
    let order = Order { shards: SHARDS, ..Order::of(&binaries::echo()?) };
    let mut emulator = SluicegateProcess::start(&sluicegate, &order).await?;
    let bench = Bench {
        sluicegate,
        uri: emulator.uri.clone(),
        emulator: emulator.process(),
        seconds: extent.pick(SECONDS, 4.0),
    };
    bench.talk(None).await.context("the first run")?;
    let mut crowd = Crowd::default();
    for round in 1..=extent.pick(ROUNDS, 1) {
        bench.round(&mut crowd).await.with_context(|| format!("round {round}"))?;
        emulator.alive()?;
    }
    extent.publish(SECTION, &crowd.section(&machine)?)
}

struct Bench {
    sluicegate: PathBuf,
    uri: String,
    emulator: Process,
    seconds: f64,
}

impl Bench {
    async fn round(&self, crowd: &mut Crowd) -> anyhow::Result<()> {
        crowd.add(Case::Alone, self.talk(None).await.context("alone")?);
        for (abuse, count) in HOSTILE_CLIENTS.into_iter().chain(FLOODS) {
            let talk = self.beside(&[(abuse, count)]).await;
            crowd.add(Case::One(abuse, count), talk.with_context(|| format!("beside {abuse:?}"))?);
        }
        crowd.add(Case::All, self.beside(&HOSTILE_CLIENTS).await.context("beside hostile clients")?);
        let idle = IdleOrder { uri: self.uri.clone(), count: IDLE };
        let (idle, _): (Child, usize) = start("idle-crowd", &idle).context("the idle crowd")?;
        crowd.add(Case::Idle, self.talk(None).await.context("beside the idle crowd")?);
        let all = self.beside(&HOSTILE_CLIENTS).await.context("beside the idle crowd and hostile clients")?;
        crowd.add(Case::IdleAndAll, all);
        idle.finish()
    }

    async fn beside(&self, hostile: &[(Abuse, usize)]) -> anyhow::Result<Talk> {
        let (mut hostile, _): (Child, usize) = start("hostile-clients", &(&self.uri, hostile))?;
        let talk = self.talk(Some(hostile.process())).await?;
        hostile.alive()?;
        Ok(talk)
    }

    /// A run in which every message comes back once, unaltered, in order; anything else is an error.
    async fn talk(&self, hostile: Option<Process>) -> anyhow::Result<Talk> {
        let cpu = || -> anyhow::Result<_> {
            Ok((self.emulator.cpu()?, hostile.map(Process::cpu).transpose()?.unwrap_or_default()))
        };
        let (begun, before) = (Instant::now(), cpu()?);
        let run = load(&self.sluicegate, &self.uri, CHATTING, Pace::Open(RATE_PER_S), self.seconds).await?;
        let (elapsed, after) = (begun.elapsed(), cpu()?);
        let share = |before: Duration, after: Duration| (after - before).div_duration_f64(elapsed);
        let talk = Talk { run, emulator: share(before.0, after.0), hostile: share(before.1, after.1) };
        println!(
            "p50 {:.2} ms, p99 {:.2} ms; {:.2} and {:.2} cores",
            talk.run.latency_ms.p50, talk.run.latency_ms.p99, talk.emulator, talk.hostile
        );
        Ok(talk)
    }
}
