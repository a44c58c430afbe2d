//! The authorizer's function, as in `terraform/modules/authorizer`.

use super::function::Code;
use super::{ComposeError, Composer};
use crate::provision::stack::Authorizer;
use bytes::Bytes;
use serde_json::json;

impl Composer<'_> {
    /// Creates the function; returns its deployed name.
    pub(super) async fn authorizer(
        &self,
        authorizer: &Authorizer,
        zip: &Bytes,
    ) -> Result<String, ComposeError> {
        let name = self.stack.authorizer_name();
        let log_group = format!("/aws/lambda/{name}");
        self.log_group(&log_group, authorizer.log_retention_days).await?;
        let streams = self.emulator.account().arn("logs", &format!("log-group:{log_group}:*"));
        let statements = [json!({
            "Sid": "WriteLogs", "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": [streams],
        })];
        let description = format!("The function {name} decides who may connect.");
        let role_name = format!("{name}-{}", self.region_code());
        let role = self.role(&role_name, "lambda.amazonaws.com", &description, "logs", &statements).await?;
        let code = Code {
            name: &name,
            role: &role,
            log_group: &log_group,
            memory_mb: authorizer.memory_mb,
            timeout_seconds: authorizer.timeout_seconds,
            log_level: &authorizer.log_level,
            environment: json!(authorizer.environment),
            more: json!({}), // it has no versions
            zip,
        };
        self.create_function(code).await?;
        Ok(name)
    }

    /// Makes the function the authorizer of `$connect` and lets the gateway invoke it; returns the authorizer's id.
    pub(super) async fn authorize(&self, api: &str, authorizer: &Authorizer) -> Result<String, ComposeError> {
        let (account, name) = (self.emulator.account(), self.stack.authorizer_name());
        let path = format!("2015-03-31/functions/{}/invocations", account.function_arn(&name));
        let create = json!({
            "name": name,
            "authorizerType": "REQUEST",
            "authorizerUri": format!("arn:aws:apigateway:{}:lambda:path/{path}", account.region()),
            "identitySource": authorizer.identity_sources,
        });
        let created = self.api_gateway(&format!("/{api}/authorizers"), &create).await?;
        let id = created["authorizerId"].as_str().unwrap_or_default().to_owned();
        let permission = json!({
            "StatementId": "gateway",
            "Action": "lambda:InvokeFunction",
            "Principal": "apigateway.amazonaws.com",
            "SourceArn": account.arn("execute-api", &format!("{api}/authorizers/{id}")),
        });
        self.lambda(&format!("/2015-03-31/functions/{name}/policy"), &permission).await?;
        Ok(id)
    }
}
