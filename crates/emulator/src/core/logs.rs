//! Where the output of functions and the access logs of stages go.

/// Takes log events, as CloudWatch Logs would.
pub trait LogSink: Send + Sync {
    /// Appends one event to a log stream, which is made when it is first written to.
    fn append(&self, group: &str, stream: &str, timestamp_ms: u64, message: &str);
}
