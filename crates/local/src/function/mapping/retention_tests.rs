//! A mapping that retries for ever, and the stream that does not keep its records for ever.

use super::config::{MappingConfig, StartingPosition};
use super::{FailureDestinations, Mappings, Surroundings};
use crate::account::Account;
use crate::aws_api::logs::Logs;
use crate::faults::Faults;
use crate::function::{self, Functions};
use crate::identity::Unrestricted;
use crate::storage::Checkpoints;
use crate::stream::tests::{aged, call};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::mpsc;

/// A queue that a test reads.
struct Told(mpsc::UnboundedSender<String>);

impl FailureDestinations for Told {
    fn send(&self, _: &str, body: String) -> Result<(), String> {
        self.0.send(body).map_err(|error| error.to_string())
    }
}

/// Facts E2: without limits of its own a record is tried until the stream has it no more. The function is not there,
/// so that it is tried for ever; the stream's retention falls below the record's age.
#[tokio::test]
async fn what_the_stream_keeps_no_longer_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let streams = aged(folder.path(), 48, &[25, 23]).await;
    let account = Account::default();
    let faults = Faults::new(Default::default());
    let functions = Functions::new(function::Surroundings {
        account: account.clone(),
        permissions: Arc::new(Unrestricted),
        logs: Arc::new(Logs::new(account.clone())),
        endpoint_url: String::new(),
        faults: faults.clone(),
        init_max: function::INIT_MAX,
        processes: function::Processes::default(),
    });
    let (told, mut tells) = mpsc::unbounded_channel();
    let mappings = Mappings::new(Surroundings {
        account: account.clone(),
        streams: streams.clone(),
        functions,
        permissions: Arc::new(Unrestricted),
        destinations: Arc::new(Told(told)),
        checkpoints: Checkpoints::new(None),
        faults,
    });
    mappings.put(MappingConfig {
        uuid: "m".into(),
        function_name: "gone".into(),
        event_source_arn: account.stream_arn("s"),
        batch_size: 10,
        batching_window_s: 0,
        parallelization_factor: 1,
        bisect_on_error: false,
        maximum_retry_attempts: None,
        maximum_record_age_s: None,
        report_batch_item_failures: false,
        on_failure_arn: Some("arn:aws:sqs:us-east-1:000000000000:q".into()),
        filters: Vec::new(),
        starting_position: StartingPosition::TrimHorizon,
        enabled: true,
    });
    while mappings.status("m").unwrap().last_processing_result != "PROBLEM: Function not found" {
        tokio::task::yield_now().await;
    }
    assert!(tells.try_recv().is_err(), "both are kept");
    let less = json!({"StreamName": "s", "RetentionPeriodHours": 24});
    call(&streams, "DecreaseStreamRetentionPeriod", &less).await;
    let told: Value = serde_json::from_str(&tells.recv().await.unwrap()).unwrap();
    assert_eq!(told["requestContext"]["condition"], "RecordAgeExceeded");
    assert_eq!(told["KinesisBatchInfo"]["batchSize"], 1);
    let tail = streams.tails("s")[&0].to_string();
    assert!(told["KinesisBatchInfo"]["endSequenceNumber"].as_str().unwrap() < tail.as_str(), "{told}");
    mappings.shutdown().await;
    assert!(tells.try_recv().is_err(), "the other is kept");
}
