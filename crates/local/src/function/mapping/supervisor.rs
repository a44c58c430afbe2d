//! A mapping's supervisor: a task per shard, parents before children, started anew as the stream changes.

use super::config::MappingConfig;
use super::filter::Filters;
use super::shard::{End, Shard, first_position};
use super::{MappingState, Progress, Surroundings};
use crate::account::stream_name_of_arn;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Runs a mapping until it is told to stop.
pub(super) async fn run(
    config: MappingConfig,
    surroundings: Arc<Surroundings>,
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
    let stream = stream_name_of_arn(&config.event_source_arn).unwrap_or_default().to_owned();
    let mut changes = surroundings.streams.changes(&stream);
    let mut tasks = JoinSet::new();
    let mut running = HashMap::new();
    let mut drained = HashSet::new();
    progress.set_state(MappingState::Enabled);
    loop {
        changes.borrow_and_update();
        if surroundings.streams.source_exists(&config.event_source_arn).await {
            let shards = surroundings.streams.shards(&stream).await.unwrap_or_default();
            let known: HashSet<_> = shards.iter().map(|shard| shard.index).collect();
            for shard in shards {
                // A parent that the stream has forgotten cannot be waited for.
                let waits =
                    shard.parents.iter().any(|parent| known.contains(parent) && !drained.contains(parent));
                if waits || drained.contains(&shard.index) || running.contains_key(&shard.index) {
                    continue;
                }
                let from = match progress.checkpoint(shard.index) {
                    Some(checkpoint) => checkpoint,
                    None => first_position(&config, &surroundings, &progress, &shard).await,
                };
                progress.set_checkpoint(shard.index, from.clone());
                let index = shard.index;
                let task = Shard::new(
                    config.clone(),
                    filters.clone(),
                    surroundings.clone(),
                    progress.clone(),
                    shard,
                    from,
                );
                let stop = stop.clone();
                let handle = tasks.spawn(async move { (index, task.run(stop).await) });
                running.insert(index, handle);
            }
        } else {
            progress.set_result(&format!("PROBLEM: {} does not exist", config.event_source_arn));
        }
        tokio::select! {
            Some(ended) = tasks.join_next() => if let Ok((index, end)) = ended {
                running.remove(&index);
                if end == End::Drained {
                    drained.insert(index);
                }
            },
            _ = changes.changed() => {}
            () = stop.cancelled() => {
                progress.set_state(MappingState::Disabling);
                while tasks.join_next().await.is_some() {}
                return;
            }
        }
    }
}
