//! The section of PERFORMANCE.md.

use crate::{CHATTING, COMMAND, HOSTILE_CLIENTS, IDLE, RATE_PER_S, SECONDS, SHARDS};
use anyhow::Context as _;
use sluicegate_benches::load::Run;
use sluicegate_benches::machine;
use sluicegate_benches::report::Table;
use sluicegate_benches::roles::Abuse;
use sluicegate_benches::summary::{Spread, figure};

/// The clients beside the active ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    Alone,
    One(Abuse, usize),
    All,
    Idle,
    IdleAndAll,
}

impl Case {
    fn name(self) -> String {
        match self {
            Self::Alone => "none".into(),
            Self::One(abuse, count) => format!("{count} × {}", abuse.what()),
            Self::All => "hostile clients".into(),
            Self::Idle => format!("{} idle", figure(IDLE as f64)),
            Self::IdleAndAll => format!("{} idle, hostile clients", figure(IDLE as f64)),
        }
    }
}

#[derive(Debug)]
pub struct Talk {
    pub run: Run,
    /// Cores that the emulator took, on average.
    pub emulator: f64,
    /// Cores that the hostile clients took.
    pub hostile: f64,
}

/// Every run, by case in the order of their first.
#[derive(Debug, Default)]
pub struct Crowd {
    cases: Vec<(Case, Vec<Talk>)>,
}

impl Crowd {
    pub fn add(&mut self, case: Case, talk: Talk) {
        match self.cases.iter_mut().find(|(known, _)| *known == case) {
            Some((_, talks)) => talks.push(talk),
            None => self.cases.push((case, vec![talk])),
        }
    }

    fn alone(&self) -> &[Talk] {
        self.cases.iter().find(|(case, _)| *case == Case::Alone).map_or(&[], |(_, talks)| talks)
    }

    // long: a table and the text around it
    pub fn section(&self, machine: &str) -> anyhow::Result<String> {
        let (p50, p99) = (|talk: &Talk| talk.run.latency_ms.p50, |talk: &Talk| talk.run.latency_ms.p99);
        let (emulator, hostile) = (|talk: &Talk| talk.emulator, |talk: &Talk| talk.hostile);
        let heads = [
            "other clients",
            "p50, ms",
            "p99, ms",
            "p50, ratio",
            "p99, ratio",
            "emulator, cores",
            "hostile clients, cores",
        ];
        let mut table = Table::new(&heads);
        for (case, talks) in &self.cases {
            let summary = |value: &dyn Fn(&Talk) -> f64| -> anyhow::Result<String> {
                let summary = Spread::of(talks.iter().map(value).collect());
                Ok(summary.context("nothing was measured")?.to_string())
            };
            // To the same round's run without other clients.
            let ratio = |value: &dyn Fn(&Talk) -> f64| -> anyhow::Result<String> {
                let pairs = self.alone().iter().zip(talks);
                let summary = Spread::of(pairs.map(|(alone, beside)| value(beside) / value(alone)).collect());
                Ok(summary.context("nothing was measured")?.to_string())
            };
            table.row(&[
                case.name(),
                summary(&p50)?,
                summary(&p99)?,
                ratio(&p50)?,
                ratio(&p99)?,
                summary(&emulator)?,
                summary(&hostile)?,
            ]);
        }
        let bad: usize = HOSTILE_CLIENTS.iter().map(|(_, count)| count).sum();
        let rounds = self.alone().len();
        Ok(format!(
            "## A crowd, and hostile clients in it

`{COMMAND}`

{}
Round trips of {CHATTING} active clients, which together send {RATE_PER_S} messages a second for {SECONDS} s a run, through {SHARDS}
shards and one function. Medians of {rounds} rounds in which the cases take turns, with the least and the most in
parentheses; ratios are to the same round's run without other clients. In every run each message came back once,
unaltered and in order, and each idle client was still connected at the end and had received nothing. The emulator, the
idle, the hostile and the active clients are separate processes that share one machine's cores.

'Hostile clients' are the {bad} clients of the first seven rows at once. A client that is cut off comes back after 100 ms. The
server stops reading from a client that does not drain its pongs. Messages that pass the model are limited only by the
throttles of the stage and the route, which all clients share, as on AWS.

- {}
- {}; {machine}
",
            table.markdown(),
            machine::version("rustc")?,
            machine::today(),
        ))
    }
}
