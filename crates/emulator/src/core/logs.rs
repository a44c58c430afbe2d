//! Where the output of functions and the access logs of stages go.

/// Stores log events, as CloudWatch Logs does.
pub trait LogSink: Send + Sync {
    /// Appends one event to a log stream, and creates the stream if necessary.
    fn append(&self, group: &str, stream: &str, timestamp_ms: u64, message: &str);
}
