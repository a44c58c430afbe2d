//! A shard's task that is stopped ends, whatever it is doing and whatever else happens.

use super::config::MappingConfig;
use super::filter::Filters;
use super::poller::End;
use super::progress::Progress;
use super::shard::Shard;
use super::test_parts::{config, deps};
use super::{MappingState, Mappings};
use crate::services::kinesis::tests::aged;
use crate::storage::Checkpoints;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Longer than any of this takes; no test asserts a duration.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs a shard with these records and a token that is already cancelled.
async fn stopped_before_it_waits(arrived_hours_ago: &[u64]) -> End {
    let folder = tempfile::tempdir().unwrap();
    let streams = aged(folder.path(), 48, arrived_hours_ago).await;
    let info = streams.shards("s").await.unwrap().remove(0);
    let (deps, _tells) = deps(streams);
    let checkpoints = Checkpoints::new(None);
    let standing = checkpoints.begin("m", "TRIM_HORIZON", HashMap::new());
    let progress = Arc::new(Progress::new("m".into(), checkpoints, standing));
    let shard = Shard::new(config(), Filters::default(), Arc::new(deps), progress, info, None);
    let stop = CancellationToken::new();
    stop.cancel();
    tokio::time::timeout(PATIENCE, shard.run(stop)).await.expect("the task ends")
}

/// It once had nothing to wait for, which panics.
#[tokio::test]
async fn a_shard_with_nothing_to_do_stops() {
    assert_eq!(stopped_before_it_waits(&[]).await, End::Stopped);
}

/// It once went on with its retries, because the poller was not stopped.
#[tokio::test]
async fn a_shard_with_a_record_to_retry_stops() {
    assert_eq!(stopped_before_it_waits(&[23]).await, End::Stopped);
}

/// Enabled and disabled while records arrive: its task is at another point each time, and always ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mapping_is_switched_on_and_off_under_load() {
    const CYCLES: usize = 200;
    let folder = tempfile::tempdir().unwrap();
    let streams = aged(folder.path(), 48, &[]).await;
    let (deps, _tells) = deps(streams.clone());
    let mappings = Mappings::new(deps);
    let load = tokio::spawn(async move {
        for number in 0.. {
            let record =
                serde_json::json!({"StreamName": "s", "Data": "AAAA", "PartitionKey": format!("{number}")});
            let _ = streams.put_record(&(&record).into()).await;
            tokio::task::yield_now().await;
        }
    });
    let cycles = async {
        for cycle in 0..CYCLES {
            // Everything is dropped, so that the shard is idle between two records.
            let filters = vec![r#"{"partitionKey": ["none"]}"#.to_owned()];
            let on = MappingConfig { filters, ..config() };
            mappings.put(on.clone());
            for _ in 0..cycle % 7 {
                tokio::task::yield_now().await;
            }
            mappings.put(MappingConfig { enabled: false, ..on });
            while mappings.status("m").is_some_and(|status| status.state != MappingState::Disabled) {
                tokio::task::yield_now().await;
            }
            assert_eq!(mappings.failed_tasks("m"), 0, "in cycle {cycle}");
            if cycle % 10 == 9 {
                mappings.remove("m");
                while mappings.status("m").is_some() {
                    tokio::task::yield_now().await;
                }
            }
        }
    };
    let done = tokio::time::timeout(PATIENCE, cycles).await;
    load.abort();
    done.expect("every task ends");
    mappings.shutdown().await;
}
