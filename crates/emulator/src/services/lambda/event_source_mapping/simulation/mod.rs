//! A mapping of a stream in a deterministic simulation with its own clock: what must hold, whatever happens.
//!
//! Records are appended; shards split, merge and scale; invocations fail, time out, are throttled or lost with a crash;
//! settings change; the mapping is stopped and killed: all drawn from one seed. Checked at each step: no record is
//! delivered while an older one of its key is open, a checkpoint never passes an open record, and a child's records
//! wait for its parents'. Checked at the end: every record was delivered or reached the failure destination. [`world`]
//! has the stream, [`promises`] the checks.

mod promises;
mod runs;
mod world;

use super::batch::{BatchOutcome, RetryLimits};
use super::lineage::Lineage;
use super::partition_queue::PartitionQueueSettings;
use super::poller::{End, Next, Poller};
use crate::services::kinesis::Record;
use promises::Promises;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use world::{World, passes};

/// Partition keys in use; few, so that their records share batches.
const KEYS: usize = 40;
/// Steps after the last append within which everything must be settled.
const QUIET_STEPS_MAX: usize = 20_000_000;

struct Flight {
    shard: i64,
    queue: usize,
    ends_ms: u64,
    outcome: BatchOutcome,
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
    world: World,
    promises: Promises,
    burst: usize,
    settings: PartitionQueueSettings,
    queues: usize,
    pollers: BTreeMap<i64, Poller>,
    lineage: Lineage,
    /// The state that a restart finds.
    checkpoints: HashMap<i64, Option<Arc<str>>>,
    flights: Vec<Flight>,
    stopping: bool,
    trouble: f64,
    counts: Counts,
}

impl Simulation {
    fn new(seed: u64, burst: usize) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let (settings, queues) = settings(&mut random);
        let trouble = [0.02, 0.2, 0.5][random.random_range(0..3)];
        Self {
            random,
            now_ms: 1_000_000,
            world: World::new(),
            promises: Promises::new(),
            burst,
            settings,
            queues,
            pollers: BTreeMap::new(),
            lineage: Lineage::default(),
            checkpoints: HashMap::new(),
            flights: Vec::new(),
            stopping: false,
            trouble,
            counts: Counts::default(),
        }
    }

    /// Until so many records were appended and all of them are settled.
    fn run(&mut self, records: usize) {
        self.start_shards();
        let mut quiet = 0;
        while self.promises.records() < records || self.promises.open() > 0 {
            let left = records - self.promises.records();
            let is_quiet = left == 0;
            quiet += usize::from(is_quiet);
            assert!(quiet < QUIET_STEPS_MAX, "the mapping does not come to an end");
            match self.random.random_range(0..10_000) {
                0..6_000 if !is_quiet => {
                    let count = self.random.random_range(1..=self.burst).min(left);
                    (0..count).for_each(|_| self.append());
                }
                6_000..6_030 => self.reshard(left),
                6_030..6_050 if !self.stopping => {
                    // New settings, or a stop and a start: invocations in flight end first.
                    self.stopping = true;
                    self.pollers.values_mut().for_each(Poller::stop);
                }
                6_050..6_060 => self.crash(),
                _ => {}
            }
            let wake_ms = self.work();
            self.time_passes(wake_ms, is_quiet);
        }
        let all = self.world.shards.iter().map(|shard| shard.records.len()).sum::<usize>();
        assert_eq!((all, self.promises.records()), (records, records));
        for shard in &self.world.shards {
            self.promises.must_be_settled(&shard.records, "a record is lost");
        }
    }

    fn append(&mut self) {
        let (key, shard) = self.world.append(&mut self.random, self.now_ms);
        self.promises.appended(key);
        if let Some(poller) = self.pollers.get_mut(&shard) {
            poller.appended();
        }
    }

    /// Splits a shard, merges two neighbours or changes their number. This takes several steps: records may arrive in
    /// between, and the mapping may see intermediate states.
    fn reshard(&mut self, mut left: usize) {
        let steps = self.world.some_steps(&mut self.random);
        self.counts.reshardings += u64::from(!steps.is_empty());
        for step in steps {
            for parent in self.world.apply(step) {
                if let Some(poller) = self.pollers.get_mut(&parent) {
                    poller.closed();
                }
            }
            if left > 0 && self.random.random_bool(0.3) {
                self.append();
                left -= 1;
            }
            if !self.stopping && self.random.random_bool(0.3) {
                self.start_shards();
            }
        }
        if !self.stopping {
            self.start_shards();
        }
    }

    /// `kill -9`: only the checkpoints remain. Functions may have handled the batches in flight, or not.
    fn crash(&mut self) {
        self.flights.clear();
        self.counts.crashes += 1;
        self.finish_stop();
    }

    fn finish_stop(&mut self) {
        self.stopping = false;
        self.promises.restarted();
        self.pollers.clear();
        self.lineage = Lineage::default();
        (self.settings, self.queues) = settings(&mut self.random);
        self.counts.restarts += 1;
        self.start_shards();
    }

    fn start_shards(&mut self) {
        let shards = self.world.shards.iter().map(|shard| shard.info.clone()).collect();
        for info in self.lineage.start(shards) {
            for parent in &info.parents {
                let records = &self.world.shards[*parent as usize].records;
                self.promises.must_be_settled(records, "a child begins before its parent's end");
            }
            let from = self.checkpoints.entry(info.index).or_default().clone();
            let mut poller = Poller::new(self.settings, self.queues, from);
            if info.closed {
                poller.closed();
            }
            self.pollers.insert(info.index, poller);
        }
    }

    /// Does what every poller wants until all of them wait; returns until when.
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
                    Next::Invoke { queue, records } => self.invoke(index, queue, &records),
                    Next::GiveUp(given_up) => {
                        poller.passed(&given_up);
                        self.counts.given_up += given_up.batch.records.len() as u64;
                        given_up.batch.records.iter().for_each(|record| self.promises.settled(record));
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

    fn read(&mut self, shard: i64, after: Option<&str>, limit: usize) {
        let found = self.world.read(shard, after, limit);
        let Some(poller) = self.pollers.get_mut(&shard) else { return };
        if self.random.random_bool(self.trouble / 20.0) {
            poller.read_later(self.now_ms + 1_000);
            return;
        }
        let filtered: Vec<Record> = found.iter().filter(|record| !passes(record)).cloned().collect();
        poller.take(found, limit, passes, self.now_ms);
        self.counts.filtered += filtered.len() as u64;
        filtered.iter().for_each(|record| self.promises.settled(record));
    }

    fn invoke(&mut self, shard: i64, queue: usize, records: &[Arc<Record>]) {
        assert!(!records.is_empty() && records.len() <= self.settings.batch_size);
        let twice = self.flights.iter().any(|flight| (flight.shard, flight.queue) == (shard, queue));
        assert!(!twice, "a partition queue has two batches out");
        self.counts.handed_over += records.len() as u64;
        self.promises.handed_over(records);
        let first_left = records[self.random.random_range(0..records.len())].sequence_number.clone();
        let outcome = if self.random.random_bool(self.trouble) {
            match self.random.random_range(0..5) {
                0 => BatchOutcome::NotInvoked,
                1 => BatchOutcome::Malformed,
                2 => BatchOutcome::Failed,
                _ => BatchOutcome::DoneBefore(first_left),
            }
        } else {
            BatchOutcome::Done
        };
        let ends_ms = self.now_ms + self.random.random_range(1..400);
        self.flights.push(Flight { shard, queue, ends_ms, outcome });
    }

    /// Moves the clock to where an invocation ends or a poller wakes, or a little on.
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
            let out: Vec<_> = poller.out(flight.queue).unwrap_or_default().to_vec();
            let done = match &flight.outcome {
                BatchOutcome::Done => out.len(),
                BatchOutcome::DoneBefore(first) => {
                    out.iter().take_while(|record| record.sequence_number < *first).count()
                }
                _ => 0,
            };
            poller.settle(flight.queue, "id".into(), &flight.outcome, self.now_ms);
            out[..done].iter().for_each(|record| self.promises.settled(record));
            self.keep_checkpoint(flight.shard);
        }
    }

    /// What an emulator persists: it never passes an open record.
    fn keep_checkpoint(&mut self, shard: i64) {
        let Some(poller) = self.pollers.get(&shard) else { return };
        let through = poller.checkpoint().cloned();
        let before = self.checkpoints.insert(shard, through.clone()).flatten();
        assert!(before <= through, "a checkpoint goes back");
        let passed = self.world.between(shard, before.as_ref(), through.as_ref());
        self.promises.must_be_settled(passed, "the checkpoint passes an open record");
    }
}

fn settings(random: &mut StdRng) -> (PartitionQueueSettings, usize) {
    let settings = PartitionQueueSettings {
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
