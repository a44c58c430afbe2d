//! What tests of mappings share: a mapping of stream `s` to a function that does not exist.

use super::Deps;
use super::config::{MappingConfig, StartingPosition};
use crate::core::account::Account;
use crate::core::failure_destination::FailureDestinations;
use crate::core::identity::Unrestricted;
use crate::fault_injection::Faults;
use crate::services::kinesis::Streams;
use crate::services::lambda::invocation::{self, Functions};
use crate::services::logs::Logs;
use crate::storage::Checkpoints;
use std::sync::Arc;
use tokio::sync::mpsc;

/// A queue that a test reads.
pub(super) struct Reports(pub mpsc::UnboundedSender<String>);

impl FailureDestinations for Reports {
    fn send(&self, _: &str, body: String) -> Result<(), String> {
        self.0.send(body).map_err(|error| error.to_string())
    }
}

pub(super) fn deps(streams: Streams) -> (Deps, mpsc::UnboundedReceiver<String>) {
    let account = Account::default();
    let faults = Faults::new(Default::default());
    let functions = Functions::new(invocation::Deps {
        account: account.clone(),
        permissions: Arc::new(Unrestricted),
        logs: Arc::new(Logs::new(account.clone())),
        endpoint_url: String::new(),
        faults: faults.clone(),
        init_max: invocation::INIT_MAX,
        freeze: invocation::Freeze::default(),
        processes: invocation::Processes::default(),
    });
    let (reported, reports) = mpsc::unbounded_channel();
    let deps = Deps {
        account,
        streams,
        functions,
        permissions: Arc::new(Unrestricted),
        destinations: Arc::new(Reports(reported)),
        checkpoints: Checkpoints::new(None),
        faults,
    };
    (deps, reports)
}

pub(super) fn config() -> MappingConfig {
    MappingConfig {
        uuid: "m".into(),
        function_name: "gone".into(),
        event_source_arn: Account::default().stream_arn("s"),
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
    }
}
