//! Event source mappings: from a shard's records to a function's invocations.
//!
//! What is decided stands apart from what is done: [`batch`], [`lane`], [`checkpoint`], [`verdict`], [`event`]
//! and [`failure`] are pure; `shard` reads, invokes and waits; `supervisor` starts a task per shard, parents
//! before children; this module keeps the mappings themselves.

pub mod batch;
pub mod checkpoint;
pub mod config;
pub mod event;
pub mod failure;
pub mod filter;
pub mod lane;
#[cfg(test)]
mod lane_tests;
mod shard;
mod supervisor;
pub mod verdict;
#[cfg(test)]
mod verdict_tests;

use super::Functions;
use crate::account::{Account, stream_arn_of_arn, stream_name_of_arn};
use crate::faults::{Fault, Faults};
use crate::identity::{Denied, Permissions, Principal};
use crate::metrics::Page;
use crate::storage::{Checkpoints, Standing};
use crate::stream::Streams;
use config::{MappingConfig, StartingPosition};
use dashmap::DashMap;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Takes the messages about records that were given up.
pub trait FailureDestinations: Send + Sync {
    /// Sends `body` to a queue by its ARN.
    ///
    /// # Errors
    /// A sentence that names the queue and what is wrong with it.
    fn send(&self, arn: &str, body: String) -> Result<(), String>;
}

/// What a mapping works with.
pub struct Surroundings {
    /// The account that is played.
    pub account: Account,
    /// The streams that it reads.
    pub streams: Streams,
    /// The functions that it invokes.
    pub functions: Functions,
    /// Decides whether the function's role may read.
    pub permissions: Arc<dyn Permissions>,
    /// Where given-up records are reported.
    pub destinations: Arc<dyn FailureDestinations>,
    /// Where each mapping stands, kept if anything is.
    pub checkpoints: Checkpoints,
    /// What a user wants to go wrong.
    pub faults: Faults,
}

/// A mapping as the Lambda API reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingStatus {
    /// Whether its tasks run.
    pub state: MappingState,
    /// `LastProcessingResult`: `No records processed`, `OK` or `PROBLEM: …`.
    pub last_processing_result: String,
}

/// `State`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MappingState {
    /// Its tasks are being started.
    Creating,
    /// It hands records over.
    Enabled,
    /// It is off and nothing of it is in flight any more.
    Disabled,
    /// It was told to stop and an invocation is still in flight.
    Disabling,
}

/// Every mapping of the plane.
#[derive(Clone)]
pub struct Mappings {
    by_uuid: Arc<DashMap<String, Arc<Mapping>>>,
    surroundings: Arc<Surroundings>,
}

/// One mapping: its task, and what outlives a change of its settings.
struct Mapping {
    function_name: String,
    progress: Arc<Progress>,
    stop: CancellationToken,
    task: Mutex<Option<JoinHandle<()>>>,
}

/// How far a mapping has come; kept while its settings change.
struct Progress {
    /// The function and the source: what a mapping is found again by.
    name: String,
    kept: Checkpoints,
    /// Where each shard stands: `Some(None)` is its beginning.
    checkpoints: Mutex<HashMap<i64, Option<Arc<str>>>>,
    /// The tails that LATEST means: those of the moment the mapping was created. Kinder than AWS, where
    /// records may be missed while a mapping is being created.
    latest: Mutex<HashMap<i64, Arc<str>>>,
    status: Mutex<MappingStatus>,
    /// `IteratorAge` of the last batch: how old its last record was when it was handed over.
    iterator_age_ms: AtomicU64,
}

impl Progress {
    fn checkpoint(&self, shard: i64) -> Option<Option<Arc<str>>> {
        self.checkpoints.lock().unwrap_or_else(PoisonError::into_inner).get(&shard).cloned()
    }

    fn set_checkpoint(&self, shard: i64, through: Option<Arc<str>>) {
        let mut checkpoints = self.checkpoints.lock().unwrap_or_else(PoisonError::into_inner);
        if checkpoints.get(&shard) != Some(&through) {
            self.kept.save(&self.name, shard, through.as_deref());
            checkpoints.insert(shard, through);
        }
    }

    fn latest(&self, shard: i64) -> Option<Arc<str>> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner).get(&shard).cloned()
    }

    fn set_latest(&self, tails: HashMap<i64, Arc<str>>) {
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = tails;
    }

    fn set_result(&self, result: &str) {
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        if status.last_processing_result != result {
            status.last_processing_result = result.into();
        }
    }

    fn set_iterator_age(&self, age_ms: u64) {
        self.iterator_age_ms.store(age_ms, Relaxed);
    }

    fn set_state(&self, state: MappingState) {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).state = state;
    }
}

impl Mappings {
    /// No mappings yet.
    pub fn new(surroundings: Surroundings) -> Self {
        Self { by_uuid: Arc::default(), surroundings: Arc::new(surroundings) }
    }

    /// Creates a mapping, or changes the one with the same id, which then goes on from its checkpoints.
    pub fn put(&self, config: MappingConfig) {
        let previous = self.by_uuid.get(&config.uuid).map(|mapping| mapping.clone());
        let progress = match &previous {
            Some(previous) => previous.progress.clone(),
            None => Arc::new({
                let name = format!("{} {}", config.function_name, config.event_source_arn);
                let kept = self.surroundings.checkpoints.clone();
                let position = format!("{:?}", config.starting_position);
                let Standing { latest, checkpoints } = kept.begin(&name, &position, self.latest(&config));
                Progress {
                    name,
                    kept,
                    checkpoints: Mutex::new(checkpoints),
                    latest: Mutex::new(latest),
                    status: Mutex::new(MappingStatus {
                        state: MappingState::Creating,
                        last_processing_result: "No records processed".into(),
                    }),
                    iterator_age_ms: AtomicU64::new(0),
                }
            }),
        };
        let previous_is_none = previous.is_none();
        let before = previous.and_then(|previous| previous.stop());
        let stop = CancellationToken::new();
        let (uuid, function_name) = (config.uuid.clone(), config.function_name.clone());
        let gap = (previous_is_none && config.starting_position == StartingPosition::Latest)
            .then(|| self.surroundings.faults.strike(Fault::LatestGap, &config.function_name))
            .flatten();
        let late = gap.map(|gap| (gap, self.clone(), config.clone(), progress.clone(), stop.clone()));
        let run = supervisor::run(config, self.surroundings.clone(), progress.clone(), stop.clone());
        let task = tokio::spawn(async move {
            if let Some(before) = before {
                // The old settings' invocations end before the new ones begin, or order would be lost.
                let _ = before.await;
            }
            if let Some((gap, mappings, config, progress, stop)) = late {
                tokio::select! {
                    () = tokio::time::sleep(gap) => progress.set_latest(mappings.latest(&config)),
                    () = stop.cancelled() => {}
                }
            }
            run.await;
        });
        self.by_uuid
            .insert(uuid, Arc::new(Mapping { function_name, progress, stop, task: Mutex::new(Some(task)) }));
    }

    /// The tails that LATEST means now.
    fn latest(&self, config: &MappingConfig) -> HashMap<i64, Arc<str>> {
        match (config.starting_position, stream_name_of_arn(&config.event_source_arn)) {
            (StartingPosition::Latest, Some(stream)) => self.surroundings.streams.tails(stream),
            _ => HashMap::new(),
        }
    }

    /// Forgets a mapping. An invocation in flight ends by itself.
    pub fn remove(&self, uuid: &str) {
        if let Some((_, mapping)) = self.by_uuid.remove(uuid) {
            mapping.stop();
            mapping.progress.kept.forget(&mapping.progress.name);
        }
    }

    /// How a mapping does.
    pub fn status(&self, uuid: &str) -> Option<MappingStatus> {
        let mapping = self.by_uuid.get(uuid)?;
        let status = mapping.progress.status.lock().unwrap_or_else(PoisonError::into_inner);
        Some(status.clone())
    }

    /// Writes what is counted.
    pub fn write_metrics(&self, page: &mut Page) {
        let age = |mapping: &Mapping| mapping.progress.iterator_age_ms.load(Relaxed);
        let mut ages: Vec<_> = self
            .by_uuid
            .iter()
            .map(|mapping| (mapping.function_name.clone(), mapping.key().clone(), age(mapping.value())))
            .collect();
        ages.sort();
        let name = "sluicegate_mapping_iterator_age_seconds";
        page.family(
            name,
            "gauge",
            "IteratorAge: how old the last batch's last record was when it was handed over.",
        );
        for (function, uuid, age_ms) in ages {
            page.sample(name, &[("function", &function), ("mapping", &uuid)], age_ms as f64 / 1e3);
        }
    }

    /// Stops every mapping at once; invocations in flight are dropped, and with them their environments.
    pub async fn shutdown(&self) {
        let mappings: Vec<_> = self.by_uuid.iter().map(|mapping| mapping.clone()).collect();
        self.by_uuid.clear();
        for mapping in mappings {
            if let Some(task) = mapping.stop() {
                task.abort();
                let _ = task.await;
            }
        }
    }
}

impl Mapping {
    fn stop(&self) -> Option<JoinHandle<()>> {
        self.stop.cancel();
        self.task.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Surroundings {
    /// Whether a function's role may read from a mapping's source. AWS asks whenever it lists the shards and
    /// whenever it subscribes anew, minutes apart; here a changed policy counts with the next record.
    fn may_read(&self, role_arn: &str, source_arn: &str) -> Result<(), Denied> {
        let role = Principal::Role(role_arn.into());
        let stream_arn = stream_arn_of_arn(source_arn).unwrap_or(source_arn);
        self.permissions.check(&role, "kinesis:ListShards", stream_arn)?;
        let action = if source_arn == stream_arn { "kinesis:GetRecords" } else { "kinesis:SubscribeToShard" };
        self.permissions.check(&role, action, source_arn)
    }
}
