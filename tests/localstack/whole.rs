//! The whole flow: `terraform/` on an emulator, and the flow suite.

use crate::interruption::Interruption;
use crate::{case, run_cases};
use libtest_mimic::{Arguments, Completion, Conclusion, Trial};
use sluicegate_tests::endpoint::Endpoint;
use sluicegate_tests::suite::{CASES, Case};
use sluicegate_tests::tier::Deployed;
use sluicegate_tests::tier::choice::Target;
use std::sync::Arc;
use tokio::runtime::Handle;

/// Names of the cases.
pub fn names() -> impl Iterator<Item = &'static str> {
    CASES.iter().map(|case| case.name)
}

/// Makes the stack, runs the suite and destroys the stack.
pub async fn run(
    target: Target,
    arguments: Arguments,
    interruption: Interruption,
) -> anyhow::Result<Conclusion> {
    let deployed = Deployed::make(target).await?;
    let endpoint = Arc::new(deployed.endpoint.clone());
    let conclusion =
        run_cases(arguments, CASES.iter().map(|case| trial(case, &endpoint, &interruption)).collect()).await;
    deployed.destroy().await?;
    conclusion
}

fn trial(suite_case: &'static Case, endpoint: &Arc<Endpoint>, interruption: &Interruption) -> Trial {
    let (endpoint, runtime, interruption) = (Arc::clone(endpoint), Handle::current(), interruption.clone());
    Trial::ignorable_test(suite_case.name, move || match suite_case.exception(endpoint.emulator) {
        Some(reason) => Ok(Completion::ignored_with(format!("on {}: {reason}", endpoint.emulator))),
        None => case(&runtime, interruption, (suite_case.run)(endpoint)),
    })
}
