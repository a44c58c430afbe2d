//! A client's identity, as an authorizer gave it.

use std::collections::BTreeMap;

/// A client's identity; the connection keeps it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// `$context.authorizer.principalId`
    pub principal_id: String,
    /// `$context.authorizer.{name}`; every value is already text.
    pub context: BTreeMap<String, String>,
    /// Milliseconds that the authorizer took: `integrationLatency` in events.
    pub latency_ms: u64,
}
