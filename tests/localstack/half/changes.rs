//! Terraform against LocalStack's control plane.

use super::Half;

/// LocalStack keeps all that the modules set.
pub async fn a_plan_after_an_apply_is_empty(half: &Half) {
    half.stack.plan_is_empty(&[]).await.expect("nothing is left to do");
}
