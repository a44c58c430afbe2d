//! A mapping that retries forever, and a stream that does not keep its records forever.

use super::Mappings;
use super::test_parts::{config, deps};
use crate::services::kinesis::tests::{aged, call};
use serde_json::{Value, json};

/// docs/aws-behaviour.md#lambda-mappings: without limits of its own, a record is tried as long as the stream keeps it.
/// The function does not exist, so the record is tried until the stream's retention falls below its age.
#[tokio::test]
async fn what_the_stream_keeps_no_longer_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let streams = aged(folder.path(), 48, &[25, 23]).await;
    let (deps, mut reports) = deps(streams.clone());
    let mappings = Mappings::new(deps);
    mappings.put(config());
    while mappings.status("m").unwrap().last_processing_result != "PROBLEM: Function not found" {
        tokio::task::yield_now().await;
    }
    assert!(reports.try_recv().is_err(), "both are kept");
    let less = json!({"StreamName": "s", "RetentionPeriodHours": 24});
    call(&streams, "DecreaseStreamRetentionPeriod", &less).await;
    let reported: Value = serde_json::from_str(&reports.recv().await.unwrap()).unwrap();
    assert_eq!(reported["requestContext"]["condition"], "RecordAgeExceeded");
    assert_eq!(reported["KinesisBatchInfo"]["batchSize"], 1);
    let tail = streams.tails("s")[&0].to_string();
    assert!(
        reported["KinesisBatchInfo"]["endSequenceNumber"].as_str().unwrap() < tail.as_str(),
        "{reported}"
    );
    mappings.shutdown().await;
    assert!(reports.try_recv().is_err(), "the other is kept");
}
