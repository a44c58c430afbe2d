//! Reports given-up records to a mapping's failure destination.

use super::Deps;
use super::config::MappingConfig;
use super::failure::{FailureFrame, message};
use super::partition_queue::DeadLetter;
use super::progress::Progress;
use crate::core::account::stream_arn_of_arn;
use crate::core::clock;
use crate::core::identity::Principal;

/// Where one shard's given-up records are reported, and as which role.
pub(super) struct Destination<'a> {
    pub config: &'a MappingConfig,
    pub deps: &'a Deps,
    pub progress: &'a Progress,
    pub shard_id: &'a str,
}

impl Destination<'_> {
    /// Sends the message as the function's role. A destination that fails does not stop the shard, as on AWS.
    pub fn tell(&self, given_up: &DeadLetter) {
        let function = &self.config.function_name;
        tracing::warn!(
            target: "flow", hop = "given up", function, shard_id = self.shard_id,
            records = given_up.batch.records.len(), condition = ?given_up.condition,
        );
        let Some(arn) = &self.config.on_failure_arn else { return };
        let frame = FailureFrame {
            function_arn: &self.deps.account.function_arn(function),
            stream_arn: stream_arn_of_arn(&self.config.event_source_arn).unwrap_or_default(),
            shard_id: self.shard_id,
        };
        let role = Principal::Role(self.deps.functions.role_arn(function).unwrap_or_default());
        let body = message(&frame, given_up, clock::now_ms()).to_string();
        let sent = self
            .deps
            .permissions
            .check(&role, "sqs:SendMessage", arn)
            .map_err(|denied| denied.to_string())
            .and_then(|()| self.deps.destinations.send(arn, body));
        if let Err(error) = sent {
            tracing::warn!(function, %error, "failed to report records that were given up");
            self.progress.set_result("PROBLEM: Failed to deliver to the failure destination");
        }
    }
}
