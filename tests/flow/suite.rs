//! The flow suite, on the emulator in this process.

use sluicegate_tests::suite;
use sluicegate_tests::test_emulator::TestEmulator;
use std::sync::Arc;

/// `just test-local` runs the same cases on LocalStack, on the emulator's image and on a deployed stack.
#[tokio::test(flavor = "multi_thread")]
async fn every_case_of_the_flow_suite_holds() {
    let emulator = TestEmulator::start().await;
    suite::run_all(Arc::new(emulator.endpoint())).await;
}
