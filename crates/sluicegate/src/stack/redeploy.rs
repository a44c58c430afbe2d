//! The second deployment of the gateway that a removal needs.
//!
//! A deployment is a snapshot of the API, and Terraform makes the new one before it deletes what the old one needed:
//! a route that is taken away is still in it, and the stage would serve the route until the next change.

use serde_json::{Value, json};

/// The address of the resource that a second plan replaces.
pub const DEPLOYMENT: &str = "module.gateway.aws_apigatewayv2_deployment.this";
/// The types of resources that are part of a deployment.
const SERVED: [&str; 5] = [
    "aws_apigatewayv2_integration",
    "aws_apigatewayv2_integration_response",
    "aws_apigatewayv2_model",
    "aws_apigatewayv2_route",
    "aws_apigatewayv2_route_response",
];

/// Whether a plan deletes something that the plan's deployment still serves.
pub fn is_needed(plan: &Value) -> bool {
    let changes = plan["resource_changes"].as_array().map_or(&[][..], Vec::as_slice);
    let acts = |change: &Value, actions: Value| change["change"]["actions"] == actions;
    let keeps_api = !changes
        .iter()
        .any(|change| change["type"] == "aws_apigatewayv2_stage" && acts(change, json!(["delete"])));
    keeps_api
        && changes.iter().any(|change| {
            SERVED.iter().any(|kind| change["type"] == *kind) && acts(change, json!(["delete"]))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_taken_from_a_stage_that_stays_is_deployed_again() {
        let change = |kind: &str, actions: &[&str]| json!({ "type": kind, "change": { "actions": actions } });
        let route = || change("aws_apigatewayv2_route", &["delete"]);
        for (changes, expected) in [
            (vec![], false),
            (vec![route()], true),
            (vec![change("aws_apigatewayv2_route_response", &["delete"])], true),
            (vec![change("aws_apigatewayv2_route", &["create"])], false),
            (vec![change("aws_apigatewayv2_deployment", &["create", "delete"])], false),
            (vec![change("aws_sqs_queue", &["delete"])], false),
            (vec![route(), change("aws_apigatewayv2_stage", &["delete"])], false),
        ] {
            assert_eq!(is_needed(&json!({ "resource_changes": changes })), expected, "{changes:?}");
        }
        assert!(!is_needed(&json!({})));
    }
}
