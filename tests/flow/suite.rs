//! The suite that every plane must pass, on the plane in this process.

use sluicegate_tests::plane::TestPlane;
use sluicegate_tests::suite;
use std::sync::Arc;

/// The same cases run on LocalStack, on the plane's image and on a deployed stack: `just test-local`.
#[tokio::test(flavor = "multi_thread")]
async fn every_case_of_the_flow_suite_holds() {
    let plane = TestPlane::start().await;
    suite::run_all(Arc::new(plane.endpoint())).await;
}
