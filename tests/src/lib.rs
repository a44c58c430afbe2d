//! Helpers of the end-to-end tests: an emulator with real functions on a free port, and clients for it.

pub mod api;
pub mod batches;
pub mod client;
pub mod control;
pub mod denials;
pub mod emulator;
pub mod endpoint;
pub mod functions;
pub mod group;
pub mod issuer;
pub mod runtime_api;
pub mod sdk;
pub mod signed_handshake;
pub mod source;
pub mod stream_reader;
pub mod suite;
pub mod test_emulator;
pub mod tier;

pub use probe::{frame, raw};

/// Longest wait for anything before a test fails. It is generous because the machine can be busy; no test asserts how
/// long something takes.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// Waits until a condition holds. It checks the condition each time that the scheduler runs this task.
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
