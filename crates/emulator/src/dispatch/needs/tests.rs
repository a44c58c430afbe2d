use super::*;
use serde_json::json;

struct Found;

impl Existing for Found {
    fn role_arn(&self, name: &str) -> Option<String> {
        (name == "known").then(|| "arn:aws:iam::000000000000:role/team/known".into())
    }

    fn mapped_function(&self, uuid: &str) -> Option<String> {
        (uuid == "u").then(|| "arn:aws:lambda:us-east-1:000000000000:function:f".into())
    }
}

/// Each need as `action resource`, with what a condition sees behind it.
fn needs(service: Service, call: &str, body: Value) -> Vec<String> {
    let (method, path) = call.split_once(' ').unwrap_or(("POST", "/"));
    let parts = http::Request::builder().method(method).uri(path).body(()).unwrap().into_parts().0;
    let operation = if call.contains(' ') { "" } else { call };
    let rest = RestCall::new(&parts, "localhost".into(), body);
    let shown = |need: Need| {
        let condition = need.passed_to_service.map(str::to_owned).or(need.function_arn);
        let condition = condition.map(|value| format!(" ({value})")).unwrap_or_default();
        format!("{} {}{condition}", need.action, need.resource)
    };
    of(&Account::default(), &Found, service, operation, path, &rest).into_iter().map(shown).collect()
}

// long: a table, a call each
#[test]
fn a_call_needs_its_action_on_what_it_names() {
    use Service::{ApiGateway, CloudWatch, Iam, Lambda, Logs, Sqs, Sts};
    let lambda = "arn:aws:lambda:us-east-1:000000000000";
    let role = "arn:aws:iam::000000000000:role/r";
    let tags = json!({"a": "b"});
    for (service, call, body, expected) in [
        (
            ApiGateway,
            "GET /v2/apis/a1",
            json!({}),
            vec!["apigateway:GET arn:aws:apigateway:us-east-1::/apis/a1".into()],
        ),
        (
            ApiGateway,
            "POST /v2/apis",
            json!({"name": "a", "tags": tags}),
            vec![
                "apigateway:POST arn:aws:apigateway:us-east-1::/apis".into(),
                "apigateway:PUT arn:aws:apigateway:us-east-1::/tags/".into(),
            ],
        ),
        (
            ApiGateway,
            "POST /v2/apis/a1/integrations",
            json!({"credentialsArn": role}),
            vec![
                "apigateway:POST arn:aws:apigateway:us-east-1::/apis/a1/integrations".into(),
                format!("iam:PassRole {role} (apigateway.amazonaws.com)"),
            ],
        ),
        (
            ApiGateway,
            "PATCH /account",
            json!({"patchOperations": [{"op": "replace", "path": "/cloudwatchRoleArn", "value": role}]}),
            vec![
                "apigateway:PATCH arn:aws:apigateway:us-east-1::/account".into(),
                format!("iam:PassRole {role} (apigateway.amazonaws.com)"),
            ],
        ),
        (
            Lambda,
            "POST /2015-03-31/functions",
            json!({"FunctionName": "f", "Role": role, "Tags": tags, "Layers": ["arn:layer:1"]}),
            vec![
                format!("lambda:CreateFunction {lambda}:function:f"),
                format!("iam:PassRole {role} (lambda.amazonaws.com)"),
                format!("lambda:TagResource {lambda}:function:f"),
                "lambda:GetLayerVersion arn:layer:1".into(),
            ],
        ),
        (
            Lambda,
            "GET /2015-03-31/functions/f:live",
            json!({}),
            vec![format!("lambda:GetFunction {lambda}:function:f")],
        ),
        (
            Lambda,
            "PUT /2015-03-31/functions/f/configuration",
            json!({"Role": role}),
            vec![
                format!("lambda:UpdateFunctionConfiguration {lambda}:function:f"),
                format!("iam:PassRole {role} (lambda.amazonaws.com)"),
            ],
        ),
        (
            Lambda,
            "DELETE /2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af%3A1/policy/s",
            json!({}),
            vec![format!("lambda:RemovePermission {lambda}:function:f")],
        ),
        (
            Lambda,
            "POST /2015-03-31/event-source-mappings",
            json!({"FunctionName": "f"}),
            vec![format!("lambda:CreateEventSourceMapping * ({lambda}:function:f)")],
        ),
        (
            Lambda,
            "DELETE /2015-03-31/event-source-mappings/u",
            json!({}),
            vec![format!(
                "lambda:DeleteEventSourceMapping {lambda}:event-source-mapping:u ({lambda}:function:f)"
            )],
        ),
        (Lambda, "GET /2017-03-31/tags/arn%3Ax", json!({}), vec!["lambda:ListTags arn:x".into()]),
        (
            Lambda,
            "GET /2021-10-31/functions/f/url",
            json!({}),
            vec![format!("lambda:Unknown {lambda}:function:f")],
        ),
        (
            Iam,
            "CreateRole",
            json!({"RoleName": "r", "Tags": [{"Key": "a"}]}),
            vec![format!("iam:CreateRole {role}"), format!("iam:TagRole {role}")],
        ),
        (
            Iam,
            "GetRole",
            json!({"RoleName": "known"}),
            vec!["iam:GetRole arn:aws:iam::000000000000:role/team/known".into()],
        ),
        (Iam, "ListRoles", json!({}), vec!["iam:ListRoles *".into()]),
        (
            Logs,
            "CreateLogGroup",
            json!({"logGroupName": "/g", "tags": tags}),
            vec![
                "logs:CreateLogGroup arn:aws:logs:us-east-1:000000000000:log-group:/g:log-stream:".into(),
                "logs:TagResource arn:aws:logs:us-east-1:000000000000:log-group:/g:log-stream:".into(),
            ],
        ),
        (
            Logs,
            "DescribeLogGroups",
            json!({}),
            vec!["logs:DescribeLogGroups arn:aws:logs:us-east-1:000000000000:log-group::log-stream:".into()],
        ),
        (
            CloudWatch,
            "PutMetricAlarm",
            json!({"AlarmName": "a", "Tags": [{"Key": "a"}]}),
            vec![
                "cloudwatch:PutMetricAlarm arn:aws:cloudwatch:us-east-1:000000000000:alarm:a".into(),
                "cloudwatch:TagResource arn:aws:cloudwatch:us-east-1:000000000000:alarm:a".into(),
            ],
        ),
        (
            CloudWatch,
            "DeleteDashboards",
            json!({"DashboardNames": ["d"]}),
            vec!["cloudwatch:DeleteDashboards arn:aws:cloudwatch::000000000000:dashboard/d".into()],
        ),
        (Sts, "GetCallerIdentity", json!({}), vec![]),
        (Sqs, "CreateQueue", json!({}), vec![]),
    ] {
        assert_eq!(needs(service, call, body), expected, "{call}");
    }
}
