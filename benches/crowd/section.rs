//! What is written of it.

use crate::{BAD_COMPANY, CHATTING, COMMAND, FLOODS, IDLE, RATE_PER_S, SECONDS, SHARDS};
use anyhow::Context as _;
use sluicegate_benches::load::Run;
use sluicegate_benches::machine;
use sluicegate_benches::report::Table;
use sluicegate_benches::spread::{Spread, figure};
use std::collections::BTreeMap;

/// Who is there beside those who talk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Case {
    Alone,
    BadCompany,
    Floods,
    Idle,
    IdleAndBad,
}

impl Case {
    fn name(self) -> String {
        match self {
            Self::Alone => "nobody".into(),
            Self::BadCompany => "bad company".into(),
            Self::Floods => "two floods".into(),
            Self::Idle => format!("{} idle", figure(IDLE as f64)),
            Self::IdleAndBad => format!("{} idle, bad company", figure(IDLE as f64)),
        }
    }
}

/// Every run.
#[derive(Debug, Default)]
pub struct Crowd {
    runs: BTreeMap<Case, Vec<Run>>,
}

impl Crowd {
    pub fn add(&mut self, case: Case, run: Run) {
        self.runs.entry(case).or_default().push(run);
    }

    fn spread(&self, case: Case, value: impl Fn(&Run) -> f64) -> anyhow::Result<Spread> {
        Spread::of(self.runs.get(&case).into_iter().flatten().map(value).collect())
            .context("nothing was measured")
    }

    /// The ratio to the run of the same round without anybody.
    fn ratio(&self, case: Case, value: impl Fn(&Run) -> f64) -> anyhow::Result<Spread> {
        let (alone, beside) = (self.runs.get(&Case::Alone), self.runs.get(&case));
        let pairs = alone.into_iter().flatten().zip(beside.into_iter().flatten());
        Spread::of(pairs.map(|(alone, beside)| value(beside) / value(alone)).collect())
            .context("nothing was measured")
    }

    pub fn section(&self, machine: &str) -> anyhow::Result<String> {
        let (p50, p99) = (|run: &Run| run.latency_ms.p50, |run: &Run| run.latency_ms.p99);
        let mut table = Table::new(&["beside them", "p50, ms", "p99, ms", "p50, ratio", "p99, ratio"]);
        for &case in self.runs.keys() {
            table.row(&[
                case.name(),
                self.spread(case, p50)?.to_string(),
                self.spread(case, p99)?.to_string(),
                self.ratio(case, p50)?.to_string(),
                self.ratio(case, p99)?.to_string(),
            ]);
        }
        let company = |company: &[(_, usize)]| -> usize { company.iter().map(|(_, count)| count).sum() };
        let rounds = self.runs.get(&Case::Alone).map_or(0, Vec::len);
        Ok(format!(
            "## A crowd, and bad company in it

`{COMMAND}`

{}
Round trips of {CHATTING} clients that talk, {RATE_PER_S} messages a second together for {SECONDS} s a run, through {SHARDS} shards
and one function; medians of {rounds} rounds in which the cases take turns, with the least and the most in
parentheses, and ratios to the same round's run beside nobody. In every run each message came back once, unaltered,
in order, and each idle client was there at the end and had got nothing. Plane, idle crowd, bad company and those who
talk are processes of their own on one machine, whose cores they share.

Bad company is {} clients at once: some stop reading amid answers or pongs, some send garbage, before a handshake or after
one, and come back, some send half a handshake or half a frame, some a byte of it every 100 ms. The {} floods send all
that the gateway takes, one pings, one messages that the request model refuses. They take what processor time they
get, their own and the plane's, as any busy process on the machine does: their row says what that comes to on so few
cores. A flood of messages that pass the model is bounded by the stage's and the route's throttle alone, which all
clients share, as on AWS.

- {}
- {}; {machine}
",
            table.markdown(),
            company(&BAD_COMPANY),
            company(&FLOODS),
            machine::version("rustc")?,
            machine::today(),
        ))
    }
}
