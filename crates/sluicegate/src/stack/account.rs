//! The role that API Gateway writes logs with: the account's, which `terraform/account` sets.
//!
//! Without it AWS refuses a stage with logs, halfway through an apply, and the provider has no data source for it. A plan
//! of `terraform/account` imports the setting and so reads it, with Terraform's own credentials. It is never applied here.

use serde_json::Value;

/// The configuration's folder, below `terraform/`.
pub const FOLDER: &str = "account";
const SETTING: &str = "aws_api_gateway_account.this";
const SERVICE: &str = "data.aws_service.api_gateway";

/// Why a stack with logs must not be planned, if it must not: from a plan of the account's configuration.
pub fn refusal(plan: &Value) -> Option<String> {
    let found = |list: &Value, address: &str| {
        list.as_array()
            .into_iter()
            .flatten()
            .find(|each| each["address"] == address)
            .cloned()
            .unwrap_or_default()
    };
    let setting = found(&plan["resource_changes"], SETTING);
    if setting["change"]["before"]["cloudwatch_role_arn"].as_str().is_some_and(|role| !role.is_empty()) {
        return None;
    }
    let service = found(&plan["prior_state"]["values"]["root_module"]["resources"], SERVICE);
    let region = service["values"]["region"].as_str().unwrap_or("REGION").to_owned();
    Some(format!(
        "logging = \"existing_role\" needs a role that API Gateway writes logs with, and this account has none in {region}: \
         set one for all stacks with `just account {region}` (terraform/account), or set logging = \"off\""
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn logs_without_the_accounts_role_are_refused() {
        let plan = |role: Value| {
            json!({
                "resource_changes": [
                    { "address": "aws_iam_role.this", "change": { "before": null } },
                    { "address": SETTING, "change": { "before": { "cloudwatch_role_arn": role } } },
                ],
                "prior_state": { "values": { "root_module": { "resources": [
                    { "address": SERVICE, "values": { "region": "eu-west-1" } },
                ] } } },
            })
        };
        assert_eq!(refusal(&plan(json!("arn:aws:iam::000000000000:role/logs"))), None);
        for none in [json!(""), Value::Null] {
            let sentence = refusal(&plan(none)).unwrap();
            assert!(
                sentence
                    .contains("has none in eu-west-1: set one for all stacks with `just account eu-west-1`")
            );
        }
    }
}
