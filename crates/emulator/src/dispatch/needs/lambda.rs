//! Lambda's operations by method and path, with what each needs.

use super::{Existing, is_given, pass_role};
use crate::core::account::Account;
use crate::core::identity::Need;
use crate::protocol::rest::RestCall;
use serde_json::Value;

const SERVICE: &str = "lambda.amazonaws.com";
/// Parts of a function's ARN, without version or alias.
const FUNCTION_ARN_PARTS: usize = 7;

pub fn of(account: &Account, existing: &dyn Existing, call: &RestCall) -> Vec<Need> {
    let path = call.path();
    match path.as_slice() {
        [_, "event-source-mappings", uuid @ ..] => mapping(account, existing, call, uuid),
        [_, "tags", arn] => vec![Need::new(format!("lambda:{}", tagging(call)), *arn)],
        [_, "functions"] if call.method == "GET" => vec![Need::new("lambda:ListFunctions", "*")],
        [_, "functions"] => create_function(account, &call.body),
        [_, "functions", name, below @ ..] => {
            let action = operation(call.method.as_str(), below).unwrap_or("Unknown");
            let function = Need::new(format!("lambda:{action}"), function_arn(account, name));
            let role = call.body["Role"].as_str().filter(|_| action == "UpdateFunctionConfiguration");
            let passed = role.map(|role| pass_role(role, SERVICE));
            std::iter::once(function).chain(passed).chain(layers(&call.body)).collect()
        }
        _ => vec![Need::new("lambda:Unknown", "*")],
    }
}

fn tagging(call: &RestCall) -> &'static str {
    match call.method.as_str() {
        "GET" => "ListTags",
        "DELETE" => "UntagResource",
        _ => "TagResource",
    }
}

fn create_function(account: &Account, input: &Value) -> Vec<Need> {
    let arn = function_arn(account, input["FunctionName"].as_str().unwrap_or_default());
    let tags = is_given(&input["Tags"]).then(|| Need::new("lambda:TagResource", arn.clone()));
    let passed = input["Role"].as_str().map(|role| pass_role(role, SERVICE));
    std::iter::once(Need::new("lambda:CreateFunction", arn))
        .chain(passed)
        .chain(tags)
        .chain(layers(input))
        .collect()
}

/// Layers of a function that is created or changed.
fn layers(input: &Value) -> impl Iterator<Item = Need> {
    let layers = input["Layers"].as_array().into_iter().flatten().filter_map(Value::as_str);
    layers.map(|arn| Need::new("lambda:GetLayerVersion", arn))
}

/// A mapping that is not there yet has no ARN.
fn mapping(account: &Account, existing: &dyn Existing, call: &RestCall, uuid: &[&str]) -> Vec<Need> {
    let (action, resource) = match (call.method.as_str(), uuid) {
        ("POST", []) => ("CreateEventSourceMapping", "*".to_owned()),
        (_, [uuid]) => {
            let action = match call.method.as_str() {
                "GET" => "GetEventSourceMapping",
                "DELETE" => "DeleteEventSourceMapping",
                _ => "UpdateEventSourceMapping",
            };
            (action, account.arn("lambda", &format!("event-source-mapping:{uuid}")))
        }
        _ => ("ListEventSourceMappings", "*".to_owned()),
    };
    let named = call.body["FunctionName"].as_str().map(|name| function_arn(account, name));
    let function_arn = named.or_else(|| existing.mapped_function(uuid.first()?));
    let tags = (action == "CreateEventSourceMapping" && is_given(&call.body["Tags"]))
        .then(|| Need::new("lambda:TagResource", account.arn("lambda", "event-source-mapping:")));
    let need = Need { function_arn, ..Need::new(format!("lambda:{action}"), resource) };
    std::iter::once(need).chain(tags).collect()
}

/// A function's ARN without its qualifier, by name, partial ARN or ARN.
fn function_arn(account: &Account, name: &str) -> String {
    let parts: Vec<_> = name.split(':').collect();
    match parts.as_slice() {
        ["arn", ..] => parts.iter().take(FUNCTION_ARN_PARTS).copied().collect::<Vec<_>>().join(":"),
        [_, "function", name, ..] | [name, ..] => account.function_arn(name),
        [] => account.function_arn(name),
    }
}

/// The operation on a function, by method and what stands below the function's name.
fn operation(method: &str, below: &[&str]) -> Option<&'static str> {
    Some(match (method, below) {
        ("GET", []) => "GetFunction",
        ("DELETE", []) => "DeleteFunction",
        ("GET", ["configuration"]) => "GetFunctionConfiguration",
        ("PUT", ["configuration"]) => "UpdateFunctionConfiguration",
        ("PUT", ["code"]) => "UpdateFunctionCode",
        ("GET", ["versions"]) => "ListVersionsByFunction",
        ("POST", ["versions"]) => "PublishVersion",
        ("GET", ["aliases"]) => "ListAliases",
        ("POST", ["aliases"]) => "CreateAlias",
        ("GET", ["aliases", _]) => "GetAlias",
        ("PUT", ["aliases", _]) => "UpdateAlias",
        ("DELETE", ["aliases", _]) => "DeleteAlias",
        ("GET", ["policy"]) => "GetPolicy",
        ("POST", ["policy"]) => "AddPermission",
        ("DELETE", ["policy", _]) => "RemovePermission",
        ("GET", ["concurrency"]) => "GetFunctionConcurrency",
        ("PUT", ["concurrency"]) => "PutFunctionConcurrency",
        ("DELETE", ["concurrency"]) => "DeleteFunctionConcurrency",
        ("GET", ["provisioned-concurrency"]) => "GetProvisionedConcurrencyConfig",
        ("PUT", ["provisioned-concurrency"]) => "PutProvisionedConcurrencyConfig",
        ("DELETE", ["provisioned-concurrency"]) => "DeleteProvisionedConcurrencyConfig",
        ("GET", ["code-signing-config"]) => "GetFunctionCodeSigningConfig",
        _ => return None,
    })
}
