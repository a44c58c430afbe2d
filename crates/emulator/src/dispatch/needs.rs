//! What a call of the control plane needs its caller to be allowed: IAM's actions, and the ARNs that they are attempted
//! on (docs/aws-behaviour.md#iam-actions). Pure.

mod lambda;

use crate::core::account::Account;
use crate::core::identity::Need;
use crate::protocol::Service;
use crate::protocol::rest::RestCall;
use http::Method;
use serde_json::Value;

const PASS_ROLE: &str = "iam:PassRole";

/// What is there already, for calls that name it by less than its ARN.
pub trait Existing {
    /// A role's ARN by its name.
    fn role_arn(&self, name: &str) -> Option<String>;
    /// The ARN of an event source mapping's function, by the mapping's id.
    fn mapped_function(&self, uuid: &str) -> Option<String>;
}

/// The needs of a call, all of which must be allowed. `path` is the request's, undecoded.
pub fn of(
    account: &Account,
    existing: &dyn Existing,
    service: Service,
    operation: &str,
    path: &str,
    call: &RestCall,
) -> Vec<Need> {
    let action = format!("{}:{operation}", service.action_prefix());
    match service {
        // SQS checks for itself, and STS needs what a role's trust policy says.
        Service::Sqs | Service::Sts => Vec::new(),
        Service::ApiGateway => api_gateway(account, path, call),
        Service::Lambda => lambda::of(account, existing, call),
        Service::Iam => iam(account, existing, action, &call.body),
        Service::Logs => logs(account, action, &call.body),
        Service::CloudWatch => cloudwatch(account, action, &call.body),
    }
}

/// A role passed to a service.
fn pass_role(role_arn: &str, service: &'static str) -> Need {
    Need { passed_to_service: Some(service), ..Need::new(PASS_ROLE, role_arn) }
}

fn is_given(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(members) => !members.is_empty(),
        Value::Object(members) => !members.is_empty(),
        _ => true,
    }
}

/// The method is the action, and the path without its version the resource.
fn api_gateway(account: &Account, path: &str, call: &RestCall) -> Vec<Need> {
    const SERVICE: &str = "apigateway.amazonaws.com";
    let arn = |path: &str| format!("arn:aws:apigateway:{}::{path}", account.region());
    let below = path.strip_prefix("/v2").unwrap_or(path);
    let mut needs = vec![Need::new(format!("apigateway:{}", call.method), arn(below))];
    if call.method == Method::POST && is_given(&call.body["tags"]) {
        needs.push(Need::new("apigateway:PUT", arn("/tags/")));
    }
    let roles = ["credentialsArn", "authorizerCredentialsArn"].map(|member| &call.body[member]);
    let patches = call.body["patchOperations"].as_array().into_iter().flatten();
    let of_account =
        patches.filter(|patch| patch["path"] == "/cloudwatchRoleArn").map(|patch| &patch["value"]);
    let passed = roles.into_iter().chain(of_account).filter_map(Value::as_str).filter(|arn| !arn.is_empty());
    needs.extend(passed.map(|arn| pass_role(arn, SERVICE)));
    needs
}

fn iam(account: &Account, existing: &dyn Existing, action: String, input: &Value) -> Vec<Need> {
    let own = |kind: &str, name: &str| {
        let path = input["Path"].as_str().unwrap_or("/");
        format!("arn:aws:iam::{}:{kind}{path}{name}", account.id)
    };
    let role =
        input["RoleName"].as_str().map(|name| existing.role_arn(name).unwrap_or_else(|| own("role", name)));
    let policy = || input["PolicyArn"].as_str().map(str::to_owned);
    let new_policy = || input["PolicyName"].as_str().map(|name| own("policy", name));
    let resource = role.or_else(policy).or_else(new_policy).unwrap_or_else(|| "*".into());
    let tag = match action.as_str() {
        "iam:CreateRole" => Some("iam:TagRole"),
        "iam:CreatePolicy" => Some("iam:TagPolicy"),
        _ => None,
    };
    let tag = tag.filter(|_| is_given(&input["Tags"])).map(|tag| Need::new(tag, resource.clone()));
    std::iter::once(Need::new(action, resource)).chain(tag).collect()
}

/// A log group is named with the streams in it, as AWS's refusals name it.
fn logs(account: &Account, action: String, input: &Value) -> Vec<Need> {
    let group = |name: &str| account.arn("logs", &format!("log-group:{name}:log-stream:"));
    let named = input["logGroupName"].as_str().map(group);
    let resource =
        named.or_else(|| input["resourceArn"].as_str().map(str::to_owned)).unwrap_or_else(|| group(""));
    let tag = (action == "logs:CreateLogGroup" && is_given(&input["tags"]))
        .then(|| Need::new("logs:TagResource", resource.clone()));
    std::iter::once(Need::new(action, resource)).chain(tag).collect()
}

fn cloudwatch(account: &Account, action: String, input: &Value) -> Vec<Need> {
    let alarm = |name: &str| account.arn("cloudwatch", &format!("alarm:{name}"));
    let dashboard = |name: &str| format!("arn:aws:cloudwatch::{}:dashboard/{name}", account.id);
    let names = |member: &str| {
        let names = input[member].as_array().into_iter().flatten();
        names.filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
    };
    let text = |member: &str| input[member].as_str().map(str::to_owned);
    let mut resources: Vec<String> = text("ResourceARN").into_iter().collect();
    resources.extend(text("AlarmName").iter().chain(&names("AlarmNames")).map(|name| alarm(name)));
    resources
        .extend(text("DashboardName").iter().chain(&names("DashboardNames")).map(|name| dashboard(name)));
    if resources.is_empty() {
        resources.push(if action == "cloudwatch:DescribeAlarms" { alarm("") } else { "*".into() });
    }
    let tag = (action == "cloudwatch:PutMetricAlarm" && is_given(&input["Tags"]))
        .then(|| Need::new("cloudwatch:TagResource", resources[0].clone()));
    resources.into_iter().map(|resource| Need::new(action.clone(), resource)).chain(tag).collect()
}

#[cfg(test)]
mod tests;
