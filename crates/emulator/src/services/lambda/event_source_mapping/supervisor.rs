//! A mapping's supervisor: a task for each shard, parents before children, restarted when the stream changes.

use super::Deps;
use super::config::MappingConfig;
use super::filter::Filters;
use super::lineage::Lineage;
use super::poller::End;
use super::position::first_position;
use super::progress::{MappingState, Progress};
use super::shard::Shard;
use crate::core::account::stream_name_of_arn;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::task::{Id, JoinSet};
use tokio_util::sync::CancellationToken;

/// Runs a mapping until it is stopped.
// long: one loop whose arms share the tasks, their shards and the lineage
pub(super) async fn run(
    config: MappingConfig,
    deps: Arc<Deps>,
    progress: Arc<Progress>,
    stop: CancellationToken,
) {
    if !config.enabled {
        progress.set_state(MappingState::Disabled);
        return;
    }
    let filters = match Filters::parse(&config.filters) {
        Ok(filters) => filters,
        Err(error) => {
            progress.set_result(&format!("PROBLEM: {error}"));
            return;
        }
    };
    progress.set_state(MappingState::Enabled);
    let stream = stream_name_of_arn(&config.event_source_arn).unwrap_or_default().to_owned();
    let mut lineage = Lineage::default();
    let mut tasks = JoinSet::new();
    let mut shard_of_task = HashMap::<Id, i64>::new();
    // The tasks that read the source as it is now.
    let mut reading = stop.child_token();
    loop {
        // Watched again each time: a stream that is deleted takes the old watch with it.
        let mut changes = deps.streams.changes(&stream);
        if deps.streams.source_exists(&config.event_source_arn).await {
            if reading.is_cancelled() && tasks.is_empty() {
                reading = stop.child_token();
            }
            let shards = deps.streams.shards(&stream).await.unwrap_or_default();
            for shard in if reading.is_cancelled() { Vec::new() } else { lineage.start(shards) } {
                let index = shard.index;
                let from = match progress.checkpoint(index) {
                    Some(checkpoint) => checkpoint,
                    None => first_position(config.starting_position, &deps.streams, &stream, index).await,
                };
                progress.set_checkpoint(index, from.clone());
                let task =
                    Shard::new(config.clone(), filters.clone(), deps.clone(), progress.clone(), shard, from);
                let handle = tasks.spawn(task.run(reading.clone()));
                shard_of_task.insert(handle.id(), index);
            }
        } else {
            progress.set_result(&format!("PROBLEM: {} does not exist", config.event_source_arn));
            reading.cancel();
            lineage.forget();
        }
        tokio::select! {
            Some(ended) = tasks.join_next_with_id() => {
                let (id, end) = ended.unwrap_or_else(|error| {
                    progress.task_failed();
                    tracing::error!(function = config.function_name, %error, "a shard's task failed; it begins again at its checkpoint");
                    (error.id(), End::Stopped)
                });
                if let Some(index) = shard_of_task.remove(&id) {
                    lineage.ended(index, end);
                }
            }
            _ = changes.changed() => {}
            () = stop.cancelled() => {
                stopped(&mut tasks, &config, &progress).await;
                return;
            }
        }
    }
}

/// Waits until every shard's task has ended.
async fn stopped(tasks: &mut JoinSet<End>, config: &MappingConfig, progress: &Progress) {
    while let Some(ended) = tasks.join_next().await {
        if let Err(error) = ended {
            progress.task_failed();
            tracing::error!(function = config.function_name, %error, "a shard's task failed while the mapping was stopped");
        }
    }
}
