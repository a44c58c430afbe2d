//! What the control plane asks of the emulator that serves: every change that a client could notice.

use crate::services::apigateway::websocket::stage::Stage;
use crate::services::lambda::event_source_mapping::MappingStatus;
use crate::services::lambda::event_source_mapping::config::MappingConfig;
use crate::services::lambda::invocation::config::FunctionConfig;
use crate::services::lambda::invocation::{InvokeError, Invoked};
use bytes::Bytes;
use futures_util::future::BoxFuture;

/// The seam to the gateway, the function host and the event source mappings.
///
/// Calls arrive in the order of the changes: the control plane holds the changed resource's lock across
/// them, so they must neither block nor call back into the control plane (permissions excepted).
pub trait DataPlane: Send + Sync {
    /// A stage, or the deployment behind it, changed.
    fn publish_stage(&self, stage: Stage);

    /// A stage is gone: its connections are closed.
    fn unpublish_stage(&self, api_id: &str, stage: &str);

    /// A function was created, or changed in its code or settings.
    fn put_function(&self, config: FunctionConfig);

    /// A function is gone.
    fn remove_function(&self, name: &str);

    /// A mapping was created, or changed under the same uuid.
    fn put_mapping(&self, config: MappingConfig);

    /// A mapping is gone.
    fn remove_mapping(&self, uuid: &str);

    /// How a mapping fares; `None` while the data plane does not know it.
    fn mapping_status(&self, uuid: &str) -> Option<MappingStatus>;

    /// Whether a stream's or a consumer's ARN names one that exists.
    fn source_exists<'a>(&'a self, arn: &'a str) -> BoxFuture<'a, bool>;

    /// Runs one invocation, with the end of its log where that is wanted.
    fn invoke<'a>(
        &'a self,
        function: &'a str,
        request_id: &'a str,
        payload: Bytes,
        wants_log: bool,
    ) -> BoxFuture<'a, Result<Invoked, InvokeError>>;
}
