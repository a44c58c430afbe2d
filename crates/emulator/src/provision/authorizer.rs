//! The functions that the gateway invokes at a handshake, as in `terraform/modules/authorizer` and `modules/connect`.

use super::function::Code;
use super::{ComposeError, Composer};
use crate::provision::stack::{Authorizer, CONNECT_FUNCTION};
use bytes::Bytes;
use serde_json::{Value, json};

/// Memory of the function that answers handshakes, and the time it has.
const CONNECT_MEMORY_MB: u32 = 128;
const CONNECT_TIMEOUT_S: u32 = 5;

/// A function of handshakes, with its role and its log.
struct HandshakeFunction<'a> {
    name: String,
    description: String,
    /// Name of its role's one policy, and what that allows beside writing logs.
    policy: &'a str,
    statements: Vec<Value>,
    memory_mb: u32,
    timeout_seconds: u32,
    environment: Value,
    zip: &'a Bytes,
}

impl Composer<'_> {
    /// Creates the authorizer's function; returns its deployed name.
    pub(super) async fn authorizer(
        &self,
        authorizer: &Authorizer,
        zip: &Bytes,
    ) -> Result<String, ComposeError> {
        let name = self.stack.authorizer_name();
        let mut environment = json!({"TOKEN_FROM": authorizer.token_from});
        for (variable, value) in &authorizer.environment {
            environment[variable] = value.as_str().into();
        }
        let function = HandshakeFunction {
            description: format!("The function {name} decides who may connect."),
            policy: "logs",
            statements: Vec::new(),
            memory_mb: authorizer.memory_mb,
            timeout_seconds: authorizer.timeout_seconds,
            environment,
            zip,
            name,
        };
        self.handshake_function(authorizer, function).await
    }

    /// Creates the function that answers handshakes with a subprotocol; returns its deployed name.
    pub(super) async fn connect_function(
        &self,
        authorizer: &Authorizer,
        zip: &Bytes,
    ) -> Result<String, ComposeError> {
        let name = self.stack.function_name(CONNECT_FUNCTION);
        let (mut environment, mut statements) = (json!({}), Vec::new());
        if self.stack.asks_for("CONNECT") {
            let stream = self.stack.stream_name();
            let arn = self.emulator.account().stream_arn(&stream);
            environment["STREAM_NAME"] = stream.into();
            statements.push(json!({"Sid": "PutRecord", "Effect": "Allow", "Action": ["kinesis:PutRecord"], "Resource": [arn]}));
            statements.extend(self.customer_key().map(|key| {
                json!({"Sid": "EncryptRecord", "Effect": "Allow", "Action": ["kms:GenerateDataKey"], "Resource": [key]})
            }));
        }
        let function = HandshakeFunction {
            description: format!("The function {name} answers handshakes."),
            policy: "connect",
            statements,
            memory_mb: CONNECT_MEMORY_MB,
            timeout_seconds: CONNECT_TIMEOUT_S,
            environment,
            zip,
            name,
        };
        self.handshake_function(authorizer, function).await
    }

    async fn handshake_function(
        &self,
        authorizer: &Authorizer,
        function: HandshakeFunction<'_>,
    ) -> Result<String, ComposeError> {
        let HandshakeFunction { name, description, policy, .. } = function;
        let log_group = format!("/aws/lambda/{name}");
        self.log_group(&log_group, authorizer.log_retention_days).await?;
        let streams = self.emulator.account().arn("logs", &format!("log-group:{log_group}:*"));
        let mut statements = vec![json!({
            "Sid": "WriteLogs", "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": [streams],
        })];
        statements.extend(function.statements);
        let role_name = format!("{name}-{}", self.region_code());
        let role = self.role(&role_name, "lambda.amazonaws.com", &description, policy, &statements).await?;
        let code = Code {
            name: &name,
            role: &role,
            log_group: &log_group,
            memory_mb: function.memory_mb,
            timeout_seconds: function.timeout_seconds,
            log_level: &authorizer.log_level,
            environment: function.environment,
            more: json!({}), // it has no versions
            zip: function.zip,
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
            "identitySource": authorizer.identity_sources(),
        });
        let created = self.api_gateway(&format!("/{api}/authorizers"), &create).await?;
        let id = created["authorizerId"].as_str().unwrap_or_default().to_owned();
        let source = account.arn("execute-api", &format!("{api}/authorizers/{id}"));
        self.may_be_invoked(&name, &source).await?;
        Ok(id)
    }

    /// The integration of `$connect` with the function that answers handshakes.
    pub(super) async fn connect_proxy(&self, api: &str) -> Result<String, ComposeError> {
        let (account, name) = (self.emulator.account(), self.stack.function_name(CONNECT_FUNCTION));
        let path = format!("2015-03-31/functions/{}/invocations", account.function_arn(&name));
        let integration = json!({
            "integrationType": "AWS_PROXY",
            "integrationMethod": "POST",
            "integrationUri": format!("arn:aws:apigateway:{}:lambda:path/{path}", account.region()),
            "timeoutInMillis": 29_000,
            "passthroughBehavior": "WHEN_NO_MATCH",
        });
        let created = self.api_gateway(&format!("/{api}/integrations"), &integration).await?;
        self.may_be_invoked(&name, &account.execute_api_arn(api, &self.stack.stage, "$connect")).await?;
        Ok(created["integrationId"].as_str().unwrap_or_default().to_owned())
    }

    /// Lets the gateway invoke a function on behalf of a source.
    async fn may_be_invoked(&self, name: &str, source_arn: &str) -> Result<(), ComposeError> {
        let permission = json!({
            "StatementId": "gateway",
            "Action": "lambda:InvokeFunction",
            "Principal": "apigateway.amazonaws.com",
            "SourceArn": source_arn,
        });
        self.lambda(&format!("/2015-03-31/functions/{name}/policy"), &permission).await.map(drop)
    }
}
