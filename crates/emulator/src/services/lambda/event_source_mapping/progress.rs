//! A mapping's progress and status, which a change of its settings keeps.

use super::MappingStatus;
use super::filter::Outcome;
use crate::storage::{Checkpoints, Standing};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A mapping's state in the Lambda API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MappingState {
    /// It is being started for the first time.
    Creating,
    /// It was disabled and is being started.
    Enabling,
    Enabled,
    /// Its settings changed, and an invocation under the old ones may still be in flight.
    Updating,
    /// It is being disabled, and an invocation may still be in flight.
    Disabling,
    /// It is disabled, and nothing is in flight.
    Disabled,
    /// It is being removed, and an invocation may still be in flight.
    Deleting,
}

impl MappingState {
    /// The state between two values of `Enabled`; `None`: the mapping is new.
    pub fn on_change(was_enabled: Option<bool>, is_enabled: bool) -> Self {
        match (was_enabled, is_enabled) {
            (None, _) => Self::Creating,
            (Some(false), true) => Self::Enabling,
            (Some(true), false) => Self::Disabling,
            (Some(_), _) => Self::Updating,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Creating => "Creating",
            Self::Enabling => "Enabling",
            Self::Enabled => "Enabled",
            Self::Updating => "Updating",
            Self::Disabling => "Disabling",
            Self::Disabled => "Disabled",
            Self::Deleting => "Deleting",
        }
    }
}

/// A position in a shard: the record up to which everything is done; `None`: its beginning.
pub(super) type Position = Option<Arc<str>>;

pub(super) struct Progress {
    /// The function and the source, by which a mapping is recognised.
    name: String,
    kept: Checkpoints,
    /// By the shard's index. A shard that is missing has not been begun.
    checkpoints: Mutex<HashMap<i64, Position>>,
    status: Mutex<MappingStatus>,
    /// `IteratorAge` of the last batch: the age of its last record when the function got it.
    iterator_age_ms: AtomicU64,
    /// Records that the filters dropped because none matched, and because their data is not JSON.
    filtered: [AtomicU64; 2],
    /// Tasks of shards that panicked.
    failed_tasks: AtomicU64,
}

impl Progress {
    /// Progress of a mapping with known positions. LATEST is where a shard's checkpoint begins.
    pub fn new(name: String, kept: Checkpoints, standing: Standing) -> Self {
        let Standing { latest, checkpoints: found } = standing;
        let mut checkpoints: HashMap<_, _> =
            latest.into_iter().map(|(shard, tail)| (shard, Some(tail))).collect();
        checkpoints.extend(found);
        Self {
            name,
            kept,
            checkpoints: Mutex::new(checkpoints),
            status: Mutex::new(MappingStatus {
                state: MappingState::Creating,
                last_processing_result: "No records processed".into(),
            }),
            iterator_age_ms: AtomicU64::new(0),
            filtered: Default::default(),
            failed_tasks: AtomicU64::new(0),
        }
    }

    pub fn checkpoint(&self, shard: i64) -> Option<Position> {
        self.checkpoints.lock().get(&shard).cloned()
    }

    pub fn set_checkpoint(&self, shard: i64, through: Position) {
        let mut checkpoints = self.checkpoints.lock();
        if checkpoints.get(&shard) != Some(&through) {
            self.kept.save(&self.name, shard, through.as_deref());
            checkpoints.insert(shard, through);
        }
    }

    pub fn restart_at(&self, tails: HashMap<i64, Arc<str>>) {
        tails.into_iter().for_each(|(shard, tail)| self.set_checkpoint(shard, Some(tail)));
    }

    /// The mapping is gone; one of the same name starts anew.
    pub fn forget(&self) {
        self.kept.forget(&self.name);
    }

    pub fn iterator_age_ms(&self) -> u64 {
        self.iterator_age_ms.load(Relaxed)
    }

    pub fn set_iterator_age(&self, age_ms: u64) {
        self.iterator_age_ms.store(age_ms, Relaxed);
    }

    /// A shard's task panicked, which is a bug of this program.
    pub fn task_failed(&self) {
        self.failed_tasks.fetch_add(1, Relaxed);
    }

    pub fn failed_tasks(&self) -> u64 {
        self.failed_tasks.load(Relaxed)
    }

    /// Counts what the filters drop. `true` for the first record whose data is not JSON, which is worth a warning.
    pub fn filtered(&self, outcome: Outcome) -> bool {
        let [no_match, not_json] = &self.filtered;
        match outcome {
            Outcome::Passes => false,
            Outcome::NoMatch => {
                no_match.fetch_add(1, Relaxed);
                false
            }
            Outcome::NotJson => not_json.fetch_add(1, Relaxed) == 0,
        }
    }

    /// Records that the filters dropped, by reason.
    pub fn filtered_records(&self) -> [(&'static str, u64); 2] {
        let [no_match, not_json] = &self.filtered;
        [("no_match", no_match.load(Relaxed)), ("not_json", not_json.load(Relaxed))]
    }

    pub fn status(&self) -> MappingStatus {
        self.status.lock().clone()
    }

    /// `LastProcessingResult`: `OK`, or `PROBLEM: …`.
    pub fn set_result(&self, result: &str) {
        let mut status = self.status.lock();
        if status.last_processing_result != result {
            status.last_processing_result = result.into();
        }
    }

    /// A mapping that is being deleted remains so, whatever its tasks still do.
    pub fn set_state(&self, state: MappingState) {
        let mut status = self.status.lock();
        if status.state != MappingState::Deleting {
            status.state = state;
        }
    }
}
