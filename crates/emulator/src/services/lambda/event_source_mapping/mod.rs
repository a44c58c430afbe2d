//! Event source mappings: from a shard's records to a function's invocations.
//!
//! Decisions are separate from actions. [`poller`], with [`partition_queue`], [`batch`] and [`checkpoint`] below it,
//! [`lineage`], [`outcome`], [`event`] and [`failure`] are pure; `shard` reads, invokes and waits; `supervisor` starts
//! a task for each shard; this module holds the mappings.

pub mod batch;
pub mod checkpoint;
pub mod config;
mod destination;
pub mod event;
pub mod failure;
pub mod filter;
pub mod lineage;
pub mod outcome;
#[cfg(test)]
mod outcome_tests;
pub mod partition_queue;
#[cfg(test)]
mod partition_queue_tests;
pub mod poller;
#[cfg(test)]
mod poller_tests;
mod position;
mod progress;
#[cfg(test)]
mod retention_tests;
mod shard;
#[cfg(test)]
mod shard_tests;
#[cfg(test)]
mod simulation;
mod supervisor;
#[cfg(test)]
mod test_parts;

use super::invocation::{Functions, InvokeError, Invoked};
use crate::core::account::{Account, stream_arn_of_arn, stream_name_of_arn};
use crate::core::failure_destination::FailureDestinations;
use crate::core::identity::{Denied, Permissions, Principal};
use crate::core::metrics::Page;
use crate::fault_injection::{Fault, Faults};
use crate::services::kinesis::Streams;
use crate::storage::Checkpoints;
use batch::BatchOutcome;
use config::{MappingConfig, StartingPosition};
use dashmap::DashMap;
use parking_lot::Mutex;
pub use progress::MappingState;
use progress::Progress;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The metric of shards' tasks that panicked.
const FAILED_TASKS: &str = "sluicegate_mapping_task_failures_total";
/// The metric of records that filters dropped.
const FILTERED_RECORDS: &str = "sluicegate_mapping_filtered_records_total";

pub struct Deps {
    pub account: Account,
    pub streams: Streams,
    pub functions: Functions,
    /// Decides whether the function's role may read.
    pub permissions: Arc<dyn Permissions>,
    /// Where given-up records are reported.
    pub destinations: Arc<dyn FailureDestinations>,
    /// The mappings' positions, persistent with a data folder.
    pub checkpoints: Checkpoints,
    pub faults: Faults,
}

/// A mapping's state in the Lambda API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingStatus {
    pub state: MappingState,
    /// `LastProcessingResult`: `No records processed`, `OK` or `PROBLEM: …`.
    pub last_processing_result: String,
}

#[derive(Clone)]
pub struct Mappings {
    by_uuid: Arc<DashMap<String, Arc<Mapping>>>,
    deps: Arc<Deps>,
}

/// One mapping: its task, and what remains when its settings change.
struct Mapping {
    config: MappingConfig,
    progress: Arc<Progress>,
    stop: CancellationToken,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Mappings {
    pub fn new(deps: Deps) -> Self {
        Self { by_uuid: Arc::default(), deps: Arc::new(deps) }
    }

    /// Creates a mapping, or changes the one with the same id, which then continues from its checkpoints.
    pub fn put(&self, config: MappingConfig) {
        let previous = self.by_uuid.get(&config.uuid).map(|mapping| mapping.clone());
        let was_enabled = previous.as_ref().map(|previous| previous.config.enabled);
        let progress = match &previous {
            Some(previous) => previous.progress.clone(),
            None => {
                let name = format!("{} {}", config.function_name, config.event_source_arn);
                let position = format!("{:?}", config.starting_position);
                let kept = self.deps.checkpoints.clone();
                let standing = kept.begin(&name, &position, self.latest(&config));
                Arc::new(Progress::new(name, kept, standing))
            }
        };
        let gap = (previous.is_none() && config.starting_position == StartingPosition::Latest)
            .then(|| self.deps.faults.trigger(Fault::LatestGap, config.unqualified_name()))
            .flatten();
        let late = gap.map(|gap| (gap, self.clone(), config.clone(), progress.clone()));
        progress.set_state(MappingState::on_change(was_enabled, config.enabled));
        let before = previous.and_then(|previous| previous.stop());
        let stop = CancellationToken::new();
        let run = supervisor::run(config.clone(), self.deps.clone(), progress.clone(), stop.clone());
        let task = tokio::spawn(async move {
            if let Some(before) = before {
                // The old settings' invocations end before the new ones begin: otherwise order would be lost.
                let _ = before.await;
            }
            if let Some((gap, mappings, config, progress)) = late {
                // Records in the meantime are missed: they come before LATEST's position. The mapping says Enabled
                // nevertheless, because on AWS polling begins some time later too
                // (docs/aws-behaviour.md#lambda-mappings).
                progress.set_state(MappingState::Enabled);
                tokio::time::sleep(gap).await;
                progress.restart_at(mappings.latest(&config));
            }
            run.await;
        });
        let uuid = config.uuid.clone();
        let mapping = Mapping { config, progress, stop, task: Mutex::new(Some(task)) };
        self.by_uuid.insert(uuid, Arc::new(mapping));
    }

    /// The tails that LATEST means now, fixed when the mapping is created. AWS is less kind: records may be missed
    /// while a mapping is created.
    fn latest(&self, config: &MappingConfig) -> HashMap<i64, Arc<str>> {
        match (config.starting_position, stream_name_of_arn(&config.event_source_arn)) {
            (StartingPosition::Latest, Some(stream)) => self.deps.streams.tails(stream),
            _ => HashMap::new(),
        }
    }

    /// Removes a mapping. It is `Deleting` until nothing is in flight any more, and then gone.
    pub fn remove(&self, uuid: &str) {
        let Some(mapping) = self.by_uuid.get(uuid).map(|mapping| mapping.clone()) else { return };
        mapping.progress.set_state(MappingState::Deleting);
        if let Some(task) = mapping.stop() {
            let (by_uuid, uuid) = (self.by_uuid.clone(), uuid.to_owned());
            tokio::spawn(async move {
                let _ = task.await;
                mapping.progress.forget();
                by_uuid.remove(&uuid);
            });
        }
    }

    pub fn status(&self, uuid: &str) -> Option<MappingStatus> {
        self.by_uuid.get(uuid).map(|mapping| mapping.progress.status())
    }

    #[cfg(test)]
    fn failed_tasks(&self, uuid: &str) -> u64 {
        self.by_uuid.get(uuid).map_or(0, |mapping| mapping.progress.failed_tasks())
    }

    #[cfg(test)]
    pub(crate) fn configs(&self) -> Vec<MappingConfig> {
        self.by_uuid.iter().map(|mapping| mapping.config.clone()).collect()
    }

    pub fn write_metrics(&self, page: &mut Page) {
        let mut mappings: Vec<_> = self
            .by_uuid
            .iter()
            .map(|mapping| {
                let function = mapping.config.unqualified_name().to_owned();
                (function, mapping.key().clone(), mapping.progress.clone())
            })
            .collect();
        mappings.sort_by(|(a, b, _), (c, d, _)| (a, b).cmp(&(c, d)));
        let name = "sluicegate_mapping_iterator_age_seconds";
        page.family(
            name,
            "gauge",
            "IteratorAge: age of the last batch's last record when the function got it.",
        );
        for (function, uuid, progress) in &mappings {
            let age_s = progress.iterator_age_ms() as f64 / 1e3;
            page.sample(name, &[("function", function), ("mapping", uuid)], age_s);
        }
        page.family(
            FAILED_TASKS,
            "counter",
            "Tasks of shards that panicked and restarted from their checkpoint.",
        );
        for (function, uuid, progress) in &mappings {
            page.sample(FAILED_TASKS, &[("function", function), ("mapping", uuid)], progress.failed_tasks());
        }
        page.family(FILTERED_RECORDS, "counter", "Records that a mapping's filters dropped, by reason.");
        for (function, uuid, progress) in &mappings {
            for (reason, count) in progress.filtered_records() {
                let labels = [("function", function.as_str()), ("mapping", uuid), ("reason", reason)];
                page.sample(FILTERED_RECORDS, &labels, count);
            }
        }
    }

    /// Stops every mapping at once; invocations in flight are dropped with their environments.
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
        self.task.lock().take()
    }
}

impl Deps {
    /// Whether a function's role may read from a mapping's source. AWS checks when it lists the shards and when it
    /// subscribes again, minutes apart; here a changed policy takes effect with the next record.
    fn may_read(&self, role_arn: &str, source_arn: &str) -> Result<(), Denied> {
        let role = Principal::Role(role_arn.into());
        let stream_arn = stream_arn_of_arn(source_arn).unwrap_or(source_arn);
        self.permissions.check(&role, "kinesis:ListShards", stream_arn)?;
        let action = if source_arn == stream_arn { "kinesis:GetRecords" } else { "kinesis:SubscribeToShard" };
        self.permissions.check(&role, action, source_arn)
    }
}

/// `LastProcessingResult` after an invocation.
fn result(outcome: &BatchOutcome, ended: &Result<Invoked, InvokeError>) -> &'static str {
    match (outcome, ended) {
        (BatchOutcome::Done, _) => "OK",
        (BatchOutcome::NotInvoked, Err(InvokeError::NotFound(_))) => "PROBLEM: Function not found",
        (BatchOutcome::NotInvoked, _) => "PROBLEM: Function call was throttled",
        (BatchOutcome::DoneBefore(_), _) => "PROBLEM: Function reported failed records",
        (BatchOutcome::Malformed, _) => "PROBLEM: Function's response is not a valid report",
        (BatchOutcome::Failed, _) => "PROBLEM: Function call failed",
    }
}
