//! `deletion_protection`: no plan deletes or replaces the stream or a dead-letter queue, with what is in them.

use serde_json::Value;

/// The output that keeps the setting in the state.
pub const OUTPUT: &str = "deletion_protection";
/// What cannot be made again.
const PROTECTED: [&str; 2] = ["aws_kinesis_stream", "aws_sqs_queue"];

/// Why a plan must not be applied, if it must not. `was_protected`: the state has the protection. A plan that takes it
/// away does not delete anything in the same step.
pub fn refusal(plan: &Value, was_protected: bool) -> Option<String> {
    let lost = lost(plan);
    let is_protected = was_protected || plan["variables"][OUTPUT]["value"] == true;
    (is_protected && !lost.is_empty()).then(|| {
        format!(
            "deletion_protection is on, and this plan would delete {} with all that is in {}: change it so that they stay, or set \
             deletion_protection = false, deploy that alone, and plan again",
            lost.join(", "),
            if lost.len() == 1 { "it" } else { "them" },
        )
    })
}

/// The addresses of the streams and queues that a plan deletes, or replaces.
fn lost(plan: &Value) -> Vec<&str> {
    let changes = plan["resource_changes"].as_array().map_or(&[][..], Vec::as_slice);
    let lost = changes.iter().filter(|change| {
        let deletes = change["change"]["actions"]
            .as_array()
            .is_some_and(|actions| actions.iter().any(|action| action == "delete"));
        deletes && PROTECTED.iter().any(|kind| change["type"] == *kind)
    });
    lost.filter_map(|change| change["address"].as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn plan(is_protected: bool, changes: &[(&str, &[&str])]) -> Value {
        let changes: Vec<_> = changes
            .iter()
            .map(|(kind, actions)| json!({ "address": format!("module.m.{kind}.this"), "type": kind, "change": { "actions": actions } }))
            .collect();
        json!({ "variables": { OUTPUT: { "value": is_protected } }, "resource_changes": changes })
    }

    #[test]
    fn a_protected_stream_or_queue_is_not_deleted() {
        for actions in [&["delete"][..], &["delete", "create"], &["create", "delete"]] {
            let queue = plan(true, &[("aws_sqs_queue", actions)]);
            let refusal = refusal(&queue, false).unwrap();
            assert!(
                refusal.contains("would delete module.m.aws_sqs_queue.this with all that is in it:"),
                "{refusal}"
            );
        }
        let both = plan(true, &[("aws_kinesis_stream", &["delete"]), ("aws_sqs_queue", &["delete"])]);
        let both = refusal(&both, true).unwrap();
        assert!(
            both.contains(
                "module.m.aws_kinesis_stream.this, module.m.aws_sqs_queue.this with all that is in them"
            ),
            "{both}"
        );
    }

    #[test]
    fn a_plan_that_takes_the_protection_away_deletes_nothing() {
        let delete = plan(false, &[("aws_kinesis_stream", &["delete"])]);
        assert!(refusal(&delete, true).is_some());
        assert_eq!(refusal(&delete, false), None);
    }

    #[test]
    fn what_can_be_made_again_is_not_protected() {
        let others = plan(true, &[("aws_lambda_function", &["delete"]), ("aws_sqs_queue", &["update"])]);
        assert_eq!(refusal(&others, true), None);
        assert_eq!(refusal(&json!({}), true), None);
    }
}
