//! Who a client is, as an authorizer said.

use std::collections::BTreeMap;

/// What an authorizer said of a client; it stays on the connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// `$context.authorizer.principalId`
    pub principal_id: String,
    /// `$context.authorizer.{name}`: every value is text by now.
    pub context: BTreeMap<String, String>,
    /// Milliseconds that the authorizer took: `integrationLatency` in events.
    pub latency_ms: u64,
}
