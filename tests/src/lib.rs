//! What the end-to-end tests share: an emulator with real functions on a free port, and clients to talk to it.

pub mod api;
pub mod batches;
pub mod client;
pub mod control;
pub mod denials;
pub mod emulator;
pub mod endpoint;
pub mod functions;
pub mod group;
pub mod runtime_api;
pub mod sdk;
pub mod source;
pub mod stream_reader;
pub mod suite;
pub mod test_emulator;
pub mod tier;

pub use probe::{frame, raw};

/// Seconds that anything may take before a test gives up: generous, since the machine may be busy. No test
/// asserts how long something takes.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// Waits until a condition holds, looking again whenever the scheduler lets it.
pub async fn eventually<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
    let wait = async {
        while !condition().await {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    assert!(
        tokio::time::timeout(PATIENCE, wait).await.is_ok(),
        "{what} did not come true within {PATIENCE:?}"
    );
}
