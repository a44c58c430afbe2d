//! A mapping over a stream in a deterministic simulation: what must hold whatever happens, with a clock of its own.
//!
//! Records are appended, shards split and merged, invocations fail, time out, are throttled or lost with a crash,
//! settings change, and the mapping is stopped and killed; all drawn from one seed. Checked at each step:
//! no record is handed over while an older one of its key is open; a checkpoint never passes an open record; a
//! child's records wait for its parents'. Checked at the end: every record was handed over or reached the failure
//! destination.

use super::batch::{RetryLimits, Verdict};
use super::lane::LaneSettings;
use super::lineage::Lineage;
use super::poller::{End, Next, Poller};
use crate::stream::{Record, ShardInfo};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

/// Partition keys in use; few, so that their records meet each other in batches.
const KEYS: usize = 40;
/// Shards that may be open at once.
const SHARDS_MAX: usize = 6;
/// Steps after the last append within which everything must be settled.
const QUIET_STEPS_MAX: usize = 20_000_000;

/// A shard as the simulated stream keeps it.
struct SimShard {
    info: ShardInfo,
    /// The part of the keys that fall into it.
    keys: Range<usize>,
    records: Vec<Record>,
}

/// The times between two starts of the mapping, counted; 0: never.
type Session = u32;

/// One partition key's records.
#[derive(Clone, Default)]
struct Key {
    /// Numbers of its records, in the order of their arrival.
    records: Vec<usize>,
    /// How many of them were settled without a gap, in whatever session.
    settled: usize,
    /// The first of them that is not settled in this session, counted from the first that was handed over in it.
    frontier: Option<usize>,
}

/// An invocation in flight.
struct Flight {
    shard: i64,
    lane: usize,
    ends_ms: u64,
    verdict: Verdict,
}

#[derive(Default)]
struct Counts {
    handed_over: u64,
    given_up: u64,
    filtered: u64,
    reshardings: u64,
    restarts: u64,
    crashes: u64,
}

struct Simulation {
    random: StdRng,
    now_ms: u64,
    shards: Vec<SimShard>,
    /// In which session each record was settled last: handled, given up or filtered out.
    settled_in: Vec<Session>,
    open: usize,
    session: Session,
    burst: usize,
    settings: LaneSettings,
    lanes: usize,
    pollers: BTreeMap<i64, Poller>,
    lineage: Lineage,
    /// What a restart finds.
    checkpoints: HashMap<i64, Option<Arc<str>>>,
    flights: Vec<Flight>,
    by_key: Vec<Key>,
    stopping: bool,
    trouble: f64,
    counts: Counts,
}

impl Simulation {
    fn new(seed: u64, burst: usize) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let (settings, lanes) = settings(&mut random);
        let shard = |index: i64, keys: Range<usize>| SimShard {
            info: ShardInfo {
                index,
                id: format!("shardId-{index:012}"),
                starts: "0".into(),
                closed: false,
                parents: Vec::new(),
            },
            keys,
            records: Vec::new(),
        };
        let trouble = [0.02, 0.2, 0.5][random.random_range(0..3)];
        Self {
            random,
            now_ms: 1_000_000,
            shards: vec![shard(0, 0..KEYS / 2), shard(1, KEYS / 2..KEYS)],
            settled_in: Vec::new(),
            open: 0,
            session: 1,
            burst,
            settings,
            lanes,
            pollers: BTreeMap::new(),
            lineage: Lineage::default(),
            checkpoints: HashMap::new(),
            flights: Vec::new(),
            by_key: vec![Key::default(); KEYS],
            stopping: false,
            trouble,
            counts: Counts::default(),
        }
    }

    /// Until so many records were appended and all of them are settled.
    fn run(&mut self, records: usize) {
        self.start_shards();
        let mut quiet = 0;
        while self.settled_in.len() < records || self.open > 0 {
            let is_quiet = self.settled_in.len() >= records;
            quiet += usize::from(is_quiet);
            assert!(quiet < QUIET_STEPS_MAX, "the mapping does not come to an end");
            match self.random.random_range(0..10_000) {
                0..6_000 if !is_quiet => {
                    let count = self.random.random_range(1..=self.burst).min(records - self.settled_in.len());
                    (0..count).for_each(|_| self.append());
                }
                6_000..6_030 => self.reshard(),
                6_030..6_050 if !self.stopping => {
                    // New settings, or a stop and a start: what is in flight ends first.
                    self.stopping = true;
                    self.pollers.values_mut().for_each(Poller::stop);
                }
                6_050..6_060 => self.crash(),
                _ => {}
            }
            let wake_ms = self.work();
            self.time_passes(wake_ms, is_quiet);
        }
        assert!(self.settled_in.iter().all(|session| *session > 0) && self.settled_in.len() == records);
    }

    fn append(&mut self) {
        // Some keys are hot.
        let key = self.random.random_range(0..KEYS).min(self.random.random_range(0..KEYS));
        let number = self.settled_in.len();
        let record = Record {
            sequence_number: format!("{number:012}").into(),
            partition_key: key.to_string(),
            data: if self.random.random_bool(0.05) { "ZmlsdGVyZWQ=".into() } else { "e30=".into() },
            arrived_ms: self.now_ms,
        };
        self.settled_in.push(0);
        self.open += 1;
        self.by_key[key].records.push(number);
        let shard = self.shards.iter_mut().find(|shard| !shard.info.closed && shard.keys.contains(&key));
        let shard = shard.expect("the open shards hold all keys");
        shard.records.push(record);
        if let Some(poller) = self.pollers.get_mut(&shard.info.index) {
            poller.appended();
        }
    }

    /// Splits a shard, or merges two neighbours.
    fn reshard(&mut self) {
        let open: Vec<usize> = (0..self.shards.len()).filter(|at| !self.shards[*at].info.closed).collect();
        let parents: Vec<usize> = if open.len() < SHARDS_MAX && self.random.random_bool(0.5) {
            open.choose(&mut self.random).copied().into_iter().collect()
        } else {
            let first = *open.choose(&mut self.random).expect("a shard is open");
            let next =
                open.iter().copied().find(|at| self.shards[*at].keys.start == self.shards[first].keys.end);
            next.map(|next| vec![first, next]).unwrap_or_default()
        };
        let keys = match parents.as_slice() {
            [one] if self.shards[*one].keys.len() > 1 => {
                let keys = self.shards[*one].keys.clone();
                let middle = self.random.random_range(keys.start + 1..keys.end);
                vec![keys.start..middle, middle..keys.end]
            }
            [a, b] => {
                let both = self.shards[*a].keys.start..self.shards[*b].keys.end;
                vec![both]
            }
            _ => return,
        };
        let ids: Vec<i64> = parents.iter().map(|at| self.shards[*at].info.index).collect();
        for keys in keys {
            let index = self.shards.len() as i64;
            let info = ShardInfo {
                index,
                id: format!("shardId-{index:012}"),
                starts: "0".into(),
                closed: false,
                parents: ids.clone(),
            };
            self.shards.push(SimShard { info, keys, records: Vec::new() });
        }
        for at in parents {
            self.shards[at].info.closed = true;
            if let Some(poller) = self.pollers.get_mut(&self.shards[at].info.index) {
                poller.closed();
            }
        }
        self.counts.reshardings += 1;
        if !self.stopping {
            self.start_shards();
        }
    }

    /// `kill -9`: nothing but the checkpoints is left. Functions may have handled what was in flight, or not.
    fn crash(&mut self) {
        self.flights.clear();
        self.counts.crashes += 1;
        self.finish_stop();
    }

    fn finish_stop(&mut self) {
        self.stopping = false;
        self.session += 1;
        self.by_key.iter_mut().for_each(|key| key.frontier = None);
        self.pollers.clear();
        self.lineage = Lineage::default();
        (self.settings, self.lanes) = settings(&mut self.random);
        self.counts.restarts += 1;
        self.start_shards();
    }

    fn start_shards(&mut self) {
        let shards = self.shards.iter().map(|shard| shard.info.clone()).collect();
        for info in self.lineage.start(shards) {
            for parent in &info.parents {
                let parent = &self.shards[*parent as usize];
                for record in &parent.records {
                    assert!(self.settled_in[number(record)] > 0, "a child begins before its parent's end");
                }
            }
            let from = self.checkpoints.entry(info.index).or_default().clone();
            let mut poller = Poller::new(self.settings, self.lanes, from);
            if info.closed {
                poller.closed();
            }
            self.pollers.insert(info.index, poller);
        }
    }

    /// Does what every poller wants until all of them wait; answers until when.
    fn work(&mut self) -> Option<u64> {
        let mut wake_ms: Option<u64> = None;
        let indices: Vec<i64> = self.pollers.keys().copied().collect();
        for index in indices {
            while let Some(poller) = self.pollers.get_mut(&index) {
                match poller.next(self.now_ms) {
                    Next::Wait { until_ms } => {
                        wake_ms = wake_ms.into_iter().chain(until_ms).min();
                        break;
                    }
                    Next::Read { after, limit } => self.read(index, after.as_deref(), limit),
                    Next::Invoke { lane, records } => self.invoke(index, lane, &records),
                    Next::GiveUp(given_up) => {
                        poller.passed(&given_up);
                        self.counts.given_up += given_up.batch.records.len() as u64;
                        given_up.batch.records.iter().for_each(|record| self.settled(record));
                    }
                    Next::End(end) => {
                        self.pollers.remove(&index);
                        self.lineage.ended(index, end);
                        if end == End::Drained && !self.stopping {
                            self.start_shards();
                        }
                    }
                }
                self.keep_checkpoint(index);
            }
        }
        if self.stopping && self.pollers.is_empty() {
            self.finish_stop();
            return Some(self.now_ms);
        }
        wake_ms
    }

    fn read(&mut self, index: i64, after: Option<&str>, limit: usize) {
        let records = &self.shards[index as usize].records;
        let from = after
            .map_or(0, |after| records.partition_point(|record| record.sequence_number.as_ref() <= after));
        let found: Vec<Record> = records[from..].iter().take(limit).cloned().collect();
        let Some(poller) = self.pollers.get_mut(&index) else { return };
        if self.random.random_bool(self.trouble / 20.0) {
            poller.read_later(self.now_ms + 1_000);
            return;
        }
        let passes = |record: &Record| record.data == "e30=";
        let filtered: Vec<Record> = found.iter().filter(|record| !passes(record)).cloned().collect();
        poller.take(found, limit, passes, self.now_ms);
        self.counts.filtered += filtered.len() as u64;
        filtered.iter().for_each(|record| self.settled(record));
    }

    fn invoke(&mut self, shard: i64, lane: usize, records: &[Arc<Record>]) {
        assert!(!records.is_empty() && records.len() <= self.settings.batch_size);
        self.counts.handed_over += records.len() as u64;
        self.in_order(shard, lane, records);
        let first_left = records[self.random.random_range(0..records.len())].sequence_number.clone();
        let verdict = if self.random.random_bool(self.trouble) {
            match self.random.random_range(0..5) {
                0 => Verdict::NotInvoked,
                1 => Verdict::Malformed,
                2 => Verdict::Failed,
                _ => Verdict::DoneBefore(first_left),
            }
        } else {
            Verdict::Done
        };
        let ends_ms = self.now_ms + self.random.random_range(1..400);
        self.flights.push(Flight { shard, lane, ends_ms, verdict });
    }

    /// Of each key in the batch: everything older is settled, or stands in the same batch before it.
    fn in_order(&mut self, shard: i64, lane: usize, records: &[Arc<Record>]) {
        let twice = self.flights.iter().any(|flight| (flight.shard, flight.lane) == (shard, lane));
        assert!(!twice, "a lane has two batches out");
        let mut next_of_key = HashMap::new();
        for record in records {
            let key = key(record);
            let Key { records: all, settled, frontier } = &self.by_key[key];
            let at = all.binary_search(&number(record)).expect("it was appended");
            let from = *next_of_key.entry(key).or_insert_with(|| {
                // After a restart what lies behind the checkpoint comes again, from its oldest.
                assert!(at <= *settled, "{} overtakes an open record of its key", record.sequence_number);
                frontier.unwrap_or(at)
            });
            // In between lie what was filtered out, and what is tried again.
            let skipped = all.get(from..at).unwrap_or_default();
            let mut open = skipped.iter().filter(|number| self.settled_in[**number] != self.session);
            assert_eq!(open.next(), None, "{} overtakes another in this session", record.sequence_number);
            next_of_key.insert(key, at + 1);
            self.by_key[key].frontier.get_or_insert(at);
        }
    }

    fn settled(&mut self, record: &Record) {
        let was = std::mem::replace(&mut self.settled_in[number(record)], self.session);
        self.open -= usize::from(was == 0);
        let Key { records, settled, frontier } = &mut self.by_key[key(record)];
        while records.get(*settled).is_some_and(|number| self.settled_in[*number] > 0) {
            *settled += 1;
        }
        if let Some(frontier) = frontier {
            while records.get(*frontier).is_some_and(|number| self.settled_in[*number] == self.session) {
                *frontier += 1;
            }
        }
    }

    /// The clock goes to where an invocation ends or a poller wakes, or a little on.
    fn time_passes(&mut self, wake_ms: Option<u64>, is_quiet: bool) {
        let next_end = self.flights.iter().map(|flight| flight.ends_ms).min();
        let next = next_end.into_iter().chain(wake_ms).min();
        let latest_ms = self.now_ms + self.random.random_range(1..300);
        self.now_ms = match next {
            Some(next) if is_quiet => next.max(self.now_ms + 1),
            Some(next) => next.max(self.now_ms + 1).min(latest_ms),
            None => latest_ms,
        };
        let (ended, flying): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.flights).into_iter().partition(|flight| flight.ends_ms <= self.now_ms);
        self.flights = flying;
        for flight in ended {
            let Some(poller) = self.pollers.get_mut(&flight.shard) else { continue };
            let out: Vec<_> = poller.out(flight.lane).unwrap_or_default().to_vec();
            let done = match &flight.verdict {
                Verdict::Done => out.len(),
                Verdict::DoneBefore(first) => {
                    out.iter().take_while(|record| record.sequence_number < *first).count()
                }
                _ => 0,
            };
            poller.settle(flight.lane, "id", &flight.verdict, self.now_ms);
            out[..done].iter().for_each(|record| self.settled(record));
            self.keep_checkpoint(flight.shard);
        }
    }

    /// What a plane persists. It never passes a record that is neither handled nor given up.
    fn keep_checkpoint(&mut self, index: i64) {
        let Some(poller) = self.pollers.get(&index) else { return };
        let through = poller.checkpoint().cloned();
        let before = self.checkpoints.insert(index, through.clone()).flatten();
        assert!(before <= through, "a checkpoint goes back");
        let records = &self.shards[index as usize].records;
        let at = |number: &Option<Arc<str>>| {
            number
                .as_ref()
                .map_or(0, |number| records.partition_point(|record| record.sequence_number <= *number))
        };
        for record in &records[at(&before)..at(&through)] {
            assert!(self.settled_in[number(record)] > 0, "the checkpoint passes an open record");
        }
    }
}

fn number(record: &Record) -> usize {
    record.sequence_number.parse().expect("sequence numbers count the records")
}

fn key(record: &Record) -> usize {
    record.partition_key.parse().expect("keys are numbers")
}

fn settings(random: &mut StdRng) -> (LaneSettings, usize) {
    let settings = LaneSettings {
        batch_size: [1, 2, 7, 16, 100, 500][random.random_range(0..6)],
        window_ms: [0, 0, 300, 2_000][random.random_range(0..4)],
        retry: RetryLimits {
            bisect: random.random_bool(0.5),
            retries_max: [Some(0), Some(2), Some(5), None][random.random_range(0..4)],
        },
        record_age_max_ms: [None, None, Some(60_000), Some(5_000)][random.random_range(0..4)],
        envelope_bytes: 0,
    };
    (settings, [1, 1, 2, 4, 10][random.random_range(0..5)])
}

/// Runs a seed, which is named before and, where something does not hold, after.
fn simulate(seed: u64, records: usize, burst: usize) -> Counts {
    println!("seed {seed}: {records} records");
    let mut simulation = Simulation::new(seed, burst);
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| simulation.run(records)));
    if let Err(panic) = result {
        println!("seed {seed} does not hold: run it again with SIMULATION_SEED={seed}");
        std::panic::resume_unwind(panic);
    }
    simulation.counts
}

fn seed() -> u64 {
    std::env::var("SIMULATION_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(rand::random)
}

/// Issue 8, must hold: over random sequences no record is lost, no order inverted, no checkpoint too far.
#[test]
fn no_record_is_lost_no_order_inverted_and_no_checkpoint_too_far() {
    let first = seed();
    let mut all = Counts::default();
    for seed in first..first.saturating_add(24) {
        let counts = simulate(seed, 1_500, 4);
        all.reshardings += counts.reshardings;
        all.crashes += counts.crashes;
        all.given_up += counts.given_up;
    }
    assert!(
        all.reshardings > 0 && all.crashes > 0 && all.given_up > 0,
        "the runs were too quiet to prove anything"
    );
}

/// The same with a million records a run; `SIMULATION_RUNS` chooses how many runs.
#[test]
#[ignore = "takes minutes: .ci/full runs it"]
fn a_million_records_a_run() {
    let runs = std::env::var("SIMULATION_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(3);
    let first = seed();
    for seed in first..first.saturating_add(runs) {
        let begun = std::time::Instant::now();
        let Counts { handed_over, given_up, filtered, reshardings, restarts, crashes } =
            simulate(seed, 1_000_000, 60);
        println!(
            "seed {seed}: handed over {handed_over}, given up {given_up}, filtered {filtered}, reshardings {reshardings}, restarts {restarts} of which crashes {crashes}, in {:.1} s",
            begun.elapsed().as_secs_f64()
        );
    }
}
