//! The API's logs, as in `terraform/modules/gateway/logs.tf`, and the account's role for them, as in `terraform/account`.

use super::{ComposeError, Composer, call};
use http::Method;
use serde_json::{Value, json};

const MANAGED_POLICY: &str = "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs";

/// The members of a log line with their `$context` variables, in the order in which Terraform writes them.
const FORMAT: [(&str, &str); 11] = [
    ("connectionId", "$context.connectionId"),
    ("errorMessage", "$context.error.message"),
    ("eventType", "$context.eventType"),
    ("integrationError", "$context.integration.error"),
    ("integrationLatency", "$context.integration.latency"),
    ("integrationStatus", "$context.integration.integrationStatus"),
    ("requestId", "$context.requestId"),
    ("requestTime", "$context.requestTime"),
    ("routeKey", "$context.routeKey"),
    ("sourceIp", "$context.identity.sourceIp"),
    ("status", "$context.status"),
];

impl Composer<'_> {
    /// The stage's `accessLogSettings`; `None` if logging is off.
    pub(super) async fn logging(&self, api: &str) -> Result<Option<Value>, ComposeError> {
        let stack = self.stack;
        if stack.logging == "off" {
            return Ok(None);
        }
        // As `terraform/account` does: whether an account has the role is a fact about the account, which is this
        // emulator's.
        let role_name = format!("sluicegate-api-gateway-logs-{}", self.emulator.account().region());
        let description = "API Gateway writes the logs of every API of this account and region.";
        let role = self.assumable(&role_name, "apigateway.amazonaws.com", description, ("/", None)).await?;
        let attach =
            [("Action", "AttachRolePolicy"), ("RoleName", &role_name), ("PolicyArn", MANAGED_POLICY)];
        self.iam(&attach).await?;
        let patch =
            json!({"patchOperations": [{"op": "replace", "path": "/cloudwatchRoleArn", "value": role}]});
        call::call(self.emulator, "apigateway", Method::PATCH, "/account", None, &patch).await?;

        let access = format!("/aws/apigateway/{}", stack.name);
        // The execution logs' group under both names that it may have on AWS.
        let stage = &stack.stage;
        let (rest, websocket) =
            (format!("API-Gateway-Execution-Logs_{api}/{stage}"), format!("/aws/apigateway/{api}/{stage}"));
        for group in [&access, &rest, &websocket] {
            self.log_group(group, stack.access_log_retention_days).await?;
        }
        let members: Vec<_> =
            FORMAT.iter().map(|(name, variable)| format!("\"{name}\":\"{variable}\"")).collect();
        Ok(Some(json!({
            "destinationArn": self.emulator.account().arn("logs", &format!("log-group:{access}")),
            "format": format!("{{{}}}", members.join(",")),
        })))
    }

    pub(super) async fn log_group(&self, name: &str, retention_days: u32) -> Result<(), ComposeError> {
        let mut create = json!({"logGroupName": name});
        if let Some(key) = &self.stack.kms_key_arns.logs {
            create["kmsKeyId"] = key.as_str().into();
        }
        self.target("logs", "Logs_20140328", "CreateLogGroup", &create).await?;
        let retention = json!({"logGroupName": name, "retentionInDays": retention_days});
        self.target("logs", "Logs_20140328", "PutRetentionPolicy", &retention).await.map(drop)
    }
}
